import { Body, Controller, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { respond } from '../idempotency/answer.js';
import { Creating, type CreatingRequest } from '../idempotency/creating-request.js';
import { IdempotentRequests } from '../idempotency/idempotent-requests.js';
import type { Course } from './course.entity.js';
import { Courses } from './courses.js';
import { NewCourse } from './requests.js';

@Controller('v1/courses')
export class CoursesController {
  constructor(
    private readonly courses: Courses,
    private readonly idempotent: IdempotentRequests,
  ) {}

  @Post()
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
