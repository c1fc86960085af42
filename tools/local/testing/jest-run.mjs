// Does what jest does with the global setup: runs it, tells where the servers are, waits, tears down.
import { createInterface } from 'node:readline';
import { processesOf } from '../leftovers.mjs';
import startTestInfrastructure from '../jest-global-setup.mjs';
import stopTestInfrastructure from '../jest-global-teardown.mjs';

await startTestInfrastructure();
const { directory } = globalThis.mentorhubTestInfrastructure;
const announced = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('TEST_')));
console.log(JSON.stringify({ directory, processes: processesOf(directory).length, announced }));
for await (const line of createInterface({ input: process.stdin })) if (line === 'tear down') break;
await stopTestInfrastructure();
process.exit();
