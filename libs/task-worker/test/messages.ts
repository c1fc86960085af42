import {
  taskHeaders,
  taskMessage,
  type ParkedEnvelope,
  type TaskEvent,
  type TaskMessageParts,
} from '@mentorhub/task-store';
import { eventually } from '@mentorhub/testing';
import { randomUUID } from 'node:crypto';
import { queueFor, type AnyTaskContract } from '@mentorhub/task-contracts';
import { catalogue } from './example-tasks.js';
import type { Servers, TaskApplication } from './task-application.js';

/** Publishes a task's message as a producer in any language would; returns its id. */
export async function deliver(
  application: TaskApplication,
  { name, version }: Pick<AnyTaskContract, 'name' | 'version'>,
  payload: unknown,
  more: Partial<TaskMessageParts> = {},
): Promise<string> {
  const id = more.id ?? randomUUID();
  const queue = queueFor(catalogue.routes, name);
  const body = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  const attempt = { id, run: 1, attempt: 1, dueAt: new Date(), headers: {} };
  await application.broker.publisher.publish(
    taskMessage({ exchange: 'tasks', producer: 'elsewhere', name, version, queue, payload: body, ...attempt, ...more }),
  );
  return id;
}

export interface ParkedMessage {
  readonly id: string | undefined;
  readonly type: string | undefined;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly envelope: ParkedEnvelope;
}

/** What is parked now, and stays so. */
export const peekParked = (servers: Servers) => servers.vhost.management.getMessages('dead-letters', 100);

/** Waits for this many parked messages and takes them off. */
export const takeParked = (servers: Servers, count = 1): Promise<ParkedMessage[]> => {
  const taken: ParkedMessage[] = [];
  return eventually(
    async () => {
      for (const { properties, headers, text } of await servers.vhost.management.getMessages(
        'dead-letters',
        100,
        'ack_requeue_false',
      )) {
        const { [taskHeaders.deadLetter]: envelope, ...rest } = headers;
        taken.push({
          id: properties.message_id,
          type: properties.type,
          body: text,
          headers: rest,
          envelope: JSON.parse(String(envelope)),
        });
      }
      return taken.length >= count ? taken : undefined;
    },
    { what: `${count} parked messages` },
  );
};

/**
 * Waits until each of these is parked, takes off what is, and answers each with its reason once. Nothing else is parked. (One
 * whose worker loses its channel before the ack is parked again by the next.)
 */
export async function takeParkedOf(servers: Servers, ids: readonly string[]): Promise<string[]> {
  const parked: ParkedMessage[] = [];
  do parked.push(...(await takeParked(servers)));
  while (!ids.every((id) => parked.some((message) => message.id === id)));
  return [...new Set(parked.map(({ id, envelope }) => `${id} ${envelope.reason}`))].sort();
}

/** Waits until this many ends of tasks were told, and takes them off. Only where nothing else consumes them. */
export const takeTold = (servers: Servers, count: number): Promise<TaskEvent[]> => {
  const told: TaskEvent[] = [];
  return eventually(
    async () => {
      for (const message of await servers.vhost.management.getMessages('task-events', 100, 'ack_requeue_false')) {
        told.push(...(message.json() as TaskEvent[]).filter(({ kind }) => kind !== 'started'));
      }
      return told.length >= count ? told : undefined;
    },
    { what: `${count} ends of tasks` },
  );
};

/** What is still in these queues. Ask when the application has stopped: until then an unacked message is not seen. */
export async function left(servers: Servers, ...queues: readonly string[]): Promise<string[]> {
  const messages = await Promise.all(queues.map((queue) => servers.vhost.management.getMessages(queue, 100)));
  return messages.flat().map(({ text }) => text);
}

/** Takes all messages off a queue. */
export const takeMessages = ({ vhost }: Servers, queue: string) =>
  vhost.management.getMessages(queue, 5_000, 'ack_requeue_false');
