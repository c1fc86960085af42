import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./producer-process.mjs', import.meta.url));

/**
 * Runs one command in a producer process of its own, so that neither its work nor its garbage is the measured worker's.
 *
 * @returns what the producer answered, once it has ended
 */
export async function produce(job) {
  const { result, end } = await startProducer(job);
  await end();
  return result;
}

/** The same, but the producer stays, as a web process does that has enqueued something, until `end`. */
export async function startProducer({ system, servers, command }) {
  const argument = JSON.stringify({ system: system.name, servers, command });
  const child = fork(program, [argument], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`The producer ended with ${code}; its output says why.`);
  });
  const [result] = await Promise.race([once(child, 'message'), ended.then(() => [])]);
  const end = () => {
    if (child.connected) child.send('end');
    return ended;
  };
  return { result, end };
}
