/** Checks of the documentation itself. */
export default {
  displayName: 'docs',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/*.spec.mjs'],
  transform: {},
};
