import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const isSource = (path) => /\/src\/.*\.ts$/.test(path) && !/\.spec\.ts$|\/(dist|node_modules|out-tsc)\//.test(path);
const sourcesIn = (folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(root, folder, name))
    .filter(isSource)
    .map((path) => readFileSync(path, 'utf8'));
const oneLine = (text) => text.replaceAll(/\s+/g, ' ');
const sources = oneLine([...sourcesIn('libs'), ...sourcesIn('apps')].join('\n'));

const page = readFileSync(join(root, 'docs/failure-modes.md'), 'utf8');
const quoted = [...page.matchAll(/`([^`]+)`/g)].map(([, text]) => oneLine(text));
/** What the code fills in: a number, a signal, a name between quotation marks, a kind of outcome, another sentence. */
const filledIn =
  /…|\d+|SIGTERM|PostgreSQL(?=: back| after)|RabbitMQ(?=: back| after)|"[^"]*"|(?<=^Task not run: )\w+|(?<=parked: |short: |reached; )|\.$/;
const sentences = quoted.filter((text) => /^[A-Z][^`]* .*\.$/.test(text));
const metrics = quoted.flatMap((text) => /^[a-z]+(?:_[a-z]+)+(?=\{|$)/.exec(text)?.[0] ?? []).filter(isMetric);

function isMetric(name) {
  return /_(total|seconds|rows|inflight|up|blocked)$/.test(name) && !/^(retry_in|run|wait|blocked)_seconds$/.test(name);
}

describe('docs/failure-modes.md', () => {
  it.each([...new Set(sentences)])('quotes what the code says: %s', (sentence) => {
    const missing = sentence.split(filledIn).filter((part) => part.length > 3 && !sources.includes(part));
    expect(missing).toEqual([]);
  });

  it.each([...new Set(metrics)])('names a metric that there is: %s', (name) => {
    expect(sources.includes(`'${name}'`)).toBe(true);
  });

  it('finds something to check', () => {
    expect(sentences.length).toBeGreaterThan(40);
    expect(metrics.length).toBeGreaterThan(20);
  });
});
