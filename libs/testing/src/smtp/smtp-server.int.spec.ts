import { once } from 'node:events';
import { connect } from 'node:net';
import { eventually } from '../eventually.js';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.js';

const message = [
  'From: MentorHub <no-reply@mentorhub.test>',
  'To: one@example.test, Two <two@example.test>',
  'Subject: =?UTF-8?B?0J/RgNC40LLQtdGC?=',
  'Message-ID: <id@mentorhub.test>',
  'X-Long: folded',
  ' header',
  '',
  'Body',
  '.',
].join('\r\n');

describe('an SMTP server for tests', () => {
  let smtp: TestSmtpServer;

  beforeEach(async () => {
    smtp = await startSmtpServer();
  });

  afterEach(() => smtp.close());

  /** Says its lines, each after the reply to the one before; returns the codes of the replies, and how it broke off. */
  async function converse(): Promise<string[]> {
    const lines = ['EHLO me', 'MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'DATA', message, 'QUIT'];
    const codes: string[] = [];
    const socket = connect(smtp.port, '127.0.0.1');
    socket.setEncoding('utf8').on('data', (text: string) => {
      codes.push(...(text.match(/^\d{3}(?= )/gm) ?? []));
      socket.write(`${lines.shift()}\r\n`);
    });
    return new Promise((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => codes.push(error.code ?? error.message));
      socket.on('close', () => resolve(codes));
    });
  }

  it('keeps what it accepts, parsed', async () => {
    await expect(converse()).resolves.toEqual(['220', '250', '250', '250', '354', '250', '221']);
    const mail = await smtp.waitForMail(({ to }) => to.includes('two@example.test'));
    expect(mail).toMatchObject({
      from: 'no-reply@mentorhub.test',
      to: ['one@example.test', 'two@example.test'],
      subject: 'Привет',
      messageId: '<id@mentorhub.test>',
      html: '',
      envelope: { from: 'a@b.test', to: ['c@d.test'] },
      secure: false,
    });
    expect(mail.headers['x-long']).toBe('folded header');
    expect(mail.text.trim()).toBe('Body');
  });

  it('keeps little of each mail when it is told to', async () => {
    await smtp.close();
    smtp = await startSmtpServer({ keep: 'envelope' });
    await converse();
    expect(smtp.mails).toMatchObject([
      { messageId: '<id@mentorhub.test>', envelope: { from: 'a@b.test', to: ['c@d.test'] }, subject: '', raw: '' },
    ]);
  });

  it('answers at each stage as it was told, once', async () => {
    smtp.script({ at: 'greeting', reply: 421 }, { at: 'mail', reply: 451 }, { at: 'rcpt', reply: 550 });
    expect(await converse()).toContain('421');
    expect((await converse())[2]).toBe('451');
    expect((await converse())[3]).toBe('550');
    smtp.script({ at: 'accepted', reply: 452, text: 'full' });
    expect((await converse())[5]).toBe('452');
    expect(smtp.mails).toHaveLength(0);
    await converse();
    expect(smtp.mails).toHaveLength(1);
    expect(smtp.scriptLeft).toBe(0);
  });

  it('drops the connection after it has kept the mail, or without keeping it', async () => {
    smtp.script({ at: 'accepted', drop: true });
    await expect(converse()).resolves.toContain('ECONNRESET');
    expect(smtp.mails).toHaveLength(1);
    smtp.script({ at: 'accepted', drop: true, kept: false }, { at: 'content', drop: true });
    await expect(converse()).resolves.toContain('ECONNRESET');
    await expect(converse()).resolves.toContain('ECONNRESET');
    expect(smtp.mails).toHaveLength(1);
  });

  it('keeps nothing of a mail whose sender leaves in the middle, and goes on', async () => {
    const socket = connect(smtp.port, '127.0.0.1');
    const lines = ['EHLO me', 'MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'DATA'];
    socket.on('data', () => (lines.length > 0 ? socket.write(`${lines.shift()}\r\n`) : socket.destroy()));
    await once(socket, 'close');
    await eventually(() => smtp.connections === 0);
    expect(smtp.mails).toHaveLength(0);
    await converse();
    expect(smtp.mails).toHaveLength(1);
  });

  it('ends a conversation that it stalls when it is closed', async () => {
    smtp.script({ at: 'accepted', stall: true });
    const conversation = converse();
    await smtp.waitForMail();
    await smtp.close();
    await expect(conversation).resolves.toContain('ECONNRESET');
    await eventually(() => smtp.connections === 0);
  });

  it('has a URL that says how to reach it', async () => {
    expect(smtp.url).toBe(`smtp://127.0.0.1:${smtp.port}?ignoreTLS=true`);
    const secret = await startSmtpServer({ tls: 'implicit', credentials: { user: 'me', password: 'a b' } });
    expect(secret.url).toBe(`smtps://me:a%20b@127.0.0.1:${secret.port}?tls.rejectUnauthorized=false`);
    await secret.close();
  });
});
