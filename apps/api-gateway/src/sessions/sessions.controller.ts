import { RowId } from '@mentorhub/contracts';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { respond } from '../idempotency/answer.js';
import type { CreatingRequest } from '../idempotency/creating-request.js';
import { Creating } from '../idempotency/creating-request.js';
import { IdempotentRequests } from '../idempotency/idempotent-requests.js';
import { Bookings, noSuchSession } from './bookings.js';
import { NewSession, SessionMove, SessionQuery } from './requests.js';
import { sessionCursor } from './session-cursor.js';
import { sessionsAfter } from './session-rows.js';
import { sessionView } from './session-view.js';
import { Session } from './session.entity.js';
import { Documented, DocumentedGroup } from '../documentation/documented.js';
import { SessionAnswer, SessionsAnswer } from './answers.js';

@Controller('v1/sessions')
@DocumentedGroup('Sessions of a mentor and a student, with their reminders.')
export class SessionsController {
  constructor(
    private readonly bookings: Bookings,
    private readonly idempotent: IdempotentRequests,
    private readonly dataSource: DataSource,
  ) {}

  @Post()
  @Documented({
    id: 'bookSession',
    summary: 'Books a session, with its reminder one hour before the start',
    answers: { 201: SessionAnswer },
    headers: ['location'],
    refusals: [503],
    example: {
      studentId: '0193a4c0-0000-7000-8000-000000000001',
      mentorId: '0193a4c0-0000-7000-8000-000000000002',
      startsAt: '2030-11-22T10:00:00+01:00',
      durationMinutes: 60,
    },
  })
  async book(
    @Body({ schema: NewSession }) input: NewSession,
    @Creating() request: CreatingRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const answer = await this.idempotent.answer(request, async (manager) => {
      const session = await this.bookings.book(input, manager);
      return { status: 201, headers: { location: `/v1/sessions/${session.id}` }, body: sessionView(session) };
    });
    return respond(reply, answer);
  }

  /** From the latest start to the earliest. */
  @Get()
  @Documented({
    id: 'listSessions',
    summary: 'Lists sessions, from the latest start to the earliest',
    answers: { 200: SessionsAnswer },
    refusals: [503],
  })
  async list(@Query({ schema: SessionQuery }) { limit, cursor }: SessionQuery): Promise<unknown> {
    const found = await sessionsAfter(this.dataSource.manager, cursor, limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const end = found.length > limit && last ? { startsAt: last.startsAt, id: last.id } : undefined;
    return { items: page.map(sessionView), nextCursor: end ? sessionCursor.write(end) : null };
  }

  @Get(':id')
  @Documented({
    id: 'readSession',
    summary: 'Shows a session and where its reminder is',
    answers: { 200: SessionAnswer },
    refusals: [503],
  })
  async read(@Param('id') id: string): Promise<unknown> {
    const session = await this.dataSource.manager.findOneBy(Session, { id: sessionId(id) });
    if (!session) throw noSuchSession(id);
    return sessionView(session);
  }

  @Patch(':id')
  @Documented({
    id: 'moveSession',
    summary: 'Moves a session that has not begun, and its reminder with it',
    answers: { 200: SessionAnswer },
    refusals: [409, 503],
    example: { startsAt: '2030-11-23T10:00:00+01:00' },
  })
  async move(@Param('id') id: string, @Body({ schema: SessionMove }) { startsAt }: SessionMove): Promise<unknown> {
    return sessionView(await this.bookings.move(sessionId(id), new Date(startsAt)));
  }

  @Delete(':id')
  @Documented({
    id: 'cancelSession',
    summary: 'Cancels a session that has not begun, and its reminder with it',
    answers: { 204: undefined },
    refusals: [409, 503],
  })
  @HttpCode(204)
  async cancel(@Param('id') id: string): Promise<void> {
    await this.bookings.cancel(sessionId(id));
  }
}

/** What has not the form of an id is the id of no session. */
function sessionId(id: string): string {
  const known = RowId.safeParse(id);
  if (!known.success) throw noSuchSession(id);
  return known.data;
}
