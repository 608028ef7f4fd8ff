// The sample process in each language: from nothing to a completed process, the start of the worker, and its memory.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { importSource } from '../scripts/import-source.mjs';
import { provideTemporal } from '../scripts/test-programs.mjs';
import { inTurns, median, run } from './measure.mjs';

const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';
/** Creating a Java project builds it, and a Python project needs no build. */
const LANGUAGES = { TypeScript: { build: [NPM, 'run', '--silent', 'build'] }, Java: {}, Python: {} };
const ROUNDS = 3;
const PROCESSES = 20;
/** How long the worker may settle before its memory is read. */
const SETTLE_MS = 5_000;
const PORTS = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
const WORKER_PORTS = { WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' };

/** Where the projects of a stage are created, with which programs, and the languages that this machine has tools for. */
export async function prepareLanguages(root, installed, home, say) {
  provideTemporal(say);
  const { missingJdk } = await importSource(root, 'test/support/jdk.ts');
  const skipped = missingJdk();
  const languages = Object.keys(LANGUAGES).filter((language) => language !== 'Java' || skipped === undefined);
  const { uvEnvironment } = await importSource(root, 'test/support/uv.ts');
  const env = await uvEnvironment();
  await mkdir(home, { recursive: true });
  return { place: { root, installed, home, env }, languages, skipped };
}

/** What was measured in each language, or why it was skipped. */
export function describeLanguages(results, skipped, describe) {
  return Object.keys(LANGUAGES)
    .map((language) =>
      language in results ? `${language} ${describe(results[language], language)}` : `${language} skipped: ${skipped}`,
    )
    .join('; ');
}

export async function measureLanguages(root, installed, folder, say) {
  const { place, languages, skipped } = await prepareLanguages(root, installed, join(folder, 'languages'), say);
  const results = Object.fromEntries(languages.map((language) => [language, []]));
  const contenders = languages.map((language) => [
    language,
    async (round) => {
      const result = await measureRound(place, language, round);
      if (result === undefined) return 0;
      say(`${language} ${JSON.stringify(result)}`);
      results[language].push(result);
      return result.total;
    },
  ]);
  await inTurns(Object.fromEntries(contenders), ROUNDS);

  const row = (what, measured) => ({
    what,
    measured: describeLanguages(results, skipped, (rounds, language) =>
      measured((figure) => median(rounds.map((round) => round[figure])), language),
    ),
  });
  return [
    row('from `create` to the first completed process, package caches warm', (of, language) => {
      const build = LANGUAGES[language].build === undefined ? '' : `, build ${seconds(of('build'))}`;
      return `${seconds(of('total'))} (create and install ${seconds(of('create'))}${build}, simulate ${seconds(of('simulate'))})`;
    }),
    row('worker: from its start until it polls', (of) => seconds(of('polls'))),
    row(
      `worker: memory (RSS) when idle, and after ${PROCESSES} parallel processes`,
      (of) => `${megabytes(of('idle'))}, ${megabytes(of('used'))}`,
    ),
  ];
}

/** Creates a project with its dependencies. Returns milliseconds. */
async function createProject({ installed, home, env }, language, name) {
  const options = ['--language', language.toLowerCase(), '--local', '--yes', '--no-git', '--no-check'];
  const cli = ['--cli-package', `file:${installed.tarball}`];
  return (await run(process.execPath, [installed.create, name, ...options, ...cli], { cwd: home, env })).ms;
}

/** Returns milliseconds. */
async function buildProject(language, project) {
  const [tool, ...args] = LANGUAGES[language].build ?? [];
  return tool === undefined ? 0 : (await run(tool, args, { cwd: project })).ms;
}

/** Milliseconds and kilobytes. The warm-up only fills the package caches and returns undefined. */
async function measureRound(place, language, round) {
  const { root, installed, home } = place;
  const name = `${language.toLowerCase()}${round + 1}`;
  const project = join(home, name);
  try {
    const create = await createProject(place, language, name);
    if (round < 0) return undefined;
    const build = await buildProject(language, project);
    const worker = await workerCommand(root, project);
    const simulate = ['dev', 'simulate', 'LOAN', ...PORTS, '--', ...worker];
    const simulated = await run(process.execPath, [installed.kuflow, ...simulate], { cwd: project });
    return {
      total: create + build + simulated.ms,
      create,
      build,
      simulate: simulated.ms,
      ...(await measureWorker(root, project, worker)),
    };
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

/** The command of the image, with the paths of this project. */
async function workerCommand(root, project) {
  const { findProgram } = await importSource(root, 'src/languages/java/jdk.ts');
  const [, entryPoint] = /^ENTRYPOINT (.+)$/m.exec(await readFile(join(project, 'Dockerfile'), 'utf8'));
  const elsewhere = {
    node: process.execPath,
    java: findProgram('java', process.env),
    'app.jar': 'target/app.jar',
    '/app/.venv/bin/python': '.venv/bin/python',
  };
  return JSON.parse(entryPoint).map((word) => elsewhere[word] ?? word);
}

/** Calls `use` while the worker polls the task queue of `definitions`, which they share. `polls`: milliseconds until it did. */
async function withWorker(root, project, [program, ...args], definitions, use, workerEnv = {}) {
  const { startPlatform, platformEnvironment } = await import('../dist/platform.js');
  const { processUser } = await importSource(root, 'test/support/process-user.ts');
  const { listWorkflowPollers } = await importSource(root, 'src/platform/temporal/pollers.ts');
  const { until } = await importSource(root, 'test/support/until.ts');
  const platform = await startPlatform({
    stateDir: join(project, '.kuflow', 'bench'),
    temporalPath: process.env.KUFLOW_TEMPORAL_PATH,
    definitions,
  });
  try {
    const user = await processUser(platform);
    const access = { ...platform, ...platform.identity, caBundleFile: platform.caFile };
    const env = { ...process.env, ...platformEnvironment(access), ...WORKER_PORTS };
    const started = performance.now();
    const worker = spawn(program, args, { cwd: project, env: { ...env, ...workerEnv }, stdio: 'ignore' });
    const ended = once(worker, 'exit');
    try {
      const address = platform.endpoints.temporal;
      const queue = { address, namespace: platform.identity.namespace, taskQueue: definitions[0].workflow.taskQueue };
      await until('the worker polls', async () => (await listWorkflowPollers(queue)).length > 0);
      return await use({ pid: worker.pid, user, env, polls: performance.now() - started });
    } finally {
      worker.kill();
      await ended;
      await user.close();
    }
  } finally {
    await platform.stop();
  }
}

/** Creates and builds a project, and calls `use` while its worker polls. `workerEnv`: further environment of the worker alone. */
export async function withNewWorker(place, language, name, definitions, use, workerEnv) {
  const { root, home } = place;
  const project = join(home, name);
  await createProject(place, language, name);
  await buildProject(language, project);
  const worker = await workerCommand(root, project);
  const useProject = async (running) => await use({ ...running, project });
  return await withWorker(root, project, worker, definitions, useProject, workerEnv);
}

async function measureWorker(root, project, worker) {
  const { sampleDefinition } = await importSource(root, 'src/process/sample.ts');
  return await withWorker(root, project, worker, [sampleDefinition()], async ({ pid, user, polls }) => {
    await pause(SETTLE_MS);
    const idle = residentMemory(pid);
    await Promise.all(Array.from({ length: PROCESSES }, () => runProcess(user)));
    await pause(SETTLE_MS);
    return { polls, idle, used: residentMemory(pid) };
  });
}

/** Runs the sample process, or another one with its tasks, to its end. */
export async function runProcess(user, code = 'LOAN', lastName = 'B') {
  const id = await user.start(code);
  await user.complete(id, 'LOAN_APPLICATION', { firstName: 'A', lastName, currency: 'EUR', amount: 1 });
  await user.complete(id, 'APPROVE_LOAN', { approved: true });
  await user.completed(id);
}

const residentMemory = (pid) => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const megabytes = (kilobytes) => `${(kilobytes / 1024).toFixed(0)} MB`;
