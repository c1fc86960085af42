import { pathToFileURL } from 'node:url';

// node print-variables.mjs <an app's dist/config.js>: loads the configuration from the environment and prints the names of
// the variables that it knows. What the schema does not know does not come out of it.
const exported = Object.entries(await import(pathToFileURL(process.argv[2])));
const [, load] = exported.find(([name]) => /^load\w*Config$/.test(name)) ?? [];
if (!load) throw new Error(`${process.argv[2]} exports no function that is named load…Config.`);
try {
  console.log(JSON.stringify(Object.keys(load())));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
