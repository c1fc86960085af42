import { NewSchedule, ScheduleChange, ScheduleView } from '@mentorhub/contracts';
import type { z } from 'zod';
import { AddressRequest, NewUser, PasswordConfirmation, TokenConfirmation } from '../accounts/requests.js';
import { NewCourse } from '../courses/requests.js';
import { ListQuery, PreviewQuery } from '../schedules/requests.js';
import { NewSession, SessionMove, SessionQuery } from '../sessions/requests.js';
import { StatsQuery } from '../statistics/requests.js';
import { SuppressionQuery } from '../suppressions/requests.js';
import { BulkRequest, MoveRequest, ResultQuery, RevokeRequest, TaskRequest } from '../tasks/requests.js';
import { UnsubscribeQuery } from '../unsubscribe/requests.js';
import {
  AcceptedRequest,
  AcceptedTask,
  AcceptedTasks,
  CourseAnswer,
  Firings,
  MovedTask,
  ResultAnswer,
  RevokedTask,
  ScheduleList,
  SessionAnswer,
  SessionsAnswer,
  StatsAnswer,
  SuppressionsAnswer,
  TaskAnswer,
  TaskTypes,
  UserAnswer,
} from './answers.js';

export interface Operation {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  readonly path: string;
  readonly summary: string;
  /** Needs no key. */
  readonly public?: boolean;
  /** Accepts an `Idempotency-Key`. */
  readonly creates?: boolean;
  /** Accepts an `If-Match` with what `ETag` answered. */
  readonly conditional?: boolean;
  readonly body?: z.ZodType;
  readonly query?: z.ZodObject;
  /** Answers 200 as CSV too. */
  readonly csv?: boolean;
  /** By status; undefined has no body. Statuses from 400 are problem documents. */
  readonly answers: Readonly<Record<number, z.ZodType | undefined>>;
  readonly refusals: readonly number[];
}

/** Every route of the gateway; a test compares it with those that are served. */
export const operations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/users',
    summary: 'Signs somebody up and sends the verification mail',
    creates: true,
    body: NewUser,
    answers: { 201: UserAnswer },
    refusals: [400, 401, 409, 413, 415, 422, 503],
  },
  {
    method: 'post',
    path: '/v1/email-verifications',
    summary: 'Asks for another verification mail; the answer does not tell whether there is an account',
    public: true,
    creates: true,
    body: AddressRequest,
    answers: { 202: AcceptedRequest },
    refusals: [400, 409, 413, 415, 422, 429, 503],
  },
  {
    method: 'post',
    path: '/v1/email-verifications/confirm',
    summary: 'Confirms an address by the mailed token',
    public: true,
    body: TokenConfirmation,
    answers: { 204: undefined },
    refusals: [400, 410, 413, 415, 422, 429, 503],
  },
  {
    method: 'post',
    path: '/v1/password-resets',
    summary: 'Asks for a password-reset mail; the answer does not tell whether there is an account',
    public: true,
    creates: true,
    body: AddressRequest,
    answers: { 202: AcceptedRequest },
    refusals: [400, 409, 413, 415, 422, 429, 503],
  },
  {
    method: 'post',
    path: '/v1/password-resets/confirm',
    summary: 'Sets a password by the mailed token',
    public: true,
    body: PasswordConfirmation,
    answers: { 204: undefined },
    refusals: [400, 410, 413, 415, 422, 429, 503],
  },
  {
    method: 'post',
    path: '/v1/sessions',
    summary: 'Books a session, with its reminder one hour before the start',
    creates: true,
    body: NewSession,
    answers: { 201: SessionAnswer },
    refusals: [400, 401, 409, 413, 415, 422, 503],
  },
  {
    method: 'get',
    path: '/v1/sessions',
    summary: 'Lists sessions, from the latest start to the earliest',
    query: SessionQuery,
    answers: { 200: SessionsAnswer },
    refusals: [401, 422, 503],
  },
  {
    method: 'get',
    path: '/v1/sessions/{id}',
    summary: 'Shows a session and where its reminder is',
    answers: { 200: SessionAnswer },
    refusals: [401, 404, 503],
  },
  {
    method: 'patch',
    path: '/v1/sessions/{id}',
    summary: 'Moves a session that has not begun, and its reminder with it',
    body: SessionMove,
    answers: { 200: SessionAnswer },
    refusals: [400, 401, 404, 409, 415, 422, 503],
  },
  {
    method: 'delete',
    path: '/v1/sessions/{id}',
    summary: 'Cancels a session that has not begun, and its reminder with it',
    answers: { 204: undefined },
    refusals: [401, 404, 409, 503],
  },
  {
    method: 'get',
    path: '/v1/unsubscribe',
    summary: 'Asks, on a page, whether to unsubscribe as the link of a mail says; changes nothing',
    public: true,
    query: UnsubscribeQuery,
    answers: { 200: undefined },
    refusals: [422, 429],
  },
  {
    method: 'post',
    path: '/v1/unsubscribe',
    summary: 'Unsubscribes by the link of a mail, by one click (RFC 8058); the body is not looked at',
    public: true,
    query: UnsubscribeQuery,
    answers: { 200: undefined },
    refusals: [413, 415, 422, 429, 503],
  },
  {
    method: 'post',
    path: '/v1/courses',
    summary: 'Publishes a course of a mentor',
    creates: true,
    body: NewCourse,
    answers: { 201: CourseAnswer },
    refusals: [400, 401, 409, 413, 415, 422, 503],
  },
  {
    method: 'post',
    path: '/v1/tasks',
    summary: 'Accepts a task; 202 means that it is durable',
    creates: true,
    body: TaskRequest,
    answers: { 202: AcceptedTask },
    refusals: [400, 401, 409, 413, 415, 422, 503],
  },
  {
    method: 'post',
    path: '/v1/tasks/bulk',
    summary: 'Accepts up to 1,000 tasks in one transaction, or none of them',
    creates: true,
    body: BulkRequest,
    answers: { 202: AcceptedTasks },
    refusals: [400, 401, 409, 413, 415, 422, 503],
  },
  {
    method: 'get',
    path: '/v1/tasks/{id}',
    summary: 'Shows a task with its timeline',
    answers: { 200: TaskAnswer },
    refusals: [401, 404, 503],
  },
  {
    method: 'patch',
    path: '/v1/tasks/{id}',
    summary: 'Moves the due time of a task that no worker was given yet',
    body: MoveRequest,
    answers: { 200: MovedTask },
    refusals: [400, 401, 404, 409, 415, 422, 503],
  },
  {
    method: 'post',
    path: '/v1/tasks/{id}/revoke',
    summary: 'Revokes a task: 200 when it never runs, 202 when it may be running',
    body: RevokeRequest,
    answers: { 200: RevokedTask, 202: RevokedTask },
    refusals: [400, 401, 404, 409, 415, 422, 503],
  },
  {
    method: 'get',
    path: '/v1/tasks/{id}/result',
    summary: 'Tells how a task ended, waiting for that when asked to',
    query: ResultQuery,
    answers: { 200: ResultAnswer, 202: ResultAnswer },
    refusals: [401, 404, 422, 503],
  },
  {
    method: 'get',
    path: '/v1/task-types',
    summary: 'Lists what can be enqueued, with JSON Schemas of payload and result',
    answers: { 200: TaskTypes },
    refusals: [401],
  },
  {
    method: 'get',
    path: '/v1/schedules',
    summary: 'Lists schedules by name',
    query: ListQuery,
    answers: { 200: ScheduleList },
    refusals: [401, 422, 503, 504],
  },
  {
    method: 'post',
    path: '/v1/schedules',
    summary: 'Creates a schedule; it holds for every scheduler from the answer on',
    creates: true,
    body: NewSchedule,
    answers: { 201: ScheduleView },
    refusals: [400, 401, 409, 413, 415, 422, 503, 504],
  },
  {
    method: 'get',
    path: '/v1/schedules/{name}',
    summary: 'Shows a schedule; its ETag is what If-Match takes',
    answers: { 200: ScheduleView },
    refusals: [401, 404, 503, 504],
  },
  {
    method: 'patch',
    path: '/v1/schedules/{name}',
    summary: 'Changes, pauses or resumes a schedule; with If-Match only if nobody else has changed it',
    conditional: true,
    body: ScheduleChange,
    answers: { 200: ScheduleView },
    refusals: [400, 401, 404, 409, 412, 415, 422, 503, 504],
  },
  {
    method: 'delete',
    path: '/v1/schedules/{name}',
    summary: 'Deletes a schedule; tasks that it has enqueued stay',
    conditional: true,
    answers: { 204: undefined },
    refusals: [401, 404, 412, 422, 503, 504],
  },
  {
    method: 'post',
    path: '/v1/schedules/{name}/run',
    summary: "Enqueues a schedule's task now, besides its slots",
    creates: true,
    answers: { 202: AcceptedTask },
    refusals: [401, 404, 409, 422, 503, 504],
  },
  {
    method: 'get',
    path: '/v1/schedules/{name}/preview',
    summary: 'Tells when a schedule fires, as if it were enabled',
    query: PreviewQuery,
    answers: { 200: Firings },
    refusals: [401, 404, 422, 503, 504],
  },
  {
    method: 'get',
    path: '/v1/stats/daily',
    summary: 'Tells what happened on each day in UTC, of at most 366 days',
    query: StatsQuery,
    csv: true,
    answers: { 200: StatsAnswer },
    refusals: [401, 422, 503, 504],
  },
  {
    method: 'get',
    path: '/v1/suppressions',
    summary: 'Lists the addresses that get no mail, or none of a kind; the task email.lift-suppression takes one off',
    query: SuppressionQuery,
    answers: { 200: SuppressionsAnswer },
    refusals: [401, 422, 503, 504],
  },
];
