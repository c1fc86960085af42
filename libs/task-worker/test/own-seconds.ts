import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Every so often it computes for this long, and sees how long that takes beside all that runs on the machine. */
const sampleEveryMs = 500;
const sampleCpuMs = 50;

const sampler = `
  const { parentPort } = require('node:worker_threads');
  let wall = 0;
  let cpu = 0;
  function sample() {
    const from = performance.now();
    const before = process.threadCpuUsage();
    let spent;
    do {
      const { user, system } = process.threadCpuUsage(before);
      spent = (user + system) / 1000;
    } while (spent < ${sampleCpuMs});
    cpu += spent;
    wall += performance.now() - from;
  }
  const timer = setInterval(sample, ${sampleEveryMs});
  parentPort.once('message', () => {
    clearInterval(timer);
    sample();
    parentPort.postMessage(wall / cpu);
  });`;

/**
 * How long something takes in seconds of a machine that has nothing else to do: those that passed, divided by how many times
 * longer computing took meanwhile than it would have alone. A promise in seconds is judged by these, on whatever machine.
 *
 * @param work answers the seconds that passed, which may be those of a part of it
 */
export async function ownSeconds(work: () => Promise<number>): Promise<number> {
  const worker = new Worker(sampler, { eval: true });
  try {
    await once(worker, 'online');
    const seconds = await work();
    worker.postMessage('end');
    const [slowdown] = (await once(worker, 'message')) as [number];
    return seconds / Math.max(1, slowdown);
  } finally {
    await worker.terminate();
  }
}
