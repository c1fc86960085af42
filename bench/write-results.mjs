import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { localDirectory, repositoryRoot } from '../tools/local/paths.mjs';
import { renderReport } from './report/render-report.mjs';

const nothingYet = { rows: [], missing: [] };

/** Writes the data and the page that is made of it. */
export async function writeResults(options, data, say) {
  const { json, page } = filesOf(options);
  await writeFormatted(json, JSON.stringify(data));
  await writeFormatted(page, renderReport(data));
  say(`The results are in ${json} and ${page}.`);
}

/** Makes the page anew from the last data, after its words were edited. */
export async function renderAgain(options, say) {
  const { json, page } = filesOf(options);
  const data = existsSync(json) ? JSON.parse(readFileSync(json, 'utf8')) : nothingYet;
  await writeFormatted(page, renderReport(data));
  say(`${page} is made of ${data.rows.length} figures.`);
}

function filesOf({ out, partial }) {
  const folder = out ?? (partial && join(localDirectory, 'bench'));
  if (folder) return { json: resolve(folder, 'latest.json'), page: resolve(folder, 'benchmarks.md') };
  return { json: join(repositoryRoot, 'bench/results/latest.json'), page: join(repositoryRoot, 'docs/benchmarks.md') };
}

/** Formatted as everything else that is committed. */
async function writeFormatted(file, text) {
  const { format, resolveConfig } = await import('prettier'); // not there yet when this file is loaded on a fresh clone
  mkdirSync(dirname(file), { recursive: true });
  const configuration = await resolveConfig(join(repositoryRoot, 'package.json'));
  writeFileSync(file, await format(text, { ...configuration, filepath: file }));
}
