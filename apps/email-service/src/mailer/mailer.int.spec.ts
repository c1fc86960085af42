import { metricsText } from '@mentorhub/metrics';
import {
  eventually,
  freePort,
  startSmtpServer,
  startTcpProxy,
  type SmtpServerOptions,
  type TestSmtpServer,
} from '@mentorhub/testing';
import { renderAdminNotification, renderVerification, SiteLinks } from '../templates/index.js';
import {
  MailAmbiguous,
  MailDeferred,
  Mailer,
  MailRefused,
  MailUnreachable,
  type Mail,
  type MailerOptions,
} from './index.js';

const from = 'MentorHub <no-reply@mentorhub.test>';
const messageId = '<0199-task@mentorhub.test>';
const link = new SiteLinks('https://mentorhub.test').verifyEmail('a&b');
const content = renderVerification({ username: '<b>Аня</b>', link, locale: 'ru' });
const mail: Mail = { template: 'verification', to: 'anna@example.test', messageId, ...content };

describe('the mailer', () => {
  const open: { close(): unknown }[] = [];
  let smtp: TestSmtpServer;
  let mailer: Mailer;

  beforeEach(async () => {
    smtp = await server();
    mailer = mailerFor(smtp.url);
  });

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  async function server(options?: SmtpServerOptions): Promise<TestSmtpServer> {
    const started = await startSmtpServer(options);
    open.push(started);
    return started;
  }

  function mailerFor(smtpUrl: string, timeoutSeconds?: MailerOptions['timeoutSeconds']): Mailer {
    const made = new Mailer({ smtpUrl, from, ...(timeoutSeconds ? { timeoutSeconds } : {}) });
    open.push(made);
    return made;
  }

  async function failureOf(sending: Promise<unknown>): Promise<unknown> {
    return sending.then(
      () => 'sent',
      (error: unknown) => error,
    );
  }

  describe('hands over', () => {
    it('both forms, in UTF-8, with the Message-ID that it was given', async () => {
      await expect(mailer.send(mail)).resolves.toMatchObject({ messageId, response: expect.stringMatching(/^250/) });
      const received = await smtp.waitForMail();
      expect(received).toMatchObject({
        from: 'no-reply@mentorhub.test',
        to: ['anna@example.test'],
        subject: 'Подтвердите адрес электронной почты',
        messageId,
        envelope: { from: 'no-reply@mentorhub.test', to: ['anna@example.test'] },
      });
      expect(received.headers['content-type']).toMatch(/^multipart\/alternative/);
      expect(received.headers['auto-submitted']).toBe('auto-generated');
      expect(received.text).toBe(content.text);
      expect(received.html.trim()).toBe(content.html.trim());
    });

    it('HTML in a username as text', async () => {
      await mailer.send(mail);
      const { html, text } = await smtp.waitForMail();
      expect(html).not.toContain('<b>');
      expect(html).toContain('&lt;b&gt;Аня');
      expect(text).toContain('<b>Аня</b>');
      expect(html).toContain('https://mentorhub.test/verify-email?token=a%26b');
    });

    it('a chart as a picture within the HTML form', async () => {
      const chart = { title: 'Days', labels: ['1', '2'], series: [{ name: 'Users', values: [1, 2] }] };
      const report = renderAdminNotification({ subject: 'Report', content: 'Yesterday.', facts: [], chart });
      await mailer.send({ ...mail, ...report, template: 'admin-notification' });
      const { raw, html, text, attachments } = await smtp.waitForMail();
      expect(raw).toMatch(/multipart\/related[^]*Content-Id: <chart>[^]*Content-Disposition: inline/i);
      // The parser puts the picture where the HTML refers to it by its content id.
      expect(html).toContain(`src="data:image/png;base64,${attachments[0]?.content.toString('base64')}"`);
      expect(text).toContain('2: Users 2');
    });

    it('headers and attachments', async () => {
      const attachments = [{ filename: 'отчёт.txt', contentType: 'text/plain', content: 'числа' }];
      await mailer.send({ ...mail, headers: { 'X-Task': 'one' }, attachments });
      const received = await smtp.waitForMail();
      expect(received.headers['x-task']).toBe('one');
      expect(received.attachments).toEqual([
        expect.objectContaining({ filename: 'отчёт.txt', content: Buffer.from('числа') }),
      ]);
    });

    it('many mails over few connections', async () => {
      await Promise.all(Array.from({ length: 30 }, () => mailer.send(mail)));
      expect(smtp.mails).toHaveLength(30);
      expect(smtp.connections).toBeLessThanOrEqual(5);
    });

    it('the next mail on a new connection when the pooled one has died meanwhile', async () => {
      const proxy = await startTcpProxy(smtp.url);
      open.push(proxy);
      const behindProxy = mailerFor(proxy.url);
      await behindProxy.send(mail);
      proxy.cut();
      await behindProxy.send(mail);
      expect(smtp.mails).toHaveLength(2);
    });

    it('with a login, over STARTTLS and over TLS from the start', async () => {
      for (const tls of ['starttls', 'implicit'] as const) {
        const secure = await server({ tls, credentials: { user: 'me', password: 'p@ss word' } });
        await mailerFor(secure.url).send(mail);
        expect(secure.mails).toEqual([expect.objectContaining({ secure: true, messageId })]);
      }
    });
  });

  describe('knows that nothing was sent', () => {
    it.each(['mail', 'rcpt', 'accepted'] as const)('when the server refuses for good at %s', async (at) => {
      smtp.script({ at, reply: 550, text: 'no such user' });
      const failure = await failureOf(mailer.send(mail));
      expect(failure).toBeInstanceOf(MailRefused);
      expect(failure).toMatchObject({ definite: true, mayBeRetried: false, reply: { code: 550 } });
      expect((failure as Error).message).toContain('no such user');
    });

    it.each(['mail', 'rcpt', 'content', 'accepted'] as const)('when the server refuses for now at %s', async (at) => {
      smtp.script({ at, reply: 451 });
      const failure = await failureOf(mailer.send(mail));
      expect(failure).toBeInstanceOf(MailDeferred);
      expect(failure).toMatchObject({ definite: true, mayBeRetried: true, reply: { code: 451 } });
    });

    it('when the server is shutting down in the middle (421)', async () => {
      smtp.script({ at: 'accepted', reply: 421 });
      await expect(mailer.send(mail)).rejects.toBeInstanceOf(MailDeferred);
    });

    it('when nobody listens', async () => {
      const sending = mailerFor(`smtp://127.0.0.1:${await freePort()}?ignoreTLS=true`).send(mail);
      await expect(sending).rejects.toBeInstanceOf(MailUnreachable);
    });

    it('when the name of the server cannot be resolved', async () => {
      const sending = mailerFor('smtp://mail.invalid?ignoreTLS=true').send(mail);
      await expect(sending).rejects.toBeInstanceOf(MailUnreachable);
    });

    it.each(['greeting', 'mail', 'rcpt'] as const)('when the connection is lost at %s', async (at) => {
      smtp.script(...Array.from({ length: 6 }, () => ({ at, drop: true }) as const));
      await expect(mailer.send(mail)).rejects.toBeInstanceOf(MailUnreachable);
      expect(smtp.mails).toEqual([]);
    });

    it.each(['greeting', 'mail', 'rcpt'] as const)('when the server falls silent at %s', async (at) => {
      smtp.script({ at, stall: true });
      const sending = mailerFor(smtp.url, { greeting: 0.3, silence: 0.3 }).send(mail);
      await expect(sending).rejects.toThrow(MailUnreachable);
      await expect(sending).rejects.toThrow('it did not answer in time');
    });

    it('when the server does not offer the TLS that is required', async () => {
      const failure = await failureOf(mailerFor(smtp.url.replace('?ignoreTLS=true', '')).send(mail));
      expect(failure).toBeInstanceOf(MailUnreachable);
      expect((failure as Error).message).toContain(`127.0.0.1:${smtp.port}`);
    });

    it('when its certificate is not trusted', async () => {
      for (const tls of ['starttls', 'implicit'] as const) {
        const { url } = await server({ tls });
        const sending = mailerFor(url.replace('?tls.rejectUnauthorized=false', '')).send(mail);
        await expect(sending).rejects.toBeInstanceOf(MailUnreachable);
      }
    });

    it('when the login is refused, without telling the password', async () => {
      const strict = await server({ tls: 'starttls', credentials: { user: 'me', password: 'right' } });
      const failure = await failureOf(mailerFor(strict.url.replace('right', 'hunter2')).send(mail));
      expect(failure).toBeInstanceOf(MailUnreachable);
      expect(JSON.stringify(failure) + String(failure)).not.toMatch(/hunter2|aHVudGVyMg/);
    });

    it('when it is told to stop before the mail was begun', async () => {
      smtp.script({ at: 'rcpt', stall: true });
      const reason = new Error('soft time limit');
      const sending = mailer.send(mail, { signal: abortedOnce(() => smtp.scriptLeft === 0, reason) });
      await expect(sending).rejects.toBe(reason);
    });

    it('when a line break would have added a header', async () => {
      const sending = mailer.send({ ...mail, subject: 'Hi\r\nBcc: victim@example.test' });
      await expect(sending).rejects.toBeInstanceOf(MailRefused);
      expect(smtp.connections).toBe(0);
    });

    it('when it was closed', async () => {
      mailer.close();
      await expect(mailer.send(mail)).rejects.toBeInstanceOf(MailUnreachable);
    });
  });

  describe('admits that it does not know', () => {
    it.each([
      ['the connection is lost while the content is on its way', { at: 'content', drop: true }, 0],
      ['the connection is lost before the reply, the mail being kept', { at: 'accepted', drop: true }, 1],
      [
        'the connection is lost before the reply, the mail being lost too',
        { at: 'accepted', drop: true, kept: false },
        0,
      ],
    ] as const)('when %s', async (_, step, kept) => {
      smtp.script(step);
      const failure = await failureOf(mailer.send(mail));
      expect(failure).toBeInstanceOf(MailAmbiguous);
      expect(failure).toMatchObject({ definite: false });
      expect(smtp.mails).toHaveLength(kept);
    });

    it.each(['content', 'accepted'] as const)('when the server falls silent at %s', async (at) => {
      smtp.script({ at, stall: true });
      const sending = mailerFor(smtp.url, { silence: 0.3 }).send(mail);
      await expect(sending).rejects.toThrow(MailAmbiguous);
      await expect(sending).rejects.toThrow('did not answer in time after the mail was on its way');
    });

    it('when it is told to stop after the mail was on its way', async () => {
      smtp.script({ at: 'accepted', stall: true });
      const signal = abortedOnce(() => smtp.mails.length === 1, new Error('soft time limit'));
      await expect(mailer.send(mail, { signal })).rejects.toBeInstanceOf(MailAmbiguous);
    });

    it('and never sends such a mail again by itself', async () => {
      await mailer.send(mail);
      smtp.script({ at: 'accepted', drop: true });
      await expect(mailer.send(mail)).rejects.toBeInstanceOf(MailAmbiguous);
      await mailer.send({ ...mail, subject: 'next' });
      expect(smtp.mails.map(({ subject }) => subject)).toEqual([mail.subject, mail.subject, 'next']);
    });

    it('with the same Message-ID when the task is tried again', async () => {
      const again = { ...mail, messageId: mailer.messageIdOf('task') };
      smtp.script({ at: 'accepted', drop: true });
      await expect(mailer.send(again)).rejects.toBeInstanceOf(MailAmbiguous);
      await mailerFor(smtp.url).send(again);
      expect(smtp.mails.map((one) => one.messageId)).toEqual(['<task@mentorhub.test>', '<task@mentorhub.test>']);
    });
  });

  it('counts every attempt by the class of its outcome', async () => {
    const before = await counts();
    smtp.script({ at: 'rcpt', reply: 550 }, { at: 'rcpt', reply: 451 }, { at: 'accepted', drop: true });
    for (let attempt = 0; attempt < 4; attempt++) await failureOf(mailer.send(mail));
    await failureOf(mailerFor(`smtp://127.0.0.1:${await freePort()}?ignoreTLS=true`).send(mail));
    const after = await counts();
    const grown = Object.keys(after).map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]);
    expect(Object.fromEntries(grown)).toEqual({ '2xx': 1, '4xx': 1, '5xx': 1, timeout: 1, connect: 1 });
  });

  async function counts(): Promise<Record<string, number>> {
    const { body } = await metricsText();
    const samples = body.matchAll(/^email_send_total\{template="verification",smtp_class="(\w+)"\} (\d+)$/gm);
    return Object.fromEntries([...samples].map(([, name, value]) => [name, Number(value)]));
  }

  function abortedOnce(condition: () => boolean, reason: Error): AbortSignal {
    const controller = new AbortController();
    void eventually(condition).then(() => controller.abort(reason));
    return controller.signal;
  }
});
