export default {
  projects: ['<rootDir>/apps/*', '<rootDir>/libs/*', '<rootDir>/tools/local', '<rootDir>/infra/docker'],
  maxWorkers: 2,
  testTimeout: 30_000,
};
