const OLDEST = [20, 19];

/** Ends the program with a sentence when this Node cannot even start us; the services then run on the pinned Node. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  console.error(`Node ${process.versions.node} is too old: install Node ${OLDEST.join('.')} or later and try again.`);
  process.exit(1);
}
