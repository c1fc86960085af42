export default {
  displayName: 'infra/docker',
  testEnvironment: 'node',
  testTimeout: 30_000, // Starts Node a few times.
  transform: {},
  testMatch: ['<rootDir>/**/*.spec.mjs'],
};
