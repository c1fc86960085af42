import { NodeProcess } from '@mentorhub/testing';

describe('Threads of the build', () => {
  it('run a handler, without the tracing that the process was started with', async () => {
    const script = 'libs/task-worker/test/threads/built.mjs';
    const started = new NodeProcess(script, ['--import', '@mentorhub/tracing/register', script], {});
    expect({ code: await started.exited, output: started.output().trim() }).toEqual({
      code: 0,
      output: '{"n":2,"id":"task-1","arguments":["--enable-source-maps"]}',
    });
  });
});
