import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { execa } from 'execa';
import { KnownError, messageOf } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { nodeProgram } from '../../base/node-program.ts';
import { packageRoot, packageVersion } from '../../base/package-root.ts';
import { shellPath } from '../../base/shell.ts';
import type { CommandContext } from '../../cli/context.ts';
import { renameFile } from '../../files/rename.ts';
import { platformAccessEnvironment, startDevPlatform } from '../../platform/session/start.ts';
import { platformReporter } from '../../platform/session/view.ts';
import { sampleDefinition } from '../../process/sample.ts';
import { prepareProject, writeProject } from '../../project/scaffold.ts';
import { openProgress, type Progress } from '../../terminal/progress.ts';
import { checkProjectConnection } from '../create/check-project.ts';
import { checkReporter, scaffoldReporter } from '../create/view.ts';
import { simulate, type SimulateResult } from './simulate/simulation.ts';
import { printSimulation, simulationReporter } from './simulate/view.ts';

/** The result, which `--json` prints. */
export interface DemoResult {
  /** Absolute folder of the project. */
  readonly project: string;
  /** Path of the worker log. */
  readonly workerLog: string;
  readonly simulation: SimulateResult;
  /** In order; durations in milliseconds. */
  readonly stages: readonly { readonly name: string; readonly ms: number }[];
}

export async function runDemo(
  flags: { readonly folder: string; readonly json?: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const progress = openProgress(terminal.err);
  try {
    const result = await runDemoStages(flags.folder, context, progress);
    progress.end('done', 'Stopped everything');
    context.setStatus(result.simulation.status);
    if (flags.json === true) {
      terminal.out.json(result);
      return;
    }
    printSimulation(terminal.out, result.simulation);
    const folder = shellPath(relative(context.cwd, result.project));
    if (result.simulation.status === 0) {
      terminal.err.line('\nNext steps:');
      terminal.err.line(`  cd ${escapeForTerminal(folder, Infinity)}`);
      terminal.err.line('  npm run dev      run the local KuFlow and the worker, reloaded on changes');
      terminal.err.line('  npm run smoke    run one process from start to end');
      terminal.err.line('  npm test         run the tests of the worker');
      terminal.err.line('Or create your own worker: npx create-kuflow-worker my-worker --local --yes');
    } else
      terminal.err.line(`The worker log is in ${escapeForTerminal(relative(context.cwd, result.workerLog), 1000)}`);
  } finally {
    progress.stop();
  }
}

const TIMEOUT_MS = 120_000;

/**
 * Starts a platform, creates and installs a project for the sample process, checks the connection, and runs one process to completion.
 * Keeps the installed project for the next run of the same build, which then does not need the network. Rejects with KnownError at the first
 * stage that fails, after stopping everything.
 */
async function runDemoStages(folder: string, context: CommandContext, progress: Progress): Promise<DemoResult> {
  const { env, terminal } = context;
  const signal = context.interruption();
  const report = platformReporter({ progress, requests: false, processes: false });
  const home = resolve(context.cwd, folder);
  await mkdir(home, { recursive: true });
  const stages: { name: string; ms: number }[] = [];
  const stage = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    progress.stop();
    terminal.err.line(`\n${name}`);
    const started = performance.now();
    const result = await work();
    stages.push({ name, ms: Math.round(performance.now() - started) });
    return result;
  };

  const packed = await stage('Pack this package', () => packPackage(home));
  const definition = sampleDefinition();
  const stateDir = join(home, 'platform');
  const platform = await stage('Start a local KuFlow', () =>
    startDevPlatform({ cwd: home, env, definitions: [definition], stateDir, report, signal }),
  );
  try {
    const project = join(home, packed.id, 'loan-worker');
    await stage('Create and install the worker', () => createDemoProject(project, packed.tarball, context, progress));
    const environment = platformAccessEnvironment(platform.state, env);
    await stage('Check the connection', async () => {
      const options = { env: environment, report: checkReporter(progress), signal };
      const { status, firstFailure, next } = await checkProjectConnection(project, options);
      if (status !== 0)
        throw new KnownError({
          message: `The connection check failed: ${firstFailure?.title ?? 'see above'}`,
          next,
          status,
        });
    });
    const workerLog = join(home, 'worker.log');
    await rm(workerLog, { force: true });
    const simulation = await stage('Run one process', () =>
      simulate({
        cwd: project,
        env,
        definitions: [definition],
        stateDir,
        command: [nodeProgram(), '--import', 'tsx', 'src/main.ts'],
        timeoutMs: TIMEOUT_MS,
        output: { file: workerLog },
        onStep: simulationReporter(progress, { sharesTerminal: false }),
        report,
        signal,
      }),
    );
    return { project, workerLog, simulation, stages };
  } finally {
    await platform.stop();
  }
}

/** Packs this package for the project to install. The id is a hash of the tarball, so that a changed build gets a new project. */
async function packPackage(home: string): Promise<{ readonly tarball: string; readonly id: string }> {
  const folder = await mkdtemp(join(home, 'pack-'));
  try {
    const options = ['--json', '--ignore-scripts', '--offline', '--pack-destination', folder];
    const { stdout } = await execa('npm', ['pack', packageRoot(), ...options], { cwd: folder });
    const [packed] = JSON.parse(stdout) as readonly { readonly filename: string }[];
    if (packed === undefined) throw new Error('npm pack did not name a file');
    const bytes = await readFile(join(folder, packed.filename));
    const id = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
    await mkdir(join(home, id), { recursive: true });
    const tarball = join(home, id, packed.filename);
    await renameFile(join(folder, packed.filename), tarball);
    return { tarball, id };
  } catch (error) {
    throw new KnownError({
      message: 'Cannot pack this package for the project',
      tried: 'npm pack',
      seen: messageOf(error),
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function createDemoProject(
  project: string,
  tarball: string,
  context: CommandContext,
  progress: Progress,
): Promise<void> {
  // npm writes this file last: if it exists, the installation is complete.
  const installed = existsSync(join(project, 'node_modules', '.package-lock.json'));
  const prepared = await prepareProject({
    folder: project,
    spec: {
      name: 'loan-worker',
      language: 'typescript',
      definition: sampleDefinition(),
      definitionSource: 'sample',
      local: true,
      packageManager: 'npm',
      cliPackage: `file:${tarball}`,
    },
    overwrite: [],
    version: packageVersion(),
    command: 'npm run demo',
  });
  const { install } = await writeProject(prepared, {
    install: !installed,
    git: false,
    env: context.env,
    signal: context.interruption(),
    report: scaffoldReporter(progress),
  });
  if (install.kind === 'failed') {
    throw new KnownError({
      message: 'Cannot install the dependencies of the worker',
      tried: `${install.command} in ${project}`,
      seen: `${install.seen}\n${install.output}`,
      next: ['Check the output of npm above, and run the demo again'],
    });
  }
  if (install.kind === 'interrupted') context.interruption().throwIfAborted();
}
