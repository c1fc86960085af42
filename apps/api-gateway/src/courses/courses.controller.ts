import { Body, Controller, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { respond } from '../idempotency/answer.js';
import { Creating, type CreatingRequest } from '../idempotency/creating-request.js';
import { IdempotentRequests } from '../idempotency/idempotent-requests.js';
import type { Course } from './course.entity.js';
import { Courses } from './courses.js';
import { NewCourse } from './requests.js';
import { Documented, DocumentedGroup } from '../documentation/documented.js';
import { CourseAnswer } from './answers.js';

@Controller('v1/courses')
@DocumentedGroup('Courses of mentors.')
export class CoursesController {
  constructor(
    private readonly courses: Courses,
    private readonly idempotent: IdempotentRequests,
  ) {}

  @Post()
  @Documented({
    id: 'publishCourse',
    summary: 'Publishes a course of a mentor',
    answers: { 201: CourseAnswer },
    refusals: [503],
    example: { title: 'Thinking in sets', mentorId: '0193a4c0-0000-7000-8000-000000000002' },
  })
  async publish(
    @Body({ schema: NewCourse }) input: NewCourse,
    @Creating() request: CreatingRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const answer = await this.idempotent.answer(request, async (manager) => {
      const course = await this.courses.publish(input, manager);
      return { status: 201, headers: {}, body: courseView(course) };
    });
    return respond(reply, answer);
  }
}

const courseView = ({ id, title, mentorId, publishedAt }: Course) => ({
  id,
  title,
  mentorId,
  publishedAt: publishedAt.toISOString(),
});
