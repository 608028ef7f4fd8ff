// `npm run demo [-- [--folder <folder>] [--json]]`: creates a worker with this build, and runs one process to completion on a local KuFlow. Keeps the
// installed project for the next run of the same build, which then does not need the network.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kuflow = join(root, 'bin', 'kuflow.js');
const { values } = parseArgs({
  options: { folder: { type: 'string', default: '.kuflow/demo' }, json: { type: 'boolean', default: false } },
});
const home = resolve(values.folder);
const workerLog = join(home, 'worker.log');
const stages = [];

/** A command that failed, and has said why. */
class StageFailure extends Error {
  constructor(status) {
    super(`A command ended with status ${status}`);
    this.status = status;
  }
}

// Ctrl-C also reaches the commands, which stop what they started.
process.on('SIGINT', () => undefined);
try {
  await runStages();
} catch (error) {
  if (!(error instanceof StageFailure)) throw error;
  process.exitCode = error.status;
}

async function runStages() {
  await mkdir(home, { recursive: true });
  const { id, tarball } = await stage('Pack this package', packPackage);
  const project = join(home, id, 'loan-worker');
  await stage('Create and install the worker', () => createProject(project, tarball));
  const { platform, closed } = await stage('Start a local KuFlow', () => startPlatform(project));
  let simulation;
  try {
    const checks = ['doctor', '--local', '--only', 'KF-ENGINE-002'];
    await stage('Check the connection', () => requireKuFlow(checks, { cwd: project, stdout: process.stderr }));
    simulation = await stage('Run one process', () => simulate(project));
  } finally {
    // It stops when its standard input ends.
    platform.stdin.end();
    await closed;
    console.error('Stopped everything');
  }
  const { status, stdout } = simulation;
  process.exitCode = status;
  if (values.json && stdout !== '')
    console.log(JSON.stringify({ project, workerLog, simulation: JSON.parse(stdout), stages }));
  else if (status === 0) printNextSteps(project);
  else console.error(`The worker log is in ${relative(process.cwd(), workerLog)}`);
}

async function stage(name, work) {
  console.error(`\n${name}`);
  const started = performance.now();
  const result = await work();
  stages.push({ name, ms: Math.round(performance.now() - started) });
  return result;
}

/** The id is a hash of the archive, so that a changed build gets a new project. */
async function packPackage() {
  const folder = await mkdtemp(join(home, 'pack-'));
  try {
    const options = ['--json', '--ignore-scripts', '--offline', '--pack-destination', folder];
    const { stdout } = await execa('npm', ['pack', root, ...options], { cwd: folder });
    const [{ filename }] = JSON.parse(stdout);
    const packed = join(folder, filename);
    const id = createHash('sha256')
      .update(await readFile(packed))
      .digest('hex')
      .slice(0, 12);
    await mkdir(join(home, id), { recursive: true });
    const tarball = join(home, id, filename);
    await rename(packed, tarball);
    return { id, tarball };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function createProject(project, tarball) {
  // npm writes this file last: if it exists, the installation is complete.
  if (existsSync(join(project, 'node_modules', '.package-lock.json'))) return;
  await rm(project, { recursive: true, force: true });
  const options = ['--local', '--yes', '--json', '--no-git', '--no-check', '--cli-package', `file:${tarball}`];
  await requireKuFlow(['create', project, ...options], { stdout: 'ignore' });
}

async function startPlatform(project) {
  const args = [kuflow, 'dev', '--json'];
  const platform = spawn(process.execPath, args, { cwd: project, stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(platform, 'close');
  // The first line says that it is ready. The others are events.
  const status = await Promise.race([once(platform.stdout, 'data').then(() => 0), closed.then(([code]) => code || 1)]);
  if (status !== 0) throw new StageFailure(status);
  platform.stdout.resume();
  return { platform, closed };
}

async function simulate(project) {
  await rm(workerLog, { force: true });
  const options = ['--worker-log', workerLog, ...(values.json ? ['--json'] : [])];
  const command = [process.execPath, '--import', 'tsx', 'src/main.ts'];
  return await runKuFlow(['dev', 'simulate', ...options, '--', ...command], {
    cwd: project,
    stdout: values.json ? 'pipe' : 'inherit',
  });
}

/** Returns the status, and the standard output if it is piped. */
async function runKuFlow(args, options) {
  const { exitCode, stdout } = await execa(process.execPath, [kuflow, ...args], {
    stdin: 'ignore',
    stderr: 'inherit',
    reject: false,
    cleanup: false,
    ...options,
  });
  return { status: exitCode ?? 1, stdout };
}

async function requireKuFlow(args, options) {
  const { status } = await runKuFlow(args, options);
  if (status !== 0) throw new StageFailure(status);
}

function printNextSteps(project) {
  console.error(`
Next steps:
  cd ${relative(process.cwd(), project)}
  npm run dev      run the local KuFlow and the worker, reloaded on changes
  npm run smoke    run one process from start to end
  npm test         run the tests of the worker
Or create your own worker: npx create-kuflow-worker my-worker --local --yes`);
}
