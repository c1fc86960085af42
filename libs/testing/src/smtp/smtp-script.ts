/**
 * Where in the SMTP conversation something is made to happen:
 * `greeting` (connected, nothing said yet), `auth`, `mail` (MAIL FROM), `rcpt` (RCPT TO), `content` (the message has
 * begun to arrive), `accepted` (the whole message has arrived, its reply is due).
 */
export type SmtpStage = 'greeting' | 'auth' | 'mail' | 'rcpt' | 'content' | 'accepted';

/**
 * One thing the server does instead of its normal answer, the next time that the conversation reaches `at`:
 * - `reply`: answer with this code, for instance 451 or 550 (at `content`: once the message has been read);
 * - `drop`: reset the connection;
 * - `stall`: say nothing more on this connection, until the client leaves or the server is closed;
 * - `delaySeconds`: wait, then answer as usual.
 *
 * At `accepted`, `drop` and `stall` come after the mail was kept, as with a server whose reply got lost;
 * `kept: false` makes it one that lost the mail as well.
 */
export type SmtpStep =
  | { at: SmtpStage; reply: number; text?: string }
  | { at: SmtpStage; drop: true; kept?: boolean }
  | { at: SmtpStage; stall: true; kept?: boolean }
  | { at: SmtpStage; delaySeconds: number };

/** Steps in the order given; each is used once, by the first conversation that reaches its stage when it is at the head. */
export class SmtpScript {
  private readonly steps: SmtpStep[] = [];

  add(steps: SmtpStep[]): void {
    this.steps.push(...steps);
  }

  take(stage: SmtpStage): SmtpStep | undefined {
    return this.steps[0]?.at === stage ? this.steps.shift() : undefined;
  }

  /** Steps that no conversation has reached yet. */
  get left(): number {
    return this.steps.length;
  }
}
