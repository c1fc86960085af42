export default {
  projects: [
    '<rootDir>/apps/*',
    '<rootDir>/libs/*',
    '<rootDir>/tools/local',
    '<rootDir>/tools/new',
    '<rootDir>/infra/docker',
    '<rootDir>/docs',
    '<rootDir>/bench',
    '<rootDir>/chaos',
  ],
  // More than the two cores of a small machine: most of the slow tests wait for servers.
  maxWorkers: 4,
  // Every file leaves something behind in its worker; beyond this, clearing it up costs more than a new worker.
  workerIdleMemoryLimit: '700MB',
  testSequencer: '<rootDir>/tools/local/slow-first-sequencer.mjs',
  testTimeout: 300_000,
};
