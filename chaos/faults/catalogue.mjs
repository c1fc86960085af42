/**
 * The kinds of fault: how often each is drawn, what it is aimed at, and for how many seconds it lasts (from, to) where it
 * does. What each does is in perform-fault.mjs.
 */
export const faultKinds = {
  'kill-worker': { weight: 5, target: 'worker' },
  'stop-worker': { weight: 3, target: 'worker' },
  'kill-gateway': { weight: 3, target: 'gateway' },
  'stop-gateway': { weight: 1, target: 'gateway' },
  'kill-projector': { weight: 1, target: 'projector' },
  'crash-broker': { weight: 2, seconds: [0, 3] },
  'stop-broker-app': { weight: 1, seconds: [0, 2] },
  'crash-database': { weight: 2, seconds: [0, 3] },
  'restart-database': { weight: 2, seconds: [0, 2] },
  'close-connections': { weight: 2 },
  'memory-alarm': { weight: 1, seconds: [2, 5] },
  'cut-broker': { weight: 3, target: 'any' },
  'cut-database': { weight: 3, target: 'any' },
  'stall-broker': { weight: 1, target: 'any', seconds: [1, 4] },
  'stall-database': { weight: 1, target: 'any', seconds: [1, 4] },
  'drop-mails': { weight: 2 },
  'refuse-mails': { weight: 1 },
};
