export default {
  projects: ['<rootDir>/apps/*', '<rootDir>/libs/*', '<rootDir>/tools/local'],
  maxWorkers: 2,
  testTimeout: 30_000,
};
