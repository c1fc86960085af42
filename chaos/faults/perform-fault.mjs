import { setTimeout as pause } from 'node:timers/promises';

const wait = ({ seconds }) => pause(seconds * 1000);
/** Mails that one fault of the SMTP server hits. */
const mailsHit = 3;

/**
 * What each kind of fault does. It resolves when the fault is over: what was taken away is back. A process that was ended is
 * started again by itself, and nobody waits for that.
 */
const deeds = {
  'kill-worker': ({ fleet }, { target }) => fleet.process(target).kill(),
  'stop-worker': ({ fleet }, { target }) => fleet.process(target).stop(),
  'kill-gateway': ({ fleet }, { target }) => fleet.process(target).kill(),
  'stop-gateway': ({ fleet }, { target }) => fleet.process(target).stop(),
  'kill-projector': ({ fleet }, { target }) => fleet.process(target).kill(),

  'crash-broker': async ({ servers: { broker } }, fault) => {
    await broker.kill();
    await wait(fault);
    await broker.start();
  },
  'stop-broker-app': async ({ servers: { broker } }, fault) => {
    await broker.control('stop_app');
    await wait(fault);
    await broker.control('start_app');
  },
  'crash-database': async ({ servers: { database } }, fault) => {
    await database.kill();
    await wait(fault);
    await database.start();
  },
  'restart-database': async ({ servers: { database } }, fault) => {
    await database.stop();
    await wait(fault);
    await database.start();
  },
  'memory-alarm': async ({ servers: { broker } }, fault) => {
    await broker.control('set_vm_memory_high_watermark', '0.0000001');
    await wait(fault);
    await broker.control('set_vm_memory_high_watermark', '0.4');
  },
  'close-connections': async ({ servers: { management } }) => {
    const closed = (await management.connections()).map(({ name }) => management.closeConnection(name, 'chaos'));
    // One that is gone by itself already is closed too.
    await Promise.allSettled(closed);
  },

  'cut-broker': ({ fleet }, { target }) => fleet.proxy(target, 'broker').cut(),
  'cut-database': ({ fleet }, { target }) => fleet.proxy(target, 'database').cut(),
  'stall-broker': ({ fleet }, fault) => stall(fleet.proxy(fault.target, 'broker'), fault),
  'stall-database': ({ fleet }, fault) => stall(fleet.proxy(fault.target, 'database'), fault),

  // The server has taken the mail and its answer gets lost; and it refuses mails for now.
  'drop-mails': ({ servers: { smtp } }) => smtp.script(...Array(mailsHit).fill({ at: 'accepted', drop: true })),
  'refuse-mails': ({ servers: { smtp } }) => smtp.script(...Array(mailsHit).fill({ at: 'rcpt', reply: 451 })),
};

async function stall(proxy, fault) {
  proxy.stall();
  await wait(fault);
  await proxy.resume();
}

/** @param world {fleet, servers} */
export async function performFault(world, fault) {
  // One that is just being started again has nothing under way that could be hit.
  if (fault.target) await world.fleet.isReadyWithin(fault.target, 30);
  await deeds[fault.fault](world, fault);
}
