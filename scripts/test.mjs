// `npm test`: builds, gets a Temporal server and a browser, and runs all tests. Prints what it got, the seconds per stage and the slowest tests.
// `npm run soak` (`--soak`): the tests named soak in full length, and all package managers.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './bundle.mjs';
import { provideChromium } from './chromium.mjs';
import { provideTemporal } from './temporal.mjs';
import { summarise } from './test-summary.mjs';

const output = join(ROOT, '.test-output');
const soak = process.argv.includes('--soak');
const seconds = [];
const reports = [];
let failedRuns = 0;

mkdirSync(output, { recursive: true });
rmSync(join(output, 'summary.json'), { force: true });

stage('build', () => {
  if (node(['scripts/build.mjs']) !== 0) process.exit(1);
});
stage('Temporal', () => provideTemporal());
stage('Chromium', () => provideChromium());
if (soak) {
  process.env.KUFLOW_SOAK = '1';
  tests('e2e', ['soak', 'package-managers']);
} else {
  tests('unit', []);
  tests('e2e', []);
  tests('page', []);
}

const summary = summarise(reports, failedRuns);
console.log('\nseconds per stage');
for (const [name, spent] of seconds) console.log(`  ${spent.toFixed(1).padStart(7)}  ${name}`);
console.log('ten slowest tests');
for (const { name, ms, file } of summary.slowest)
  console.log(`  ${(ms / 1000).toFixed(1).padStart(7)}  ${relative(ROOT, file)}: ${name}`);
for (const name of summary.skipped) console.log(`skipped: ${name}`);
writeFileSync(join(output, 'summary.json'), JSON.stringify({ passed: summary.passed, failed: summary.failed }));
console.log(`${summary.passed} passed, ${summary.failed} failed`);
process.exitCode = summary.failed === 0 ? 0 : 1;

function stage(name, work) {
  const started = performance.now();
  console.log(`\n── ${name}`);
  work();
  seconds.push([name, (performance.now() - started) / 1000]);
}

function tests(project, filters) {
  const file = join(output, `results-${project}.json`);
  rmSync(file, { force: true });
  stage(`tests: ${project}`, () => {
    const status = node([
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      '--passWithNoTests',
      ...filters,
    ]);
    if (status !== 0) failedRuns += 1;
    try {
      reports.push(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      console.error(`no results from the ${project} tests`);
      failedRuns += 1;
    }
  });
}

function node(args) {
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
