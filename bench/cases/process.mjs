import { now } from '../measuring/clock.mjs';
import { cpuMeter } from '../measuring/cpu.mjs';
import { serverMeter } from '../measuring/servers.mjs';
import { produce } from './produce.mjs';

/** How much faster a warm worker is expected to be than the probe. */
const coldFactor = 1.5;

export const processLight = (system, servers, settings) => drain(system, servers, settings, 'light');
export const processTracked = (system, servers, settings) => drain(system, servers, settings, 'tracked');

/**
 * Fills the queue from another process and lets a fresh worker empty it. A small probe first, which also warms the
 * code up, tells how many tasks fill the wanted seconds: a fixed number would be over at once here and last for
 * minutes there.
 */
async function drain(system, servers, { seconds, most, probe }, kind) {
  const cold = await drainOnce(system, servers, kind, probe);
  const count = Math.min(most, Math.max(probe, Math.round(cold.value * coldFactor * seconds)));
  return drainOnce(system, servers, kind, count);
}

/** From the first start to the last durable outcome. */
async function drainOnce(system, servers, kind, count) {
  await produce({ system, servers, command: { do: 'fill', kind, count } });
  const serversOf = await serverMeter(servers);
  let first;
  const onStart = () => (first ??= { at: now(), cpuOf: cpuMeter() });
  const worker = await system.worker(servers, { kind, expected: count, onStart });
  await worker.settled();
  const value = (count * 1000) / (now() - first.at);
  const cpuMicroseconds = first.cpuOf(count);
  const details = { tasks: count, cpuMicroseconds, ...(await serversOf(count)) };
  await worker.close();
  return { value, details };
}
