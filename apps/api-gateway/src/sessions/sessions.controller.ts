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

@Controller('v1/sessions')
export class SessionsController {
  constructor(
    private readonly bookings: Bookings,
    private readonly idempotent: IdempotentRequests,
    private readonly dataSource: DataSource,
  ) {}

  @Post()
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
  async list(@Query({ schema: SessionQuery }) { limit, cursor }: SessionQuery): Promise<unknown> {
    const found = await sessionsAfter(this.dataSource.manager, cursor, limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const end = found.length > limit && last ? { startsAt: last.startsAt, id: last.id } : undefined;
    return { items: page.map(sessionView), nextCursor: end ? sessionCursor.write(end) : null };
  }

  @Get(':id')
  async read(@Param('id') id: string): Promise<unknown> {
    const session = await this.dataSource.manager.findOneBy(Session, { id: sessionId(id) });
    if (!session) throw noSuchSession(id);
    return sessionView(session);
  }

  @Patch(':id')
  async move(@Param('id') id: string, @Body({ schema: SessionMove }) { startsAt }: SessionMove): Promise<unknown> {
    return sessionView(await this.bookings.move(sessionId(id), new Date(startsAt)));
  }

  @Delete(':id')
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
