export default {
  displayName: 'tools/local',
  testEnvironment: 'node',
  transform: {},
  testMatch: ['<rootDir>/**/*.spec.mjs'],
  // The downloaded servers and the temporary repositories of the tests hold packages of the same names.
  modulePathIgnorePatterns: ['/\\.local/'],
};
