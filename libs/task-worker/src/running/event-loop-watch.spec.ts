import { taskMetrics } from '@mentorhub/metrics';
import { createLogger, withLogFields } from '@mentorhub/service';
import { eventually } from '@mentorhub/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { EventLoopWatch } from './event-loop-watch.js';

describe('The watch over the event loop', () => {
  const lines: { msg: string; tasks: string[]; blocked_seconds: number }[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const logger = createLogger('test', { LOG_LEVEL: 'info', LOG_PRETTY: false }, { write });
  const block = (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end;);
  };
  const blockedBy = async (task: string) => {
    const { values } = await taskMetrics.eventLoopBlocked.get();
    return values.find(({ metricName, labels }) => metricName?.endsWith('_count') && labels.task === task)?.value ?? 0;
  };

  beforeEach(() => void (lines.length = 0));

  it('names a handler that blocks from its first line to its last, in a line and a metric', async () => {
    const watch = new EventLoopWatch(logger);
    const leave = withLogFields({ task_id: 'one of many' }, () => watch.enter('a.block'));
    block(350);
    leave();
    await eventually(() => lines.length > 0);
    expect(lines).toEqual([expect.objectContaining({ level: 'warn', tasks: ['a.block'] })]);
    expect(lines[0]?.msg).toMatch(
      /^The event loop was blocked for \d+ ms while these tasks ran: a\.block; a handler that computes for long belongs into isolation: 'thread'\.$/,
    );
    expect(lines[0]?.blocked_seconds).toBeGreaterThanOrEqual(0.35);
    expect(lines[0]).not.toHaveProperty('task_id');
    expect(await blockedBy('a.block')).toBe(1);
  });

  it('names all that ran meanwhile, and not those that had ended long before', async () => {
    const watch = new EventLoopWatch(logger);
    watch.enter('b.early')();
    const leaveWaiting = watch.enter('b.waits');
    await pause(100);
    lines.length = 0; // a machine that is busy may have been late by itself
    const leave = watch.enter('b.block');
    block(150);
    leave();
    await eventually(() => lines.length > 0);
    leaveWaiting();
    expect(lines.map(({ tasks }) => tasks)).toEqual([['b.block', 'b.waits']]);
  });

  it('says nothing of a block while no handler runs', async () => {
    const watch = new EventLoopWatch(logger);
    watch.enter('c.quick')();
    await pause(100);
    lines.length = 0;
    block(150);
    await pause(100);
    expect(lines).toEqual([]);
  });
});
