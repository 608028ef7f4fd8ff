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

/**
 * What failed in vitest's JSON reports, with the start of its messages. For a file that could not be loaded, the name is that of the file.
 * @param {readonly any[]} reports
 * @returns {{ file: string, name: string, message: string }[]}
 */
export function failures(reports) {
  const start = (message) =>
    message
      .split('\n')
      .filter((line) => !line.includes('/node_modules/'))
      .slice(0, 12)
      .join('\n');
  return reports
    .flatMap((report) => report.testResults)
    .filter((file) => file.status === 'failed')
    .flatMap((file) => {
      const failed = file.assertionResults.filter((test) => test.status === 'failed');
      if (failed.length === 0) return [{ file: file.name, name: file.name, message: start(file.message ?? '') }];
      return failed.map((test) => ({
        file: file.name,
        name: test.fullName,
        message: start((test.failureMessages ?? []).join('\n')),
      }));
    });
}

/**
 * A copy of this report in which the files of a later report replace the same files. Without a later report, nothing changes.
 * @param {any} report
 * @param {any} later
 */
export function replaceFiles(report, later) {
  const again = new Map((later?.testResults ?? []).map((file) => [file.name, file]));
  return { ...report, testResults: report.testResults.map((file) => again.get(file.name) ?? file) };
}

/**
 * Adds up the lines of test/support/cost.ts: the processor seconds of all files, the files that needed the most of them, and each wait of at
 * least a second for something that files share.
 * @param {string} text
 * @returns {{ cpu: number, files: { file: string, cpu: number }[], waits: { file: string, resource: string, seconds: number }[] }}
 */
export function summariseCosts(text) {
  const records = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  const files = records.filter(({ cpu }) => cpu !== undefined).map(({ file, cpu }) => ({ file, cpu }));
  /** @type {Map<string, { file: string, resource: string, seconds: number }>} */
  const waits = new Map();
  for (const { file, resource, waited } of records.filter((record) => record.waited !== undefined)) {
    const before = waits.get(`${file} ${resource}`)?.seconds ?? 0;
    waits.set(`${file} ${resource}`, { file, resource, seconds: before + waited });
  }
  return {
    cpu: files.reduce((sum, { cpu }) => sum + cpu, 0),
    files: files.sort((a, b) => b.cpu - a.cpu).slice(0, 10),
    waits: [...waits.values()].filter(({ seconds }) => seconds >= 1).sort((a, b) => b.seconds - a.seconds),
  };
}
