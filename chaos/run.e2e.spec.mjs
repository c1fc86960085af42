import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { isFullRun } from '@mentorhub/testing';
import { repositoryRoot } from '../tools/local/paths.mjs';

// A run ends its own servers and processes; what it needs of time is mostly that of the faults.
const [size, seconds] = isFullRun ? [['--tasks', '5000', '--seed', '7'], 3_000] : [['--quick', '--seed', '7'], 900];

let child;

async function chaos(...argv) {
  child = spawn(process.execPath, ['chaos/run.mjs', ...argv], { cwd: repositoryRoot });
  const [output, log] = [text(child.stdout), text(child.stderr)];
  const [code] = await once(child, 'close');
  return { code, output: await output, log: await log };
}

describe('npm run chaos', () => {
  // One that took too long ends what it started.
  afterEach(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'close');
  });

  it('prints the schedule without starting anything, the same each time', async () => {
    const { code, output } = await chaos('--plan', '--quick', '--seed', '7');
    expect(code).toBe(0);
    expect(output.trim().split('\n').map(JSON.parse)).toHaveLength(17);
    expect((await chaos('--plan', '--quick', '--seed', '7')).output).toBe(output);
  });

  it(
    'loses nothing and doubles nothing while each kind of fault happens',
    async () => {
      const { code, output, log } = await chaos(...size);
      const ledger = output && JSON.parse(output);
      if (code !== 0) throw new Error(`The run ended with ${code}.\n${output}\n${log}`);
      const { accepted, succeeded, failed, revoked, expired, ...verdict } = ledger;
      expect(verdict).toEqual({ lost: 0, doubled: 0, wrong: 0, ambiguous: expect.any(Number) });
      expect(succeeded + failed + revoked + expired).toBe(accepted);
      expect(accepted).toBe(isFullRun ? 5_000 : 400);
    },
    seconds * 1000,
  );
});
