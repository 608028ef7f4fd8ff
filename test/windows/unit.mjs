import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const EXPECTED = join(import.meta.dirname, 'expected-failures.json');

/**
 * Runs the unit tests with Node for Windows. Throws if a test fails that is not listed in expected-failures.json, or if a listed one passes. The
 * list may only get shorter.
 */
export async function runUnitTests(wine, root) {
  const failures = JSON.parse(readFileSync(EXPECTED, 'utf8'));
  const repository = join(wine.drive, 'repository');
  rmSync(repository, { recursive: true, force: true });
  mkdirSync(repository);
  // With the libraries of projects, which the build contains.
  const files = `${execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })}dist/libraries\0`;
  execFileSync('tar', ['cf', join(repository, 'files.tar'), '--null', '-T', '-'], { cwd: root, input: files });
  execFileSync('tar', ['xf', 'files.tar'], { cwd: repository });
  const options = ['--os=win32', '--cpu=x64', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  execFileSync('npm', ['ci', ...options], { cwd: repository, stdio: 'inherit' });
  // Wine is slow with files.
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', '--testTimeout=900000'];
  const report = ['--reporter=json', '--outputFile=unit.json'];
  const ran = await wine.node(repository, [...vitest, ...report], { CI: '' });
  let results;
  try {
    results = JSON.parse(readFileSync(join(repository, 'unit.json'), 'utf8'));
  } catch (error) {
    throw new Error(`The unit tests did not run:\n${ran.stdout}\n${ran.stderr}`, { cause: error });
  }
  const { failed, differences } = compareFailures(results, failures);
  if (differences.length > 0) throw new Error(differences.join('\n'));
  return `${results.numPassedTests} passed, ${failed.length} failed as expected, ${results.numPendingTests} skipped`;
}

/** The failed tests of a report, and how they differ from the expected ones. */
function compareFailures({ testResults }, expected) {
  const failed = testResults.flatMap(({ name, message, assertionResults }) => {
    const file = name.replaceAll('\\', '/').replace(/^.*\/repository\//, '');
    if (assertionResults.length === 0) return [`${file}: ${message}`];
    return assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => `${file}: ${fullName}`);
  });
  const unexpected = failed.filter((test) => expected[test] === undefined);
  const passed = Object.keys(expected).filter((test) => !failed.includes(test));
  const differences = [
    ...unexpected.map((test) => `Failed: ${test}`),
    ...passed.map((test) => `No longer fails, so remove it from expected-failures.json: ${test}`),
  ];
  return { failed, differences };
}
