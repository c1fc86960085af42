import { Instant, Line, RowId, Uuid } from '@mentorhub/contracts';
import { z } from 'zod';

export const CourseAnswer = z.strictObject({ id: Uuid, title: Line(200), mentorId: RowId, publishedAt: Instant });
