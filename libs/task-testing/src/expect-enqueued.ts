import type { AnyTaskContract, Payload } from '@mentorhub/task-contracts';
import { differences, shown, type Difference, type Partially } from './differences.js';
import { storedTasks, type Queryable } from './stored-tasks.js';
import type { FoundTask, TestTask } from './test-task.js';
import { TestTasks } from './test-tasks.js';

export interface ExpectedTask {
  /** When it was asked to be run, within a second. Default: any time. */
  readonly eta?: Date;
  /** Default: any queue. */
  readonly queue?: string;
  /** Exactly how many there have to be; 0: none. Default: one or more. */
  readonly times?: number;
}

/**
 * Asserts that a task was enqueued, with this in its payload; works in every test framework, since it only throws.
 *
 * @param payload what is expected of the payload, as a part of it. Default: any.
 * @returns the tasks that fit.
 * @throws {Error} there are none, or not `times`; it shows what was enqueued instead.
 * @example const [task] = expectEnqueued(tasks, SendVerificationEmail, { email: 'ada@example.com' });
 * @example expectEnqueued(tasks, SendSessionReminder, {}, { eta: new Date('2030-05-01T09:00:00Z'), times: 1 });
 */
export function expectEnqueued<C extends AnyTaskContract>(
  tasks: TestTasks,
  contract: C,
  payload?: Partially<Payload<C>>,
  expected?: ExpectedTask,
): readonly TestTask<C>[];
/**
 * The same of the rows of a real database: a `DataSource`, an `EntityManager`, or whatever else has `query`. Looks at the
 * latest 1,000 tasks. Not there: what a transaction has not committed, and light tasks, which need no row.
 *
 * @throws {Error} as above; or it is about a sensitive field, which is encrypted.
 * @example await expectEnqueued(dataSource, SendVerificationEmail, { email: 'ada@example.com' });
 */
export function expectEnqueued<C extends AnyTaskContract>(
  database: Queryable,
  contract: C,
  payload?: Partially<Payload<C>>,
  expected?: ExpectedTask,
): Promise<readonly FoundTask<C>[]>;
export function expectEnqueued(
  source: TestTasks | Queryable,
  contract: AnyTaskContract,
  payload: object = {},
  expected: ExpectedTask = {},
): readonly FoundTask[] | Promise<readonly FoundTask[]> {
  const fitting = (tasks: readonly FoundTask[]) => expectIn(tasks, contract, payload, expected);
  return source instanceof TestTasks ? fitting(source.tasks) : storedTasks(source, contract, payload).then(fitting);
}

function expectIn(
  tasks: readonly FoundTask[],
  { name }: AnyTaskContract,
  payload: object,
  expected: ExpectedTask,
): readonly FoundTask[] {
  const same = tasks.filter((task) => task.name === name);
  const compared = same.map((task) => ({ task, differing: unlike(task, payload, expected) }));
  const fitting = compared.filter(({ differing }) => differing.length === 0).map(({ task }) => task);
  const { times } = expected;
  if (times === undefined ? fitting.length > 0 : fitting.length === times) return fitting;
  const others = tasks.filter((task) => task.name !== name);
  const lines = [wish(name, payload, expected, fitting.length), ...ofSameName(compared), ...besides(others)];
  throw new Error(lines.join('\n'));
}

interface Compared {
  readonly task: FoundTask;
  readonly differing: readonly Difference[];
}

const toleranceMs = 1_000;

function unlike(task: FoundTask, payload: object, { eta, queue }: ExpectedTask): Difference[] {
  const late = eta && Math.abs(task.eta.getTime() - eta.getTime()) > toleranceMs;
  return [
    ...differences(payload, task.payload),
    ...(queue === undefined || queue === task.queue ? [] : [{ path: '(queue)', expected: queue, actual: task.queue }]),
    ...(late ? [{ path: '(eta)', expected: eta, actual: task.eta }] : []),
  ];
}

function wish(name: string, payload: object, { eta, queue, times }: ExpectedTask, found: number): string {
  const conditions = [
    Object.keys(payload).length > 0 && `with ${shown(payload)}`,
    queue && `in queue ${queue}`,
    eta && `for ${eta.toISOString()}`,
  ].filter(Boolean);
  const task = [name, ...conditions].join(' ');
  const often =
    times === 0 ? 'not to be enqueued' : ['to be enqueued', times && inWords(times)].filter(Boolean).join(' ');
  return `Expected ${task} ${often}, and it was ${inWords(found)}.`;
}

const inWords = (times: number): string => ['not', 'once', 'twice'][times] ?? `${times} times`;

const mostShown = 5;

function ofSameName(compared: readonly Compared[]): string[] {
  if (compared.length === 0) return [];
  const nearest = compared.toSorted((a, b) => a.differing.length - b.differing.length).slice(0, mostShown);
  const left = compared.length - nearest.length;
  return [
    'Enqueued of this task:',
    ...nearest.flatMap(({ task, differing }) => [
      `- ${task.id} (${task.state}, queue ${task.queue}, for ${task.eta.toISOString()})${differing.length ? ':' : ' fits.'}`,
      ...differing.map(({ path, expected, actual }) => `    ${path}: ${shown(actual)} instead of ${shown(expected)}`),
    ]),
    ...(left > 0 ? [`- and ${left} more.`] : []),
  ];
}

function besides(others: readonly FoundTask[]): string[] {
  if (others.length === 0) return ['Nothing else was enqueued.'];
  const counts = new Map<string, number>();
  for (const { name } of others) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [`Besides: ${[...counts].map(([name, count]) => `${count} × ${name}`).join(', ')}.`];
}
