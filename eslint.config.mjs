import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const only = (sourceTag, ...allowed) => ({ sourceTag, onlyDependOnLibsWithTags: allowed });

export default tseslint.config(
  { ignores: ['**/dist', '**/out-tsc', '**/node_modules', '.local', '.nx', 'bench/**/node_modules'] },
  eslint.configs.recommended,
  tseslint.configs.recommended,
  {
    plugins: { '@nx': nx },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    // What only types can tell: above all a promise that nobody waits for.
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-base-to-string': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
  {
    // Tests also throw what is no Error.
    files: ['**/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
    },
  },
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          allow: [],
          depConstraints: [
            only('scope:contracts', 'scope:task-contracts'),
            only('scope:task-contracts'),
            only('scope:testing'),
            only('scope:metrics'),
            only('scope:tracing', 'scope:testing'),
            only('scope:messaging', 'scope:metrics', 'scope:testing'),
            only('scope:service', 'scope:metrics', 'scope:tracing', 'scope:testing'),
            only(
              'scope:task-store',
              'scope:messaging',
              'scope:metrics',
              'scope:tracing',
              'scope:service',
              'scope:testing',
            ),
            only(
              'scope:tasks',
              'scope:task-contracts',
              'scope:task-store',
              'scope:messaging',
              'scope:metrics',
              'scope:tracing',
              'scope:service',
            ),
            only('scope:task-calls', 'scope:task-contracts', 'scope:messaging', 'scope:service', 'scope:tracing'),
            only(
              'scope:task-worker',
              'scope:tasks',
              'scope:task-contracts',
              // For its tests alone: a service that also answers calls.
              'scope:task-calls',
              'scope:task-store',
              'scope:messaging',
              'scope:metrics',
              'scope:tracing',
              'scope:service',
              'scope:testing',
            ),
            only(
              'scope:task-testing',
              'scope:task-worker',
              'scope:tasks',
              'scope:task-contracts',
              'scope:task-store',
              'scope:service',
              'scope:testing',
            ),
            only('type:app', 'type:lib'),
            only('type:lib', 'type:lib'),
            // A package may be imported by one library alone.
            { sourceTag: 'type:app', bannedExternalImports: ['amqplib', 'amqp-connection-manager', 'prom-client'] },
            ...[
              'contracts',
              'metrics',
              'service',
              'task-calls',
              'task-contracts',
              'task-store',
              'task-testing',
              'task-worker',
              'tasks',
              'testing',
              'tracing',
            ].map((name) => ({
              sourceTag: `scope:${name}`,
              bannedExternalImports: [
                'amqplib',
                'amqp-connection-manager',
                ...(name === 'metrics' ? [] : ['prom-client']),
              ],
            })),
            { sourceTag: 'scope:messaging', bannedExternalImports: ['prom-client'] },
          ],
        },
      ],
    },
  },
  {
    // What defines tasks needs zod alone: pages and command lines import it.
    files: ['libs/task-contracts/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: '^@mentorhub/' }, { regex: '^node:' }] }],
    },
  },
  {
    // Contracts are pure: of the task libraries they know only how to define.
    files: ['libs/contracts/src/**/*.ts'],
    ignores: ['**/*.spec.ts', 'libs/contracts/src/schemas/export-task-schemas.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^@mentorhub/(?!task-contracts$)' }, { regex: '^node:' }] },
      ],
    },
  },
  {
    // Fixtures are for tests alone. (A later block replaces the patterns of an earlier one, so those above are left out.)
    files: ['**/src/**/*.ts'],
    ignores: [
      '**/*.spec.ts',
      'libs/testing/**',
      'libs/task-testing/**',
      'libs/task-worker/src/testing/**',
      'libs/task-contracts/**',
      'libs/contracts/**',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [
                '@mentorhub/testing',
                '@mentorhub/task-testing',
                '@mentorhub/task-worker/testing',
                '**/testing/index.js',
              ],
            },
          ],
        },
      ],
    },
  },
  {
    // Configuration is read in one place per app.
    files: ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts'],
    ignores: ['**/*.spec.ts', 'libs/testing/**', 'libs/service/src/config/**', 'libs/tracing/src/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Read it in config.ts, through loadConfig.' },
      ],
    },
  },
  { files: ['**/*.mjs'], languageOptions: { globals: globals.node } },
  { files: ['**/*.spec.mjs'], languageOptions: { globals: globals.jest } },
  prettier,
);
