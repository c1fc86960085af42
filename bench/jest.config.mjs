export default {
  displayName: 'bench',
  testEnvironment: 'node',
  testTimeout: 60_000, // Starts services, beside other tests.
  transform: {},
  testMatch: ['<rootDir>/**/*.spec.mjs'],
  globalSetup: '<rootDir>/../tools/local/jest-global-setup.mjs',
  globalTeardown: '<rootDir>/../tools/local/jest-global-teardown.mjs',
};
