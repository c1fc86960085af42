import vm from 'node:vm';
import { Logger as NestsOwnLogger } from '@nestjs/common';
import { createLogger, type Logger } from './create-logger.js';
import { withLogFields } from './log-fields.js';
import { NestLogger } from './nest-logger.js';

function recorded(level: 'info' | 'trace' = 'info'): {
  logger: Logger;
  lines: Record<string, unknown>[];
  text: () => string;
} {
  const raw: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => {
    raw.push(line);
    lines.push(JSON.parse(line) as Record<string, unknown>);
  };
  const logger = createLogger('sample-service', { LOG_LEVEL: level, LOG_PRETTY: false }, { write });
  return { logger, lines, text: () => raw.join('') };
}

describe('the log of a service', () => {
  it('writes one JSON object per line with time, level and service', () => {
    const { logger, lines } = recorded();
    logger.info({ queue: 'email' }, 'Consuming.');
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/Z$/),
        service: 'sample-service',
        queue: 'email',
        msg: 'Consuming.',
      },
    ]);
  });

  it('adds the fields of the surrounding work to every line, also later and deeper', async () => {
    const { logger, lines } = recorded();
    await withLogFields({ task_id: 'task-1' }, async () => {
      await Promise.resolve();
      withLogFields({ attempt: 2 }, () => logger.info('inside'));
    });
    logger.info('outside');
    expect(lines[0]).toMatchObject({ task_id: 'task-1', attempt: 2 });
    expect(lines[1]).not.toHaveProperty('task_id');
  });

  it('hides what is obviously secret, in the line and in lists', () => {
    const { logger, lines, text } = recorded();
    logger.info({
      password: 's3cret',
      mail: { link: 's3cret' },
      request: { headers: { authorization: 's3cret', 'x-api-key': 's3cret' } },
    });
    logger.info({ mails: [{ to: 'a', resetToken: 's3cret' }] });
    expect(text()).not.toContain('s3cret');
    expect(lines[1]).toMatchObject({ mails: [{ to: 'a', resetToken: '[redacted]' }] });
  });

  it('writes of an error what helps and leaves out what may hold data', () => {
    const { logger, lines, text } = recorded();
    const cause = Object.assign(new Error('connect to amqp://user:s3cret@rabbit failed'), { code: 'ECONNREFUSED' });
    const error = Object.assign(new Error('insert failed', { cause }), { parameters: ['s3cret'], query: 'INSERT' });
    logger.error({ err: error }, 'It failed.');
    expect(lines[0]).toMatchObject({
      err: {
        type: 'Error',
        message: 'insert failed',
        cause: { code: 'ECONNREFUSED', message: 'connect to amqp://user:***@rabbit failed' },
      },
    });
    expect(text()).not.toContain('s3cret');
  });

  it('writes of an error that was told, or of anything else that was thrown, what it was', () => {
    const { logger, lines, text } = recorded();
    logger.warn(
      { error: { name: 'CardDeclined', message: 'The bank said no.', stack: 'CardDeclined: at line 1' } },
      '1',
    );
    logger.warn({ error: { code: 7, password: 's3cret' } }, '2');
    logger.warn({ err: 'GET https://site/reset?token=s3cret&lang=en failed' }, '3');
    logger.warn({ err: null }, '4');
    logger.warn({ err: vm.runInNewContext('new RangeError("elsewhere")') as unknown }, '5');
    expect(lines.map(({ err, error }) => err ?? error)).toEqual([
      { name: 'CardDeclined', message: 'The bank said no.', stack: 'CardDeclined: at line 1' },
      { type: 'object', message: '{"code":7,"password":"[redacted]"}' },
      { type: 'string', message: 'GET https://site/reset?token=***&lang=en failed' },
      { type: 'object', message: 'null' },
      expect.objectContaining({ type: 'RangeError', message: 'elsewhere' }),
    ]);
    expect(text()).not.toContain('s3cret');
  });

  it("carries Nest's messages, its start-up chatter only at debug level", () => {
    const { logger, lines } = recorded();
    const nest = new NestLogger(logger);
    NestsOwnLogger.overrideLogger(nest);
    new NestsOwnLogger('SendMail').warn('The server is slow.');
    nest.log('Mapped {/v1/tasks, POST} route', 'RouterExplorer');
    nest.error(new Error('reported by the runner'), 'ExceptionHandler');
    nest.error('It broke', 'Error: at line 1', 'SendMail');
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', context: 'SendMail', msg: 'The server is slow.' }),
      expect.objectContaining({ level: 'error', context: 'SendMail', msg: 'It broke', stack: 'Error: at line 1' }),
    ]);
  });
});
