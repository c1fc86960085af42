import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '../wait.mjs';

/** Runs `npm start`, or a program of the repository's tools/local, as a person would; collects what it prints. */
export class RunningLauncher {
  output = '';

  constructor(root, { program = 'npm', args = ['start'], environment = {} } = {}) {
    this.root = root;
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(npm_|TEST_|NODE_OPTIONS|AMQP_URL|JEST)/.test(name),
    );
    const env = { ...Object.fromEntries(inherited), NO_COLOR: '1', ...environment };
    this.child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (chunk) => (this.output += chunk));
    this.exited = new Promise((resolve) => this.child.once('close', (code, signal) => resolve(code ?? signal)));
    this.exited.then((exit) => (this.exit = exit));
  }

  /** Resolves to endpoints.json once everything is ready. */
  async ready() {
    const file = join(this.root, '.local/endpoints.json');
    const condition = () => this.exit !== undefined || (existsSync(file) && this.output.includes('is ready'));
    await waitUntil(condition, { what: `A ready launcher (${this.output})`, timeoutSeconds: 300 });
    if (this.exit !== undefined) throw new Error(`The launcher ended with ${this.exit}:\n${this.output}`);
    return JSON.parse(readFileSync(file, 'utf8'));
  }

  prints(text) {
    return waitUntil(() => this.output.includes(text), {
      what: `"${text}" in:\n${this.output}\nthis`,
      timeoutSeconds: 300,
    });
  }

  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    return this.exited;
  }
}

/** `node tools/local/<program>`, run to its end. */
export async function runProgram(root, program, ...args) {
  const run = new RunningLauncher(root, { program: process.execPath, args: [join('tools/local', program), ...args] });
  const code = await run.exited;
  return { code, output: run.output };
}
