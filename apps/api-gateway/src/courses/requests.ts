import { Line, RowId } from '@mentorhub/contracts';
import { z } from 'zod';

export const NewCourse = z.strictObject({
  title: Line(200).regex(/\S/, 'must not be blank'),
  mentorId: RowId,
});
export type NewCourse = z.output<typeof NewCourse>;
