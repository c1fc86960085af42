import { z } from 'zod';
import { CallRefusedError, refusalCodes } from './call-errors.js';

/** How long a caller waits for its answer unless it says otherwise, and how long a call waits for somebody to take it. */
export const defaultCallSeconds = 5;

const Answer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), output: z.unknown() }),
  z.object({
    ok: z.literal(false),
    code: z.enum(refusalCodes),
    message: z.string(),
    faults: z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })),
  }),
]);

export const answerWith = (output: unknown): Buffer => Buffer.from(JSON.stringify({ ok: true, output }));

export const refuseWith = ({ code, message, faults }: CallRefusedError): Buffer =>
  Buffer.from(JSON.stringify({ ok: false, code, message, faults }));

/** The output that an answer brings. @throws {CallRefusedError} it brings none, or cannot be read. */
export function readAnswer(body: Buffer, output: z.ZodType): unknown {
  const answer = Answer.safeParse(parsed(body));
  if (!answer.success) throw unreadable();
  if (!answer.data.ok) throw new CallRefusedError(answer.data.code, answer.data.message, answer.data.faults);
  const checked = output.safeParse(answer.data.output);
  if (!checked.success) throw unreadable();
  return checked.data;
}

const unreadable = () => new CallRefusedError('failed', 'The answer of the service that was asked cannot be read.');

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
