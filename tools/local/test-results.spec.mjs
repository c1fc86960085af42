import { countTests } from './test-results.mjs';

const json = (results) => () => JSON.stringify(results);

test('Passed, failed and skipped tests are counted from what jest wrote', () => {
  const results = {
    numPassedTests: 5,
    numFailedTests: 2,
    numPendingTests: 1,
    numTodoTests: 1,
    numRuntimeErrorTestSuites: 1,
  };
  expect(countTests(json(results), 1)).toEqual({ passed: 5, failed: 3, skipped: 2 });
});

test('A jest that fails without a failed test counts as a failure', () => {
  expect(countTests(json({ numPassedTests: 5 }), 1)).toEqual({ passed: 5, failed: 1, skipped: 0 });
});

test('A jest that died without a result counts as a failure, whatever its exit code', () => {
  const missing = () => {
    throw new Error('ENOENT');
  };
  expect(countTests(missing, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(countTests(() => '{"numPassedTests": 4', 'SIGKILL')).toEqual({ passed: 0, failed: 1, skipped: 0 });
});
