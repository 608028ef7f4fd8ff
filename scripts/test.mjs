// `npm test`: builds, gets a Temporal server and a browser, and runs all tests. Prints what it got, the seconds per stage and the slowest tests.
// `npm run soak` (`--soak`): the tests named soak in full length, and all package managers.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

const before = changedFiles();
mkdirSync(output, { recursive: true });
rmSync(join(output, 'summary.json'), { force: true });

await stage('build', async () => {
  if ((await node(['scripts/build.mjs'])) !== 0) process.exit(1);
});
await stage('Temporal', () => provideTemporal());
await stage('Chromium', () => provideChromium());
if (soak) {
  process.env.KUFLOW_SOAK = '1';
  await tests('unit', { filters: ['mutations'] });
  await tests('e2e', { filters: ['soak', 'package-managers', 'workspaces', 'python-tools', 'hostile', 'old-cores'] });
} else {
  // Both wait more than they compute. The output of the page tests follows.
  const log = join(output, 'page.log');
  const page = tests('page', { log });
  await tests('unit');
  await tests('e2e');
  await page;
  console.log(`\n── output of the page tests\n${readFileSync(log, 'utf8')}`);
}

const left = changedFiles().filter((line) => !before.includes(line));
if (left.length > 0) {
  console.error(`\nthe tests left changes in the repository:\n${left.join('\n')}`);
  failedRuns += 1;
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

/** What `git status` lists. Empty without a repository. */
function changedFiles() {
  const { status, stdout } = spawnSync('git', ['status', '--porcelain', '--untracked-files=all'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.split('\n').filter((line) => line !== '') : [];
}

async function stage(name, work) {
  const started = performance.now();
  console.log(`\n── ${name}`);
  await work();
  seconds.push([name, (performance.now() - started) / 1000]);
}

async function tests(project, { filters = [], log } = {}) {
  const file = join(output, `results-${project}.json`);
  rmSync(file, { force: true });
  await stage(`tests: ${project}`, async () => {
    const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const status = await node(['node_modules/vitest/vitest.mjs', ...args, '--passWithNoTests', ...filters], log);
    if (status !== 0) failedRuns += 1;
    try {
      reports.push(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      console.error(`no results from the ${project} tests`);
      failedRuns += 1;
    }
  });
}

/** Runs Node with these arguments and returns its exit status. With `log`, its output goes to that file. */
async function node(args, log) {
  const out = log === undefined ? 'inherit' : openSync(log, 'w');
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['inherit', out, out] });
  const [status] = await once(child, 'close');
  if (log !== undefined) closeSync(out);
  return status ?? 1;
}
