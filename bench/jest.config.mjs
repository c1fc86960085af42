export default {
  displayName: 'bench',
  testEnvironment: 'node',
  transform: {},
  testMatch: ['<rootDir>/**/*.spec.mjs'],
  globalSetup: '<rootDir>/../tools/local/jest-global-setup.mjs',
  globalTeardown: '<rootDir>/../tools/local/jest-global-teardown.mjs',
};
