import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { workspaceEnvironment } from './environment.mjs';
import { nodeModules, repositoryRoot } from './paths.mjs';
import { OWNER_VARIABLE, ServerProcess } from './server-process.mjs';
import { followOutput, openLog } from './service-output.mjs';

/** The compiler in watch mode: rebuilds what changes, upon which `node --watch` restarts the services that loaded it. */
export class TypeScriptWatch {
  constructor({ logFile, owner, width }) {
    Object.assign(this, { logFile, owner, width });
  }

  async start() {
    this.log = openLog(this.logFile);
    const child = spawn(join(nodeModules, '.bin/tsc'), ['-b', '--watch', '--preserveWatchOutput', 'tsconfig.json'], {
      cwd: repositoryRoot,
      env: { ...workspaceEnvironment(), [OWNER_VARIABLE]: this.owner },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    followOutput(child, 'typescript', this.log, this.width);
    this.process = new ServerProcess('The TypeScript compiler', child, this.logFile);
  }

  async stop() {
    await this.process?.stop('SIGTERM', 5);
    this.log?.close();
    this.log = undefined;
  }
}
