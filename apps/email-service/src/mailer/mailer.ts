import { SuppressionReason } from '@mentorhub/contracts';
import { emailMetrics, initialiseEmailLabels, type SmtpClass } from '@mentorhub/metrics';
import { traced } from '@mentorhub/tracing';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { templateNames } from '../templates/index.js';
import { classifyFailure, type TransportError } from './classify-failure.js';
import { readDkim, type DkimOptions } from './dkim-signing.js';
import { MailFailure, MailAmbiguous } from './mail-failures.js';
import { refuseInjection, type Mail } from './mail.js';
import { readSender, type Sender } from './sender.js';
import { readSmtpUrl, type SmtpSettings } from './smtp-settings.js';
import { ContentWatch, SmtpTransport, type SmtpTimeouts } from './smtp-transport.js';

export interface MailerOptions {
  /** SMTP_URL; see `readSmtpUrl`. */
  smtpUrl: string;
  /** MAIL_FROM; see `readSender`. */
  from: string;
  /** Most connections to the server at once, and so mails under way. Default 5. */
  connections?: number;
  /** Mails after which a connection is replaced by a new one. Default 100. */
  mailsPerConnection?: number;
  /** How long the server may leave us waiting, in seconds. Defaults: connect 10, greeting 10, silence 30. */
  timeoutSeconds?: Partial<SmtpTimeouts>;
  /** See `readDkim`. Default: mails are not signed. */
  dkim?: DkimOptions;
}

export interface HandedOver {
  messageId: string;
  /** The server's reply. */
  response: string;
}

/**
 * Hands mails over to one SMTP server, through a pool of connections. Each step of the server is bounded (see
 * `timeoutSeconds`), `signal` bounds the whole. Nothing is tried again here, except on a new
 * connection when a pooled one turned out to be dead before the mail was begun.
 */
@Injectable()
export class Mailer implements OnApplicationShutdown {
  private readonly settings: SmtpSettings;
  /** Who every mail comes from. */
  readonly sender: Sender;
  private readonly transport: SmtpTransport;

  /** @throws Error with one sentence that names the variable when an option is not usable */
  constructor({ smtpUrl, from, connections = 5, mailsPerConnection = 100, timeoutSeconds, dkim }: MailerOptions) {
    this.settings = readSmtpUrl(smtpUrl);
    this.sender = readSender(from);
    const signing = dkim && readDkim(dkim);
    this.transport = new SmtpTransport(this.settings, {
      connections,
      mailsPerConnection,
      ...(timeoutSeconds && { timeouts: timeoutSeconds }),
      ...(signing && { dkim: signing }),
    });
    initialiseEmailLabels(templateNames, SuppressionReason.options);
  }

  /** The Message-ID of a task's mail: the same in every attempt, in every process. */
  messageIdOf(taskId: string): string {
    return `<${taskId}@${this.sender.domain}>`;
  }

  /**
   * Returns once the server has taken the mail.
   *
   * @throws MailRefused, MailDeferred or MailUnreachable: it was not sent
   * @throws MailAmbiguous: it may have been sent
   * @throws the signal's reason when it fired before the mail was begun: it was not sent
   */
  async send(mail: Mail, { signal }: { signal?: AbortSignal } = {}): Promise<HandedOver> {
    refuseInjection(mail);
    const { host, port } = this.settings;
    const attributes = { 'server.address': host, 'server.port': port, 'mentorhub.mail.template': mail.template };
    return this.measured(mail, () => traced('smtp send', attributes, () => this.handOver(mail, signal), 'client'));
  }

  onApplicationShutdown(): void {
    this.close();
  }

  /** Lets running mails finish; later ones fail as unreachable. */
  close(): void {
    this.transport.close();
  }

  private async handOver({ template: _, to, ...content }: Mail, signal?: AbortSignal): Promise<HandedOver> {
    const watch = new ContentWatch();
    const { name, address } = this.sender;
    // Automatic replies (out of office) are not sent to what says that it is automatic itself.
    const headers = { 'Auto-Submitted': 'auto-generated', ...content.headers };
    const mail = { ...content, headers, from: { name, address }, to: { name: '', address: to }, watch };
    try {
      const { response } = await this.transport.send({ ...mail, ...(signal ? { signal } : {}) });
      return { messageId: content.messageId, response };
    } catch (error) {
      throw this.meaningOf(error as TransportError, watch.read, signal);
    }
  }

  private meaningOf(error: TransportError, contentRead: boolean, signal?: AbortSignal): unknown {
    const { host, port } = this.settings;
    if (error.code !== 'EABORT') return classifyFailure(error, contentRead, `${host}:${port}`) ?? error;
    return contentRead
      ? new MailAmbiguous('Sending was aborted after the mail was on its way: it may have been sent.')
      : signal?.reason;
  }

  private async measured(mail: Mail, send: () => Promise<HandedOver>): Promise<HandedOver> {
    const { template } = mail;
    const stop = emailMetrics.duration.startTimer({ template });
    const count = (smtp_class: SmtpClass) => emailMetrics.sent.inc({ template, smtp_class });
    try {
      const handedOver = await send();
      count('2xx');
      return handedOver;
    } catch (error) {
      if (error instanceof MailFailure) count(error.smtpClass);
      throw error;
    } finally {
      stop();
    }
  }
}
