import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { workspaceEnvironment } from './environment.mjs';
import { nodeModules, repositoryRoot } from './paths.mjs';
import { OWNER_VARIABLE, ServerProcess } from './server-process.mjs';
import { followOutput, openLog } from './service-output.mjs';

/**
 * The compiler in watch mode: rebuilds what changes, upon which `node --watch` restarts the services that loaded it.
 *
 * It watches a folder only once its first round is done, and never learns of what was made or changed there meanwhile. So
 * that is built by a second compiler as soon as the first one says that it watches.
 */
export class TypeScriptWatch {
  constructor({ logFile, owner, width }) {
    Object.assign(this, { logFile, owner, width });
  }

  async start() {
    this.log = openLog(this.logFile);
    this.process = this.#compile('--watch', '--preserveWatchOutput');
    const watches = (line) => {
      if (!line.includes('Watching for file changes')) return;
      lines.off('line', watches);
      this.catchingUp = this.#compile();
    };
    const lines = createInterface({ input: this.process.child.stdout }).on('line', watches);
  }

  async stop() {
    await Promise.all([this.process?.stop('SIGTERM', 5), this.catchingUp?.stop('SIGTERM', 5)]);
    this.log?.close();
    this.log = undefined;
  }

  #compile(...options) {
    const child = spawn(join(nodeModules, '.bin/tsc'), ['-b', ...options, 'tsconfig.json'], {
      cwd: repositoryRoot,
      env: { ...workspaceEnvironment(), [OWNER_VARIABLE]: this.owner },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    followOutput(child, 'typescript', this.log, this.width);
    return new ServerProcess('The TypeScript compiler', child, this.logFile);
  }
}
