export default {
  projects: [
    '<rootDir>/apps/*',
    '<rootDir>/libs/*',
    '<rootDir>/tools/local',
    '<rootDir>/infra/docker',
    '<rootDir>/docs',
    '<rootDir>/bench',
    '<rootDir>/chaos',
  ],
  // More than the two cores of a small machine: most of the slow tests wait for servers.
  maxWorkers: 3,
  testSequencer: '<rootDir>/tools/local/slow-first-sequencer.mjs',
  testTimeout: 120_000,
};
