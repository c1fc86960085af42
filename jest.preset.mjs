import { fileURLToPath } from 'node:url';

const fromRoot = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Jest's configuration of one project: native ESM, TypeScript by swc, sources of the other libraries instead of their build. */
export function projectConfig(displayName) {
  return {
    displayName,
    testEnvironment: 'node',
    testTimeout: 300_000,
    testMatch: ['<rootDir>/src/**/*.spec.ts'],
    extensionsToTreatAsEsm: ['.ts'],
    testEnvironmentOptions: { customExportConditions: ['@mentorhub/source', 'node', 'node-addons'] },
    moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
    modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/out-tsc'],
    transform: {
      '^.+\\.ts$': [
        '@swc/jest',
        {
          jsc: {
            target: 'es2022',
            parser: { syntax: 'typescript', decorators: true },
            transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
            keepClassNames: true,
          },
          module: { type: 'es6' },
        },
      ],
    },
    // The private RabbitMQ and PostgreSQL start once for the whole run, whichever projects take part.
    globalSetup: fromRoot('tools/local/jest-global-setup.mjs'),
    globalTeardown: fromRoot('tools/local/jest-global-teardown.mjs'),
  };
}
