import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { workspaceRoot } from '../services/workspace.js';

/** What every server of `tools/local` can do. */
export interface LocalServer {
  readonly pid: number;
  stop(): Promise<void>;
  kill(): Promise<unknown>;
  start(): Promise<void>;
  acceptsConnections(): Promise<boolean>;
}

/** A server of a test's own, to stop, crash and start again; what it writes lies in a folder of its own. */
export class PrivateServer<Local extends LocalServer> {
  protected constructor(
    protected readonly local: Local,
    readonly directory: string,
  ) {}

  /** An orderly stop, as for an upgrade. */
  stop(): Promise<void> {
    return this.local.stop();
  }

  /** SIGKILL to all its processes: a crash. What it had promised to keep is on its disk. */
  async kill(): Promise<void> {
    await this.local.kill();
  }

  /** Starts it again after `stop` or `kill`, with its port, data and passwords; resolves when it is ready. */
  start(): Promise<void> {
    return this.local.start();
  }

  /** Whether a client would get in now. A server that is ready does some more after that. */
  acceptsConnections(): Promise<boolean> {
    return this.local.acceptsConnections();
  }

  /** Ends it and removes everything it wrote. Idempotent. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

export interface Place {
  readonly directory: string;
  readonly packages: string;
  /** Marks the server's processes, so that they end with the run even when the test could not end them. */
  readonly owner: string;
}

/** A new folder for a server: below the run's own one, if there is one, which is removed with the run. */
export async function newPlace(name: string): Promise<Place> {
  const { temporaryDirectory } = await localModule<{ temporaryDirectory(): string }>('private-infrastructure.mjs');
  const { packagesDirectory } = await localModule<{ packagesDirectory(): string }>('server-home.mjs');
  const ofRun = process.env['TEST_SERVERS_DIRECTORY'];
  const owner = ofRun ?? temporaryDirectory();
  const directory = ofRun ? join(ofRun, `${name}-${randomBytes(4).toString('hex')}`) : owner;
  return { owner, directory, packages: packagesDirectory() };
}

/** A module of the launcher, which is plain JavaScript outside of every project. */
export const localModule = async <T>(file: string): Promise<T> =>
  (await import(pathToFileURL(join(workspaceRoot, 'tools/local', file)).href)) as T;
