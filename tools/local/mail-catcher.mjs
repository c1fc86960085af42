import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageDirectory, pinnedNode, repositoryRoot } from './paths.mjs';
import { freePorts, letGo } from './ports.mjs';
import { startServerProcess } from './server-process.mjs';
import { SetupError } from './setup-error.mjs';
import { answersOk } from './wait.mjs';

/** The names of the ports that the mail catcher needs. */
export const MAIL_PORTS = ['smtp', 'mail'];

/**
 * A mail catcher (maildev): takes every mail over SMTP, delivers none, shows them on a page. Mails are kept as files in
 * `directory` over restarts; past `keep` the oldest go, 0 keeps all.
 *
 * @returns {Promise<{smtpUrl: string, pageUrl: string, apiUrl: string, pid: number, stop(): Promise<void>, kill(): Promise<void>, start(): Promise<void>}>}
 *   GET `apiUrl` answers a JSON list of mails ({to: [{address}], subject, text, html, headers, …}); DELETE `apiUrl`/all forgets them
 */
export async function startMailCatcher({ directory, ports, keep = 0, owner = directory }) {
  const installed = packageDirectory('maildev');
  if (!installed)
    throw new SetupError('The mail catcher is missing: run "npm ci" to install the package maildev, or set SMTP_URL.');
  const chosen = ports ?? (await freePorts(MAIL_PORTS));
  const mails = join(directory, 'mails');
  mkdirSync(mails, { recursive: true, mode: 0o700 });
  const local = ['--ip', '127.0.0.1', '--web-ip', '127.0.0.1'];
  const listen = ['--smtp', String(chosen.smtp), '--web', String(chosen.mail), ...local];
  const pageUrl = `http://127.0.0.1:${chosen.mail}/`;

  const launch = async () => {
    await letGo(MAIL_PORTS.map((name) => chosen[name]));
    const server = startServerProcess({
      name: 'The mail catcher',
      command: pinnedNode(),
      args: [
        '--import',
        // As a URL: a folder's name may hold what a specifier gives another meaning.
        pathToFileURL(join(repositoryRoot, 'tools/local/mail-page.mjs')).href,
        join(installed, 'dist/bin/maildev.js'),
        ...listen,
        '--mail-directory',
        mails,
        '--max-emails',
        String(keep),
      ],
      env: { PATH: process.env.PATH, HOME: directory },
      cwd: directory,
      logFile: join(directory, 'maildev.log'),
      owner,
    });
    try {
      await server.ready(() => answersOk(`${pageUrl}api/healthz`), 60);
    } catch (error) {
      await server.kill();
      throw error;
    }
    return server;
  };

  let server = await launch();
  return {
    // It has no certificate; the services refuse plain text unless the URL asks for it.
    smtpUrl: `smtp://127.0.0.1:${chosen.smtp}?ignoreTLS=true`,
    pageUrl,
    apiUrl: `${pageUrl}api/email`,
    get pid() {
      return server.pid;
    },
    get processes() {
      return [server];
    },
    stop: () => server.stop('SIGTERM', 10),
    kill: () => server.kill(),
    async start() {
      server = await launch();
    },
  };
}
