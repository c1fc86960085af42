import { jest } from '@jest/globals';
import { createLogger, type Logger } from './create-logger.js';
import { withLogFields } from './log-fields.js';

describe('The log while something is away', () => {
  let logger: Logger;
  let lines: Record<string, unknown>[];
  const said = () => lines.map(({ msg }) => msg);
  const unreachable = Object.assign(new Error('connect ECONNREFUSED'), { name: 'DatabaseUnreachableError' });
  const stacks = () => lines.filter((line) => JSON.stringify(line).includes('"stack"')).length;

  beforeEach(() => {
    jest.useFakeTimers();
    lines = [];
    const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
    logger = createLogger('test', { LOG_LEVEL: 'info', LOG_PRETTY: false }, { write });
  });
  afterEach(() => jest.useRealTimers());

  it('has five lines and one stack for two minutes without PostgreSQL, with counts of what was not written', () => {
    for (let second = 0; second < 120; second += 1) {
      logger.warn({ err: unreachable }, 'The relay could not read its outbox.');
      for (let n = 0; n < 4; n += 1)
        withLogFields({ task_id: `${second} ${n}` }, () => logger.error({ err: unreachable }, 'Not decided.'));
      jest.advanceTimersByTime(1000);
    }
    logger.info({ back: 'PostgreSQL' });
    jest.advanceTimersByTime(3000);
    expect(said()).toEqual([
      'The relay could not read its outbox.',
      'Still without PostgreSQL after 10 s.',
      'Still without PostgreSQL after 30 s.',
      'Still without PostgreSQL after 70 s.',
      'PostgreSQL: back after 120 s.',
    ]);
    expect(stacks()).toBe(1);
    expect(lines[1]).toMatchObject({ level: 'warn', lines: { 'The relay could not read its outbox.': 9 } });
    expect(lines[4]).toMatchObject({
      level: 'info',
      seconds: 120,
      lines: { 'The relay could not read its outbox.': 119, 'Not decided.': 480 },
    });
    expect(lines.some((line) => 'task_id' in line)).toBe(false);
  });

  it('tells different servers apart, and whatever else is named in "away"', () => {
    const lost = Object.assign(new Error('no connection'), { name: 'PublishError', failure: 'disconnected' });
    const poolBusy = Object.assign(new Error('timeout exceeded when trying to connect'), {
      name: 'DatabaseUnreachableError',
    });
    for (const _ of [1, 2]) {
      logger.warn({ err: unreachable }, 'No database.');
      logger.warn({ err: poolBusy }, 'No connection.');
      logger.warn({ err: lost }, 'Not published.');
      logger.warn({ away: 'RabbitMQ', reason: 'refused' }, 'No broker.');
      logger.warn({ away: 'the consumer of queue email' }, 'Not subscribed.');
    }
    expect(said()).toEqual(['No database.', 'No connection.', 'Not published.', 'Not subscribed.']);
  });

  it('writes every line about anything else, however often it comes', () => {
    const other = Object.assign(new Error('the mail server is away'), { code: 'ECONNREFUSED' });
    for (const _ of [1, 2]) {
      logger.warn({ err: other }, 'A mail failed.');
      logger.info({ err: unreachable }, 'Only told.');
      logger.fatal({ err: unreachable }, 'The end.');
    }
    expect(said()).toEqual(['A mail failed.', 'Only told.', 'The end.', 'A mail failed.', 'Only told.', 'The end.']);
  });

  it('goes on with the same outage when what came back goes again at once', () => {
    logger.warn({ away: 'RabbitMQ' }, 'Lost.');
    for (let n = 0; n < 5; n += 1) {
      jest.advanceTimersByTime(1000);
      logger.info({ back: 'RabbitMQ' }, 'Connected.');
      jest.advanceTimersByTime(1000);
      logger.warn({ away: 'RabbitMQ' }, 'Lost.');
    }
    logger.info({ back: 'RabbitMQ' }, 'Connected.');
    jest.advanceTimersByTime(5000);
    expect(said()).toEqual([
      'Lost.',
      ...Array<string>(5).fill('Connected.'),
      'Still without RabbitMQ after 10 s.',
      'Connected.',
      'RabbitMQ: back after 10 s.',
    ]);
  });

  it('ends by itself when no more is heard, without a word when there was only one line', () => {
    logger.warn({ away: 'one' }, 'A connection broke.');
    logger.warn({ away: 'other' }, 'Again.');
    jest.advanceTimersByTime(4000);
    logger.warn({ away: 'other' }, 'Again.');
    jest.advanceTimersByTime(60_000);
    expect(said()).toEqual([
      'A connection broke.',
      'Again.',
      'Still without other after 10 s.',
      'Other: back after 4 s.',
    ]);
    logger.warn({ away: 'one' }, 'A connection broke.');
    expect(said()).toHaveLength(5);
  });

  it('says ever more rarely that it lasts, at least every ten minutes', () => {
    for (let second = 0; second < 4 * 3600; second += 1) {
      logger.warn({ away: 'RabbitMQ' }, 'Lost.');
      jest.advanceTimersByTime(1000);
    }
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.length).toBeLessThan(40);
  });
});
