import { startSmtpServer, type TestSmtpServer } from '@mentorhub/testing';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyDkim } from '../../test/dkim-verifier.js';
import { renderVerification } from '../templates/index.js';
import { Mailer, MailAmbiguous, readDkim, type Mail } from './index.js';

const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });
const { publicKey, privateKey } = rsa(2048);
const mail: Mail = {
  ...renderVerification({ username: 'Аня', link: 'https://mentorhub.test/?token=a', locale: 'ru' }),
  template: 'verification',
  to: 'anna@example.test',
  messageId: '<task@mentorhub.test>',
  headers: { 'List-Unsubscribe': '<https://mentorhub.test/x>', 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
};

describe('DKIM', () => {
  let folder: string;
  let smtp: TestSmtpServer;
  let mailer: Mailer;
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const pem = (key: { export: (options: { type: 'pkcs8'; format: 'pem' }) => string | Buffer }) =>
    String(key.export({ type: 'pkcs8', format: 'pem' }));

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mentorhub-dkim-'));
    smtp = await startSmtpServer();
    const dkim = { domain: 'MentorHub.test', selector: 'mail2026', keyFile: file('key.pem', pem(privateKey)) };
    mailer = new Mailer({ smtpUrl: smtp.url, from: 'MentorHub <no-reply@mentorhub.test>', dkim });
  });
  afterAll(async () => {
    mailer.close();
    await smtp.close();
    rmSync(folder, { recursive: true });
  });

  it('signs each mail, the headers of one-click unsubscribing included, so that its public key verifies it', async () => {
    await mailer.send(mail);
    const { raw } = await smtp.waitForMail();
    const signature = verifyDkim(raw, publicKey);
    expect(signature).toMatchObject({ body: true, headers: true, tags: { d: 'mentorhub.test', s: 'mail2026' } });
    expect(signature.signed).toEqual(
      expect.arrayContaining(['from', 'to', 'subject', 'message-id', 'list-unsubscribe', 'list-unsubscribe-post']),
    );
    expect(verifyDkim(raw.replace('One-Click', 'Two-Click'), publicKey)).toMatchObject({ body: true, headers: false });
    expect(verifyDkim(raw.replace(/\r\n\r\n/, '\r\n\r\nmore '), publicKey)).toMatchObject({ body: false });
    expect(verifyDkim(raw, rsa(1024).publicKey).headers).toBe(false);
  });

  it('still tells a mail that was on its way from one that was not begun', async () => {
    smtp.script({ at: 'accepted', drop: true }, { at: 'rcpt', reply: 550 });
    await expect(mailer.send(mail)).rejects.toBeInstanceOf(MailAmbiguous);
    await expect(mailer.send(mail)).rejects.toMatchObject({ definite: true });
  });

  it('is off when nothing of it is set', () => {
    expect(readDkim({ domain: '', selector: '', keyFile: '' })).toBeUndefined();
  });

  it.each([
    ['a missing part', { selector: '' }, 'DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY_FILE go together'],
    ['a domain that is none', { domain: 'x y' }, 'DKIM_DOMAIN is not usable'],
    ['a selector that is none', { selector: 'a_b;' }, 'DKIM_SELECTOR is not usable'],
    [
      'a file that is not there',
      { keyFile: '/nowhere/key.pem' },
      'DKIM_KEY_FILE is not usable: the file cannot be read',
    ],
  ])('is refused at the start with %s', (_, change, sentence) => {
    const options = { domain: 'mentorhub.test', selector: 'mail2026', keyFile: join(folder, 'key.pem'), ...change };
    expect(() => readDkim(options)).toThrow(sentence);
  });

  it('is refused at the start with a key that is no RSA private key of enough bits, without quoting it', () => {
    const keys = ['no key', pem(rsa(512).privateKey), pem(generateKeyPairSync('ed25519').privateKey)];
    const options = (content: string) => ({ domain: 'a.test', selector: 'b', keyFile: file('wrong.pem', content) });
    for (const content of keys) {
      expect(() => readDkim(options(content))).toThrow(
        /^DKIM_KEY_FILE is not usable: it has to hold an RSA private key/,
      );
    }
  });
});
