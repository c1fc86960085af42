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
  maxWorkers: 2,
  testTimeout: 30_000,
};
