import { Agent, request as open, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { GeneratedRequest } from './requests.js';

export interface WireAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** A request that is not answered in this time hangs. No request of the generator waits for anything. */
const patienceMs = 60_000;

/** Sends what `fetch` would refuse to send, or would mend first. */
export async function send(
  origin: string,
  agent: Agent,
  { method, path, headers, body }: GeneratedRequest,
): Promise<WireAnswer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const signal = AbortSignal.timeout(patienceMs);
    const length = body ? { 'content-length': String(body.length) } : {};
    const request = open(`${origin}${path}`, { method, agent, signal, headers: { ...headers, ...length } }, resolve);
    request.on('error', reject);
    request.end(body);
  });
  const text = (await buffer(answer)).toString();
  return { status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', text };
}

/** Works off `items` by so many at once. */
export async function atOnce<T>(count: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: count }, worker));
}
