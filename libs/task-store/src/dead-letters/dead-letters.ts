import type { EntityManager } from 'typeorm';
import type { TaskError } from '../history/task-event.js';
import { storable } from '../storable-text.js';

/** A message that could not be done, with all that a replay needs. */
export interface DeadLetter {
  /** Derived from task and run, or from the message's bytes: taking it in twice is taking it in once. */
  readonly id: string;
  readonly taskId?: string | undefined;
  readonly run?: number | undefined;
  readonly attempt?: number | undefined;
  readonly name?: string | undefined;
  readonly version?: number | undefined;
  readonly queue: string;
  /** Why it was parked, for instance `failed`, `undecodable`, `unknown-task`. */
  readonly reason: string;
  readonly error: TaskError;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly worker?: string | undefined;
  readonly parkedAt: Date;
}

/** Says beside a parked message why it was parked; the message's body and other headers stay as they were. */
export interface ParkedEnvelope {
  readonly reason: string;
  readonly error: TaskError;
  readonly queue: string;
  readonly taskId?: string | undefined;
  readonly run?: number | undefined;
  readonly attempt?: number | undefined;
  readonly worker: string;
  /** RFC 3339 in UTC. */
  readonly at: string;
}

/** Writes parked messages to `tasks.dead_letter`; one that is there already is left as it is. */
export async function takeInDeadLetters(tx: EntityManager, letters: readonly DeadLetter[]): Promise<void> {
  await tx.query(insertSql, [
    letters.map((letter) => letter.id),
    letters.map((letter) => letter.taskId ?? null),
    letters.map((letter) => letter.run ?? null),
    letters.map((letter) => letter.attempt ?? null),
    letters.map((letter) => text(letter.name)),
    letters.map((letter) => letter.version ?? null),
    letters.map((letter) => text(letter.queue)),
    letters.map((letter) => text(letter.reason)),
    letters.map((letter) => JSON.stringify(letter.error)),
    letters.map((letter) => JSON.stringify(letter.headers)),
    letters.map((letter) => letter.body),
    letters.map((letter) => text(letter.worker)),
    letters.map((letter) => letter.parkedAt),
  ]);
}

/** Who wrote a parked message is unknown, and one that could not be stored would be in everybody's way. */
const text = (value: string | undefined): string | null => (value === undefined ? null : storable(value));

/* In one order everywhere, or two that were told the same could dead-lock. */
const insertSql = `
  INSERT INTO tasks.dead_letter (id, task_id, run, attempt, name, version, queue, reason, error, headers, body, worker, parked_at)
  SELECT id, task_id, run, attempt, name, version, queue, reason, error::json, headers::json, body, worker, parked_at
  FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::integer[], $5::text[], $6::integer[], $7::text[], $8::text[], $9::text[],
      $10::text[], $11::bytea[], $12::text[], $13::timestamptz[])
    AS n (id, task_id, run, attempt, name, version, queue, reason, error, headers, body, worker, parked_at)
  ORDER BY id
  ON CONFLICT (id) DO NOTHING`;
