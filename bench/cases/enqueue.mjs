import { saturate } from '../measuring/load.mjs';
import { payload, payloads } from '../measuring/payload.mjs';

export async function enqueueDirect(system, servers, settings) {
  const producer = await system.producer(servers);
  let n = 0;
  const result = await saturate({ ...settings, servers, work: () => producer.enqueue(payload(n++)) });
  await producer.close();
  return result;
}

export async function enqueueBulk(system, servers, { perCall, ...settings }) {
  const producer = await system.producer(servers);
  const work = () => producer.enqueueMany(payloads(perCall), { kind: 'tracked' });
  const result = await saturate({ ...settings, servers, unitsPerCall: perCall, work });
  await producer.close();
  return result;
}

export async function enqueueTransactional(system, servers, settings) {
  const producer = await system.transactionalProducer(servers, { connections: settings.width });
  let n = 0;
  const result = await saturate({ ...settings, servers, work: () => producer.enqueueWithRow(payload(n++)) });
  await producer.close();
  return result;
}
