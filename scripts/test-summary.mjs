/**
 * Totals of vitest's JSON reports. A file that could not be loaded has no tests and counts as one failure, and so does a run that
 * failed although no test did (an error outside of tests).
 * @param {readonly any[]} reports
 * @param {number} failedRuns
 * @returns {{ passed: number, failed: number, skipped: string[], slowest: { name: string, ms: number, file: string }[] }}
 */
export function summarise(reports, failedRuns) {
  const files = reports.flatMap((report) => report.testResults);
  const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
  const count = (status) => tests.filter((test) => test.status === status).length;
  const unloadable = files.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  const failed = count('failed') + unloadable;
  return {
    passed: count('passed'),
    failed: failed === 0 && failedRuns > 0 ? failedRuns : failed,
    skipped: tests.filter((test) => !['passed', 'failed'].includes(test.status)).map((test) => test.fullName),
    slowest: tests
      .map((test) => ({ name: test.fullName, ms: test.duration ?? 0, file: test.file }))
      .sort((a, b) => b.ms - a.ms)
      .slice(0, 10),
  };
}
