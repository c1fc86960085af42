export default {
  displayName: 'tools/new',
  testEnvironment: 'node',
  transform: {},
  testMatch: ['<rootDir>/**/*.spec.mjs'],
  // The pinned Node of the workspace and its servers; see jest.preset.mjs.
  globalSetup: '../local/jest-global-setup.mjs',
  globalTeardown: '../local/jest-global-teardown.mjs',
};
