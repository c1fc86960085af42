/**
 * Counts what jest wrote. A suite that could not run, and a jest that failed or died without naming a failed test, count
 * as one failure each: a run must never look green because its result is missing.
 *
 * @param {() => string} read the result file's content; may throw when jest wrote none
 * @param {number | string} exit jest's exit code, or the signal that ended it
 * @returns {{passed: number, failed: number, skipped: number}}
 */
export function countTests(read, exit) {
  const results = parse(read);
  const counts = {
    passed: results.numPassedTests ?? 0,
    failed: (results.numFailedTests ?? 0) + (results.numRuntimeErrorTestSuites ?? 0),
    skipped: (results.numPendingTests ?? 0) + (results.numTodoTests ?? 0),
  };
  if (exit !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function parse(read) {
  try {
    return JSON.parse(read());
  } catch {
    return { numRuntimeErrorTestSuites: 1 };
  }
}
