import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { startMailCatcher } from './mail-catcher.mjs';
import { temporaryDirectory } from './private-infrastructure.mjs';
import { noProcessOf } from './testing/conditions.mjs';
import { waitUntil } from './wait.mjs';

test('The mail catcher lists what was sent, shows it on a page, and keeps it over a restart', async () => {
  const root = temporaryDirectory();
  const options = { directory: join(root, 'mail'), owner: root };
  const first = await startMailCatcher(options);
  const transport = createTransport(first.smtpUrl);
  await transport.sendMail({
    from: 'a@example.com',
    to: 'b@example.com',
    subject: 'Привет',
    text: 'текст',
    html: '<p>да</p>',
  });
  transport.close();
  const received = await mails(first);
  expect(received).toMatchObject([{ subject: 'Привет', to: [{ address: 'b@example.com' }], html: '<p>да</p>' }]);
  expect(received[0].text.trim()).toBe('текст');
  const page = await fetch(first.pageUrl);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(await page.text()).toContain('<base href="/" />');

  await first.stop();
  const second = await startMailCatcher(options);
  expect(await mails(second)).toMatchObject([{ subject: 'Привет' }]);
  await second.stop();
  await noProcessOf(root);
  rmSync(root, { recursive: true, force: true });
});

async function mails({ apiUrl }) {
  const list = async () => (await fetch(apiUrl)).json();
  await waitUntil(async () => (await list()).length > 0, { what: 'A mail in the list', timeoutSeconds: 120 });
  return list();
}
