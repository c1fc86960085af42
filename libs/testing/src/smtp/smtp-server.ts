import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { eventually, type EventuallyOptions } from '../eventually.js';
import { parseMail, skimMail, type ReceivedMail } from './received-mail.js';
import { SmtpScript, type SmtpStage, type SmtpStep } from './smtp-script.js';

export interface SmtpServerOptions {
  /**
   * `none` (default): plain text, the URL says `?ignoreTLS=true`. `starttls` and `implicit`: TLS with a self-signed
   * certificate, the URL says `?tls.rejectUnauthorized=false`.
   */
  tls?: 'none' | 'starttls' | 'implicit';
  /** Clients have to log in with these; they are in the URL. Default: no login. */
  credentials?: { user: string; password: string };
  /** Default: a free one. */
  port?: number;
  /** What is kept of a mail: `all` (default), or `envelope`: that and the Message-ID, for loads of many thousands. */
  keep?: 'all' | 'envelope';
}

/** A real SMTP server on 127.0.0.1, in the test's process. */
export interface TestSmtpServer {
  /** Ready for SMTP_URL. */
  url: string;
  port: number;
  /** What was accepted, in order. */
  mails: ReceivedMail[];
  /** Connections that are open now. */
  readonly connections: number;
  /** Waits for an accepted mail; default time-out 20 s. */
  waitForMail(predicate?: (mail: ReceivedMail) => boolean, options?: EventuallyOptions): Promise<ReceivedMail>;
  /** What to do instead of accepting, the next times. See `SmtpStep`. */
  script(...steps: SmtpStep[]): void;
  /** Scripted steps that were not reached yet. */
  readonly scriptLeft: number;
  /** Stops listening and resets what is open. */
  close(): Promise<void>;
}

/**
 * @example
 * const smtp = await startSmtpServer();
 * smtp.script({ at: 'rcpt', reply: 550 }, { at: 'accepted', drop: true });
 * afterAll(() => smtp.close());
 */
export async function startSmtpServer(options: SmtpServerOptions = {}): Promise<TestSmtpServer> {
  const server = new ScriptedSmtpServer(options);
  await server.listen(options.port ?? 0);
  return server;
}

type Callback = (error?: Error | null) => void;

class ScriptedSmtpServer implements TestSmtpServer {
  url = '';
  port = 0;
  readonly mails: ReceivedMail[] = [];
  private readonly steps = new SmtpScript();
  private readonly sockets = new Map<number, Socket>();
  private readonly server: SMTPServer;

  constructor(private readonly options: SmtpServerOptions) {
    const { tls = 'none', credentials } = options;
    this.server = new SMTPServer({
      secure: tls === 'implicit',
      disabledCommands: tls === 'none' ? ['STARTTLS'] : [],
      authOptional: !credentials,
      allowInsecureAuth: true,
      disableReverseLookup: true,
      logger: false,
      onConnect: (session, done) => void this.follow('greeting', session, done),
      onAuth: (auth, session, done) => void this.follow('auth', session, (fault) => done(fault, this.login(auth))),
      onMailFrom: (_address, session, done) => void this.follow('mail', session, done),
      onRcptTo: (_address, session, done) => void this.follow('rcpt', session, done),
      // A client that leaves in the middle of its message ends the stream with an error.
      onData: (stream, session, done) => void this.receive(stream, session, done).catch(done),
    });
    this.server.on('error', () => undefined);
    this.server.server.on('connection', (socket: Socket) => this.track(socket));
  }

  get connections(): number {
    return this.sockets.size;
  }

  get scriptLeft(): number {
    return this.steps.left;
  }

  async listen(port: number): Promise<void> {
    const listener = this.server.listen(port, '127.0.0.1');
    if (!listener.listening) await once(listener, 'listening');
    this.port = (listener.address() as AddressInfo).port;
    this.url = urlFor(this.port, this.options);
  }

  waitForMail(
    predicate: (mail: ReceivedMail) => boolean = () => true,
    options: EventuallyOptions = {},
  ): Promise<ReceivedMail> {
    return eventually(() => this.mails.find(predicate), { what: 'a mail to arrive', ...options });
  }

  script(...steps: SmtpStep[]): void {
    this.steps.add(steps);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets.values()) socket.resetAndDestroy();
    await closed;
  }

  private track(socket: Socket): void {
    const port = socket.remotePort ?? 0;
    this.sockets.set(port, socket);
    socket.on('close', () => this.sockets.delete(port));
  }

  private login({ username, password }: { username?: string | undefined; password?: string | null | undefined }) {
    const expected = this.options.credentials;
    return expected?.user === username && expected?.password === password ? { user: username } : {};
  }

  private async follow(stage: SmtpStage, session: SMTPServerSession, done: Callback): Promise<void> {
    const step = this.steps.take(stage);
    if (!step) return done();
    if ('drop' in step) return this.drop(session);
    if ('stall' in step) return;
    if ('reply' in step) return done(replyWith(step));
    await pause(step.delaySeconds * 1000);
    done();
  }

  private async receive(stream: SMTPServerDataStream, session: SMTPServerSession, done: Callback): Promise<void> {
    if (!stream.readableLength) await once(stream, 'readable');
    const early = this.steps.take('content');
    if (early && 'drop' in early) return this.drop(session);
    if (early && 'stall' in early) return;
    const raw = Buffer.concat(await stream.toArray());
    if (early && 'reply' in early) return done(replyWith(early));
    if (early && 'delaySeconds' in early) await pause(early.delaySeconds * 1000);
    await this.accept(raw, session, done);
  }

  private async accept(raw: Buffer, session: SMTPServerSession, done: Callback): Promise<void> {
    const step = this.steps.take('accepted');
    if (step && 'reply' in step) return done(replyWith(step));
    const kept = !step || 'delaySeconds' in step || step.kept !== false;
    if (kept) this.mails.push(await this.read(raw, session));
    if (step && 'drop' in step) return this.drop(session);
    if (step && 'stall' in step) return;
    if (step && 'delaySeconds' in step) await pause(step.delaySeconds * 1000);
    done();
  }

  private read(raw: Buffer, session: SMTPServerSession): ReceivedMail | Promise<ReceivedMail> {
    const circumstances = { envelope: envelopeOf(session), secure: session.secure };
    return this.options.keep === 'envelope' ? skimMail(raw, circumstances) : parseMail(raw, circumstances);
  }

  private drop(session: SMTPServerSession): void {
    this.sockets.get(session.remotePort)?.resetAndDestroy();
  }
}

function envelopeOf({ envelope }: SMTPServerSession): ReceivedMail['envelope'] {
  return {
    from: envelope.mailFrom ? envelope.mailFrom.address : '',
    to: envelope.rcptTo.map(({ address }) => address),
  };
}

function replyWith({ reply, text = 'as the test asked' }: { reply: number; text?: string }): Error {
  return Object.assign(new Error(text), { responseCode: reply });
}

function urlFor(port: number, { tls = 'none', credentials }: SmtpServerOptions): string {
  const url = new URL(`${tls === 'implicit' ? 'smtps' : 'smtp'}://127.0.0.1:${port}`);
  url.search = tls === 'none' ? 'ignoreTLS=true' : 'tls.rejectUnauthorized=false';
  if (credentials) Object.assign(url, { username: credentials.user, password: credentials.password });
  return url.href;
}
