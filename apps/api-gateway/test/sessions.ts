import { derivedId } from '@mentorhub/task-store';
import { eventually } from '@mentorhub/testing';
import { sessionPageSize } from '../src/sessions/session-page.js';
import type { Reply, RunningGateway } from './running-gateway.js';

export interface Person {
  readonly id: string;
  readonly email: string;
}

/** A mail's task, as the gateway enqueued it. */
export interface ReminderMail {
  readonly email: string;
  readonly sessionId: string;
  readonly version: number;
  readonly [field: string]: unknown;
}

const hourMs = 3_600_000;
export const inHours = (hours: number): string => new Date(Date.now() + hours * hourMs).toISOString();

/** What tests do with sessions of one gateway. */
export class Sessions {
  constructor(private readonly gateway: RunningGateway) {}

  query(sql: string, parameters: unknown[] = []) {
    return this.gateway.database.query(sql, parameters);
  }

  async person(username: string, more: object = {}): Promise<Person> {
    const email = `${username}@example.com`;
    const { json } = await this.gateway.request('POST', '/v1/users', { email, username, ...more });
    return { id: json.id, email };
  }

  book(student: Person, mentor: Person, startsAt: string, more: object = {}): Promise<Reply> {
    const body = { studentId: student.id, mentorId: mentor.id, startsAt, durationMinutes: 60, ...more };
    return this.gateway.request('POST', '/v1/sessions', body);
  }

  move(id: string, startsAt: string): Promise<Reply> {
    return this.gateway.request('PATCH', `/v1/sessions/${id}`, { startsAt });
  }

  cancel(id: string): Promise<Reply> {
    return this.gateway.request('DELETE', `/v1/sessions/${id}`);
  }

  async read(id: string) {
    return (await this.gateway.request('GET', `/v1/sessions/${id}`)).json;
  }

  /** Imports rows by SQL, which neither tell nor enqueue anything. */
  async import(student: Person, mentor: Person, count: number, startsIn: string): Promise<string[]> {
    const rows = await this.query(
      `INSERT INTO gateway.session (student_id, mentor_id, starts_at, duration_minutes)
       SELECT $1, $2, now() + $4::interval + n * interval '1 ms', 30 FROM generate_series(1, $3::integer) n RETURNING id`,
      [student.id, mentor.id, count, startsIn],
    );
    return rows.map(({ id }) => String(id));
  }

  /** Lets the clock come to a reminder's due time, by moving that. */
  async makeDue(taskId: string): Promise<void> {
    await this.gateway.request('PATCH', `/v1/tasks/${taskId}`, { eta: inHours(0) });
  }

  async task(id: string): Promise<Record<string, unknown> | undefined> {
    return (await this.query('SELECT state, due_at, expires_at FROM tasks.task WHERE id = $1', [id]))[0];
  }

  /** The result of a task with database effects, once it has run. */
  async outcome(taskId: string): Promise<unknown> {
    const sql = `SELECT outcome -> 'event' -> 'result' AS result FROM tasks.inbox WHERE task_id = $1 AND state = 'succeeded'`;
    return (await eventually(async () => (await this.query(sql, [taskId]))[0], { what: `task ${taskId} to have run` }))[
      'result'
    ];
  }

  async mails(sessionIds: readonly string[]): Promise<ReminderMail[]> {
    const rows = await this.query(
      `SELECT convert_from(payload, 'UTF8')::json AS mail FROM tasks.task
       WHERE name = 'email.send-session-reminder' AND convert_from(payload, 'UTF8')::json ->> 'sessionId' = ANY ($1)
       ORDER BY convert_from(payload, 'UTF8')::json ->> 'role' DESC`,
      [sessionIds],
    );
    return rows.map(({ mail }) => mail as ReminderMail);
  }

  /** The id of the task that begins a sweep. */
  async sweep(): Promise<string> {
    return (await this.gateway.request('POST', '/v1/tasks', { task: 'sessions.send-reminders' })).json.id;
  }

  /** How many sessions each page of a sweep found, once all pages have run. */
  async pagesOf(sweepId: string): Promise<number[]> {
    const { found } = (await this.outcome(sweepId)) as { found: number };
    if (found < sessionPageSize) return [found];
    return [found, ...(await this.pagesOf(derivedId(sweepId, 'next page')))];
  }
}
