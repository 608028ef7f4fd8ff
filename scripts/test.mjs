// `npm test`: builds, gets a Temporal server and a browser, and runs all tests. Prints what it got, the seconds per stage, the slowest tests and
// what files waited for. With `--built` it does not build. A few files that failed run once more, when nothing else runs: tests that fail on a
// busy machine only are named, and do not count as failed.
// `npm run test:quick` (`--quick`): the unit tests and one journey.
// `npm run soak` (`--soak`): the files that read KUFLOW_SOAK in full length, such as all package managers. Before that, the unit tests, those that
// start processes, and a journey with each supported Node.js.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { freemem, setPriority } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { ROOT } from './bundle.mjs';
import { provideChromium, provideContainers, provideTemporal } from './test-programs.mjs';
import { installedNode, SUPPORTED_NODES } from './installed-node.mjs';
import { failures, replaceFiles, summarise, summariseCosts } from './test-summary.mjs';

const output = join(ROOT, '.test-output');
const [built, quick, soak] = ['--built', '--quick', '--soak'].map((option) => process.argv.includes(option));
const seconds = [];
/** @type {Map<string, { report?: any, status: number }>} */
const runs = new Map();
const costs = [];
/** More files than this do not fail because the machine is busy. */
const MAX_AGAIN = 3;
/** Of `nice`. */
const BELOW_NORMAL = 5;
/** Builds images for minutes, so it runs alone. */
const IMAGES = join('test', 'e2e', 'images.test.ts');

process.env.NODE_OPTIONS = withCompileLess(process.env.NODE_OPTIONS);
// With fewer garbage collections, Go programs, such as Temporal servers, need a fifth less processor time.
process.env.GOGC ??= '400';
// With this variable, Python compiles its packages again at every start: over half of the processor time that a worker needs to start.
delete process.env.PYTHONDONTWRITEBYTECODE;

const before = changedFiles();
mkdirSync(output, { recursive: true });
rmSync(join(output, 'summary.json'), { force: true });

if (!built)
  await stage('build', async () => {
    if ((await node(['scripts/build.mjs'])) !== 0) process.exit(1);
  });
await stage('Temporal', () => provideTemporal());
if (!quick) await stage('Chromium', () => provideChromium());
if (soak) {
  await stage('containers', () => provideContainers());
  for (const version of SUPPORTED_NODES) {
    const program = await installedNode(version);
    const label = `node-${version}`;
    for (const project of ['unit', 'process']) await tests(project, { label, program });
    await tests('e2e', { filters: ['journey'], label, program });
  }
  process.env.KUFLOW_SOAK = '1';
  await tests('e2e', { filters: [IMAGES], label: 'images' });
  for (const project of ['e2e', 'unit', 'process'])
    await tests(project, { filters: soakFiles(project).filter((file) => file !== IMAGES) });
} else if (quick) {
  const title = '(TypeScript) runs to its end in simulate';
  const journey = tests('e2e', { filters: ['journey'], title, background: true });
  await tests('unit');
  await journey;
  printOutput('e2e');
} else {
  // The end-to-end tests wait more than they compute. The others take what they leave of the processors.
  const others = ['unit', 'page', 'process'];
  const all = (async () => {
    for (const project of others) await tests(project, { background: true, priority: BELOW_NORMAL });
  })();
  await tests('e2e');
  await all;
  for (const project of others) printOutput(project);
}
const unsteady = quick || soak ? [] : await runFailedFilesAgain();

const left = changedFiles().filter((line) => !before.includes(line));
if (left.length > 0) {
  console.error(`\nthe tests left changes in the repository:\n${left.join('\n')}`);
}
const reports = [...runs.values()].flatMap(({ report }) => report ?? []);
const failedRuns = [...runs.values()].filter(({ status }) => status !== 0).length + (left.length > 0 ? 1 : 0);
const summary = summarise(reports, failedRuns);
const print = (value, text) => console.log(`  ${value.toFixed(1).padStart(7)}  ${text}`);
console.log('\nseconds per stage');
for (const [name, spent] of seconds) print(spent, name);
console.log('processor seconds of the tests, without processes that outlive their parent');
for (const { project, cpu } of costs) print(cpu, project);
console.log('files with the most processor seconds');
const files = costs.flatMap((cost) => cost.files).sort((a, b) => b.cpu - a.cpu);
for (const { file, cpu } of files.slice(0, 10)) print(cpu, file);
console.log('seconds that a file waited for what another one used');
for (const { file, resource, seconds: waited } of costs.flatMap(({ waits }) => waits))
  print(waited, `${file}: ${resource}`);
console.log('ten slowest tests');
for (const { name, ms, file } of summary.slowest) print(ms / 1000, `${relative(ROOT, file)}: ${name}`);
for (const name of summary.skipped) console.log(`skipped: ${name}`);
for (const failure of unsteady) console.log(`passed only when it ran again: ${describe(failure)}`);
for (const failure of failures(reports)) console.log(`failed: ${describe(failure)}`);
writeFileSync(join(output, 'summary.json'), JSON.stringify({ passed: summary.passed, failed: summary.failed }));
console.log(`${summary.passed} passed, ${summary.failed} failed`);
process.exitCode = summary.failed === 0 ? 0 : 1;

/**
 * A new folder in memory for the temporary files of tests. On a disk, tests wait for it, because the code writes files in a way that survives
 * a crash, and Temporal servers need twice the processor time. Undefined without such memory, or if it is small or cannot contain programs.
 */
function memoryFolder() {
  const parent = '/dev/shm';
  const TMPFS = 0x01021994;
  if (process.platform !== 'linux' || !existsSync(parent)) return undefined;
  const { type, bavail, bsize } = statfsSync(parent);
  if (type !== TMPFS || Math.min(bavail * bsize, freemem()) < 6e9) return undefined;
  const folder = mkdtempSync(join(parent, 'kuflow-tests-'));
  // Like /tmp: some tests act as another user.
  chmodSync(folder, 0o1777);
  const program = join(folder, 'program.sh');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  if (spawnSync(program).status === 0) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

/** The test files of a project that read KUFLOW_SOAK: `npm test` runs only a part of them. */
function soakFiles(project) {
  const folder = join('test', project);
  return readdirSync(join(ROOT, folder), { recursive: true })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith('.test.ts') && readFileSync(join(ROOT, file), 'utf8').includes('KUFLOW_SOAK'));
}

/** These options of Node.js with those of scripts/compile-less.cjs. */
function withCompileLess(options = '') {
  const path = join(ROOT, 'scripts/compile-less.cjs');
  return options.includes('compile-less.cjs') ? options : `${options} --require ${JSON.stringify(path)}`.trim();
}

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

/**
 * Runs the tests of a project. `filters`: parts of the paths of files. `title`: the tests to run of these files. `background`: their output
 * is printed later, by `printOutput`. `priority`: of the processes. `program`: the Node.js to use instead of this one. `label`: distinguishes
 * runs of the same project.
 */
async function tests(project, { filters = [], title, background = false, priority, label, program } = {}) {
  const name = label === undefined ? project : `${project}-${label}`;
  const file = join(output, `results-${name}.json`);
  const costFile = join(output, `costs-${name}.jsonl`);
  for (const path of [file, costFile]) rmSync(path, { force: true });
  await stage(`tests: ${name}`, async () => {
    const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    args.push('--passWithNoTests', ...filters, ...(title === undefined ? [] : ['-t', title.replace(/[()]/g, '\\$&')]));
    const log = background ? logOf(name) : undefined;
    const memory = memoryFolder();
    const env = { KUFLOW_TEST_COSTS: costFile, ...(memory !== undefined && { TMPDIR: memory }) };
    const status = await node(['node_modules/vitest/vitest.mjs', ...args], { log, env, priority, program });
    // A process that ends may still write.
    if (memory !== undefined) rmSync(memory, { recursive: true, force: true, maxRetries: 20 });
    runs.set(name, { status });
    try {
      const report = JSON.parse(readFileSync(file, 'utf8'));
      // What the title leaves out is not skipped.
      for (const tested of title === undefined ? [] : report.testResults)
        tested.assertionResults = tested.assertionResults.filter(({ fullName }) => fullName.includes(title));
      runs.set(name, { status, report });
    } catch {
      console.error(`no results from the ${name} tests`);
      runs.set(name, { status: 1 });
    }
    if (existsSync(costFile)) costs.push({ project: name, ...summariseCosts(readFileSync(costFile, 'utf8')) });
  });
}

function describe({ file, name, message }) {
  return `${relative(ROOT, file)}: ${name}\n${message}`;
}

/** Returns the failures of tests that pass only now. */
async function runFailedFilesAgain() {
  const failed = [...runs].map(([project, run]) => ({ project, run, tests: failures(run.report ? [run.report] : []) }));
  const files = (tests) => [...new Set(tests.map(({ file }) => file))];
  if (files(failed.flatMap((entry) => entry.tests)).length > MAX_AGAIN) return [];
  const passed = [];
  for (const { project, run, tests: before } of failed.filter((entry) => entry.tests.length > 0)) {
    for (const failure of before) console.log(`\nfailed, runs again: ${describe(failure)}`);
    await tests(project, { filters: files(before).map((file) => relative(ROOT, file)) });
    const { status, report } = runs.get(project);
    const after = report ? failures([report]) : before;
    passed.push(...before.filter(({ name }) => !after.some((failure) => failure.name === name)));
    runs.set(project, { status, report: replaceFiles(run.report, report) });
  }
  return passed;
}

function logOf(project) {
  return join(output, `${project}.log`);
}

function printOutput(project) {
  console.log(`\n── output of the ${project} tests\n${readFileSync(logOf(project), 'utf8')}`);
}

/**
 * Runs Node with these arguments and returns its exit status. With `log`, its output goes to that file. `program`: another Node, which the
 * programs that it starts use too.
 */
async function node(args, { log, env = {}, priority, program = process.execPath } = {}) {
  const out = log === undefined ? 'inherit' : openSync(log, 'w');
  const PATH = [dirname(program), process.env.PATH].join(delimiter);
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...(program !== process.execPath && { PATH }), ...env },
    stdio: ['inherit', out, out],
  });
  if (priority !== undefined && child.pid !== undefined) setPriority(child.pid, priority);
  const [status] = await once(child, 'close');
  if (log !== undefined) closeSync(out);
  return status ?? 1;
}
