import { defineEvent } from '@mentorhub/task-contracts';
import { z } from 'zod';
import { Instant, Line, RowId } from '../fields.js';

export const CoursePublished = defineEvent({
  name: 'courses.course-published',
  version: 1,
  payload: z.strictObject({ courseId: RowId, title: Line(200), mentorId: RowId, publishedAt: Instant }),
});
