import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { workspaceRoot } from './workspace.js';

export type Environment = Record<string, string>;

// A service must get by with what the test gives it: of the test's own environment it sees these alone.
const passedOn = ['PATH', 'HOME', 'TZ', 'LANG', 'SystemRoot'];
const keptCharacters = 2_000_000;

/** A Node process at the repository's root whose output is kept. */
export class NodeProcess {
  private text = '';
  private readonly child: ChildProcess;
  /** The exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;

  constructor(
    readonly label: string,
    nodeArguments: string[],
    environment: Environment,
  ) {
    this.child = spawn(process.execPath, nodeArguments, {
      cwd: workspaceRoot,
      env: { ...inherited(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = once(this.child, 'close').then(([code]) => code as number | null);
    // A child that could not be spawned emits 'error' and then 'close'; the rejection is told by whoever waits.
    this.exited.catch(() => undefined);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => this.keep(chunk));
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Everything written to stdout and stderr. */
  output(): string {
    return this.text;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** The end of its output, for the message of an error. */
  tail(lines = 40): string {
    return `Last output of ${this.label}:\n${this.text.trimEnd().split('\n').slice(-lines).join('\n')}`;
  }

  private keep(chunk: string): void {
    this.text = (this.text + chunk).slice(-keptCharacters);
  }
}

function inherited(): Environment {
  return Object.fromEntries(passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
