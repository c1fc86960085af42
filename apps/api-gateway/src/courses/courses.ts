import { randomUUID } from 'node:crypto';
import { CoursePublished } from '@mentorhub/contracts';
import { Tasks } from '@mentorhub/tasks';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { invalid } from '../problems/problem.js';
import { Course } from './course.entity.js';
import type { NewCourse } from './requests.js';

/** Publishes courses. */
@Injectable()
export class Courses {
  constructor(private readonly tasks: Tasks) {}

  /** The course and its event, in one transaction. @throws {Problem} 422 when there is no such mentor. */
  async publish(input: NewCourse, manager: EntityManager): Promise<Course> {
    return manager.transaction(async (tx) => {
      const course = { ...input, id: randomUUID(), publishedAt: await mentorSeenAt(tx, input.mentorId) };
      await tx.insert(Course, course);
      const { id: courseId, title, mentorId, publishedAt } = course;
      await this.tasks.publish(
        CoursePublished,
        { courseId, title, mentorId, publishedAt: publishedAt.toISOString() },
        { tx },
      );
      return course;
    });
  }
}

/** When PostgreSQL saw the mentor, who is kept from being deleted until the transaction ends. */
async function mentorSeenAt(tx: EntityManager, mentorId: string): Promise<Date> {
  const sql = 'SELECT clock_timestamp() AS now FROM gateway.user_account WHERE id = $1 FOR KEY SHARE';
  const [mentor]: { now: Date }[] = await tx.query(sql, [mentorId]);
  if (!mentor) throw invalid([{ path: '/mentorId', message: 'there is no such user' }]);
  return mentor.now;
}
