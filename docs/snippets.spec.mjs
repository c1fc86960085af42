import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { serviceArguments, services } from '../tools/local/services.mjs';

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const pages = ['README.md', ...readdirSync(new URL('.', import.meta.url)).map((name) => `docs/${name}`)].filter(
  (path) => path.endsWith('.md'),
);
const snippets = pages.flatMap((page) =>
  [...read(page).matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => ({ page, code })),
);
const calling = snippets.filter(({ code }) => code.includes('curl'));

/** Runs it with a curl that only tells what it was asked for. Each answer is taken to hold an id. */
function requestsOf(code) {
  const stubs = `curl() { printf '%s\\0' "$@" curl-ends >&3; printf '\\0' >&3; }; jq() { echo 019a4c1e-0000-7000-8000-000000000001; }`;
  const told = execFileSync('bash', ['--norc', '-euc', `exec 3>&1 1>&2; ${stubs}\n${code}`], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, GATEWAY: 'http://gateway', API_KEY: 'key' },
  });
  const requests = told
    .split('\0curl-ends\0')
    .slice(0, -1)
    .map((text) => text.split('\0'));
  return requests.map((given) => ({
    url: given.find((text) => text.startsWith('http://gateway/v1/')),
    body: given.includes('-d') ? JSON.parse(given[given.indexOf('-d') + 1]) : undefined,
  }));
}

describe.each(calling)('A snippet of $page that calls the gateway', ({ page, code }) => {
  it('needs GATEWAY and API_KEY alone, and sends what can be read', () => {
    const requests = requestsOf(code);
    expect(requests.length).toBeGreaterThan(0);
    for (const { url } of requests) expect(url).toBeDefined();
  });

  it('names no date that goes stale, and none that is too far ahead for a session', () => {
    expect(code).not.toMatch(/\b\d{4}-\d\d-\d\d/);
    const instants = JSON.stringify(requestsOf(code)).match(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g) ?? [];
    for (const instant of instants.map((text) => Date.parse(text))) {
      expect(instant).toBeGreaterThan(Date.now());
      expect(instant).toBeLessThan(Date.now() + 2 * 365 * 86_400_000);
    }
  });

  it('says so when it needs jq', () => {
    if (/\bjq\b/.test(code)) expect(read(page)).toContain('needs `jq`');
  });
});

it('Snippets that call the gateway are found', () => expect(calling.length).toBeGreaterThan(5));

it('A service is started by hand as npm start does it', () => {
  const lines = snippets.flatMap(({ code }) => code.split('\n')).filter((line) => line.includes('dist/main.js'));
  const [line] = lines;
  expect(lines).toHaveLength(1);
  expect(services.map(({ name }) => ['node_modules/.bin/node', ...serviceArguments(name)].join(' '))).toContain(line);
});
