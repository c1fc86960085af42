import { UnsubscribeClaim, UnsubscribeEmail, unsubscribePurpose } from '@mentorhub/contracts';
import { InjectConfig, SealedTokens } from '@mentorhub/service';
import { Tasks } from '@mentorhub/tasks';
import { Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { GatewayConfig } from '../config.js';
import { PublicFlow } from '../http/public-rate-limit.js';
import { UnsubscribeQuery } from './requests.js';
import { unsubscribePage, unsubscribePagePolicy, type PageName } from './unsubscribe-page.js';
import { Documented, DocumentedGroup } from '../documentation/documented.js';

/**
 * The unsubscribe link of mails. Who has the link may unsubscribe its address and nothing else; nobody is asked who they
 * are, and no answer tells whether there is an account.
 */
@Controller('v1/unsubscribe')
@DocumentedGroup('The link in mails by which people unsubscribe.')
export class UnsubscribeController {
  private readonly tokens: SealedTokens;

  constructor(
    private readonly tasks: Tasks,
    @InjectConfig() { PAYLOAD_KEYS }: Pick<GatewayConfig, 'PAYLOAD_KEYS'>,
  ) {
    this.tokens = new SealedTokens(PAYLOAD_KEYS, unsubscribePurpose);
  }

  /** Only asks: scanners of mail follow every link, and must not unsubscribe anybody. */
  @Get()
  @Documented({
    id: 'askToUnsubscribe',
    summary: 'Asks, on a page, whether to unsubscribe as the link of a mail says; changes nothing',
    answers: { 200: undefined, 400: undefined },
    alsoAs: 'text/html',
  })
  @PublicFlow()
  ask(@Query({ schema: UnsubscribeQuery }) query: UnsubscribeQuery, @Res({ passthrough: true }) reply: FastifyReply) {
    return answer(reply, this.claimOf(query) ? 'question' : 'refusal', query);
  }

  /** By the button of the page, or by a mail client itself (RFC 8058). A second click changes nothing. */
  @Post()
  @Documented({
    id: 'unsubscribe',
    summary: 'Unsubscribes by the link of a mail, by one click (RFC 8058); the body is not looked at',
    answers: { 200: undefined, 400: undefined },
    alsoAs: 'text/html',
    refusals: [413, 415, 503],
  })
  @PublicFlow({ takesForms: true })
  @HttpCode(200)
  async unsubscribe(
    @Query({ schema: UnsubscribeQuery }) query: UnsubscribeQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const claim = this.claimOf(query);
    if (claim) await this.tasks.enqueue(UnsubscribeEmail, claim);
    return answer(reply, claim ? 'confirmation' : 'refusal', query);
  }

  private claimOf({ token }: UnsubscribeQuery): UnsubscribeClaim | undefined {
    return UnsubscribeClaim.safeParse(this.tokens.open(token)).data;
  }
}

function answer(reply: FastifyReply, page: PageName, { lang }: UnsubscribeQuery): string {
  void reply.status(page === 'refusal' ? 400 : 200).headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': unsubscribePagePolicy,
    'referrer-policy': 'no-referrer',
  });
  return unsubscribePage(page, lang);
}
