/*
 * What no import may do: go in a circle, or, between the folders of libs/task-worker, from a lower floor to a higher one.
 * Which library may import which is said in eslint.config.mjs.
 */
const floors = [
  ['control', 'flow', 'job'],
  ['settlement'],
  ['outcome'],
  ['running', 'stranded'],
  ['isolation'],
  ['middleware'],
  ['server'],
  ['testing'],
];

const folders = (names) => `^libs/task-worker/src/(${names.join('|')})/`;
const noSpecs = '\\.spec\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circle',
      severity: 'error',
      comment: 'Move what both need into a file of its own.',
      from: { pathNot: noSpecs },
      to: { circular: true },
    },
    ...floors.slice(0, -1).map((floor, index) => ({
      name: `no-arrow-up-from-${floor.join('-')}`,
      severity: 'error',
      comment: 'What is lower does not know what stands on it. Move it down, or hand it in.',
      from: { path: folders(floor), pathNot: noSpecs },
      to: { path: folders(floors.slice(index + 1).flat()) },
    })),
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist', 'out-tsc'] },
    exclude: { path: ['/(dist|out-tsc)/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['@mentorhub/source', 'import', 'node'] },
  },
};
