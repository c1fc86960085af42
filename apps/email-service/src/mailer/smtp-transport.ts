import { createTransport, type SendMailOptions, type SMTPPoolOptions } from 'nodemailer';
import type { Readable } from 'node:stream';
import type { DkimSigning } from './dkim-signing.js';
import type { SmtpSettings } from './smtp-settings.js';

/** Tells, of one attempt, whether the server had been given any of the message. */
export class ContentWatch {
  private readonly streams: Readable[] = [];

  watch(content: Readable): void {
    this.streams.push(content);
  }

  get read(): boolean {
    return this.streams.some((content) => content.readableDidRead);
  }
}

export type WatchedMail = SendMailOptions & { watch: ContentWatch };

/** In seconds. */
export interface SmtpTimeouts {
  /** Until the connection stands, the name's resolution included. */
  connect: number;
  /** From then until the server's greeting. */
  greeting: number;
  /** Without a byte from the server, at any later point. */
  silence: number;
}

export interface PoolOptions {
  /** Most connections at once. */
  connections: number;
  /** Mails after which a connection is replaced. */
  mailsPerConnection: number;
  timeouts?: Partial<SmtpTimeouts>;
  dkim?: DkimSigning;
}

const defaultTimeouts: SmtpTimeouts = { connect: 10, greeting: 10, silence: 30 };

/** A pool of connections to one server. */
export class SmtpTransport {
  private readonly pool;

  constructor(settings: SmtpSettings, { connections, mailsPerConnection, timeouts, dkim }: PoolOptions) {
    const options = { ...serverOptions(settings), ...timeoutOptions({ ...defaultTimeouts, ...timeouts }) };
    // A mail meets at most every pooled connection that the server has meanwhile dropped. Only unread mails are requeued.
    const pool = { maxConnections: connections, maxMessages: mailsPerConnection, maxRequeues: connections };
    this.pool = createTransport({ ...options, ...pool, pool: true, ...(dkim && { dkim }) });
    // The pool starts to read the message when the server has answered DATA with 354, not before. So an unread message
    // was surely not sent, which is more than nodemailer's errors tell.
    this.pool.use('stream', (mail, done) => {
      const { watch } = mail.data as unknown as WatchedMail;
      const create = mail.message.createReadStream.bind(mail.message);
      mail.message.createReadStream = (options) => {
        const content = create(options);
        watch.watch(content);
        return content;
      };
      done();
    });
  }

  async send(mail: WatchedMail): Promise<{ response: string }> {
    return this.pool.sendMail(mail);
  }

  /** Ends idle connections; those in the middle of a mail finish it first. */
  close(): void {
    this.pool.close();
  }
}

function serverOptions({ host, port, tls, verifyCertificate, credentials }: SmtpSettings): SMTPPoolOptions {
  return {
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { rejectUnauthorized: verifyCertificate },
    ...(credentials ? { auth: { user: credentials.user, pass: credentials.password } } : {}),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function timeoutOptions({ connect, greeting, silence }: SmtpTimeouts): SMTPPoolOptions {
  return {
    connectionTimeout: connect * 1000,
    dnsTimeout: connect * 1000,
    greetingTimeout: greeting * 1000,
    socketTimeout: silence * 1000,
  };
}
