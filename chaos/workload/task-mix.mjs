/** What a task of the run is: its contract, what its handler does, and what happens to it on the way. */

const contracts = { 'chaos.write': 45, 'chaos.mail': 22, 'chaos.mail-once': 5, 'chaos.ping': 28 };

const stories = {
  quick: 60,
  slow: 10,
  'fails-then-succeeds': 8,
  'fails-for-ever': 2,
  'fails-permanently': 3,
  delayed: 8,
  revoked: 5,
  expiring: 4,
};

/** A task that takes its worker with it, each time it is started. */
export const poison = { contract: 'chaos.write', story: 'poison', payload: { act: 'kill', millis: 0, failures: 0 } };

export function mixedTask(random, mode) {
  const contract = mode === 'direct' ? 'chaos.ping' : random.weighted(contracts);
  const story = random.weighted(mode === 'direct' ? withoutTimes : stories);
  const { payload, ...call } = tell[story](random);
  return { contract, story, payload: { act: 'do', millis: 0, failures: 0, ...payload }, ...call };
}

/** A task with a due time or an expiry always has a row. */
const { delayed: _delayed, expiring: _expiring, ...withoutTimes } = stories;

const tell = {
  quick: () => ({}),
  slow: (random) => ({ payload: { millis: random.whole(200, 1500) } }),
  'fails-then-succeeds': (random) => ({ payload: { failures: random.whole(1, 3) } }),
  'fails-for-ever': () => ({ payload: { failures: 1_000 } }),
  'fails-permanently': () => ({ payload: { act: 'refuse' } }),
  delayed: (random) => ({ countdownSeconds: random.between(0, 20) }),
  revoked: (random) => random.pick([revokedAtOnce, revokedWhileItRuns, revokedWhileScheduled])(random),
  // Some have little time, some run when it is over.
  expiring: (random) => ({ payload: { millis: random.whole(0, 300) }, expiresSeconds: random.between(0.05, 2) }),
};

const revokedAtOnce = (random) => ({ revoke: { afterMs: random.whole(0, 40), terminate: random.chance(0.5) } });
const revokedWhileItRuns = (random) => ({
  payload: { millis: random.whole(500, 1500) },
  revoke: { afterMs: random.whole(100, 800), terminate: random.chance(0.7) },
});
const revokedWhileScheduled = (random) => ({
  countdownSeconds: random.between(1, 10),
  revoke: { afterMs: random.whole(0, 900), terminate: false },
});
