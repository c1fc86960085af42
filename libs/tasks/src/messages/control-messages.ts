import type { OutgoingMessage } from '@mentorhub/messaging';
import { z } from 'zod';

/** Told to every worker: this task is not to be run any more. */
const Revoke = z.object({
  taskId: z.guid().toLowerCase(),
  run: z.int().min(1),
  terminate: z.boolean(),
  light: z.boolean(),
});
export type Revoke = z.output<typeof Revoke>;

export const revokeRoutingKey = 'revoke';

export const revokeMessage = (exchange: string, revoke: Revoke): OutgoingMessage => ({
  exchange,
  routingKey: revokeRoutingKey,
  type: revokeRoutingKey,
  body: Buffer.from(JSON.stringify(revoke)),
});

/** Undefined for what is no such message: a broadcast that cannot be read concerns nobody. */
export function readRevoke(body: Buffer): Revoke | undefined {
  try {
    return Revoke.safeParse(JSON.parse(body.toString())).data;
  } catch {
    return undefined;
  }
}
