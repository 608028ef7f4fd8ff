import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { renameFile } from '../../../files/rename.ts';
import { KnownError, messageOf } from '../../../base/errors.ts';
import { nodeProgram } from '../../../base/node-program.ts';
import { packageRoot, packageVersion } from '../../../base/package-root.ts';
import { sampleDefinition } from '../../../process/sample.ts';
import { checkProjectConnection } from '../../create/check-project.ts';
import type { CheckEvent } from '../../../diagnostics/check.ts';
import { prepareProject, writeProject, type ScaffoldEvent } from '../../../project/scaffold.ts';
import { platformAccessEnvironment, startDevPlatform, type DevEvent } from '../../../platform/session/start.ts';
import { simulate, type SimulateResult, type SimulateStep } from '../simulate/simulation.ts';

export interface DemoRequest {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Folder for the project and the state, kept between runs; relative to `cwd`. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly report: {
    readonly stage: (title: string) => void;
    readonly platform: (event: DevEvent) => void;
    readonly scaffold: (event: ScaffoldEvent) => void;
    readonly check: (event: CheckEvent) => void;
    readonly step: (step: SimulateStep) => void;
  };
}

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

const TIMEOUT_MS = 120_000;

/**
 * Starts a platform, creates and installs a project for the sample process, checks the connection, and runs one process to completion.
 * Keeps the installed project for the next run of the same build, which then does not need the network. Rejects with KnownError at the first
 * stage that fails, after stopping everything.
 */
export async function runDemoStages(request: DemoRequest): Promise<DemoResult> {
  const home = resolve(request.cwd, request.folder);
  await mkdir(home, { recursive: true });
  const stages: { name: string; ms: number }[] = [];
  const stage = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    request.signal.throwIfAborted();
    request.report.stage(name);
    const started = performance.now();
    const result = await work();
    stages.push({ name, ms: Math.round(performance.now() - started) });
    return result;
  };

  const packed = await stage('Pack this package', () => packPackage(home));
  const definition = sampleDefinition();
  const stateDir = join(home, 'platform');
  const platform = await stage('Start a local KuFlow', () =>
    startDevPlatform({
      cwd: home,
      env: request.env,
      definitions: [definition],
      stateDir,
      report: request.report.platform,
      signal: request.signal,
    }),
  );
  try {
    const project = join(home, packed.id, 'loan-worker');
    await stage('Create and install the worker', () => createDemoProject(request, project, packed.tarball));
    const environment = platformAccessEnvironment(platform.state, request.env);
    await stage('Check the connection', async () => {
      const outcome = await checkProjectConnection({
        folder: project,
        env: environment,
        report: request.report.check,
        signal: request.signal,
      });
      if (outcome.kind === 'checked' && outcome.report.status !== 0) {
        throw new KnownError({
          message: `The connection check failed: ${outcome.report.firstFailure?.title ?? 'see above'}`,
          next: outcome.report.next,
          status: outcome.report.status,
        });
      }
    });
    const workerLog = join(home, 'worker.log');
    await rm(workerLog, { force: true });
    const simulation = await stage('Run one process', () =>
      simulate({
        cwd: project,
        env: request.env,
        definitions: [definition],
        stateDir,
        command: [nodeProgram(), '--import', 'tsx', 'src/main.ts'],
        timeoutMs: TIMEOUT_MS,
        output: { file: workerLog },
        onStep: request.report.step,
        report: request.report.platform,
        signal: request.signal,
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

async function createDemoProject(request: DemoRequest, project: string, tarball: string): Promise<void> {
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
    env: request.env,
    signal: request.signal,
    report: request.report.scaffold,
  });
  if (install.kind === 'failed') {
    throw new KnownError({
      message: 'Cannot install the dependencies of the worker',
      tried: `${install.command} in ${project}`,
      seen: `${install.seen}\n${install.output}`,
      next: ['Check the output of npm above, and run the demo again'],
    });
  }
  if (install.kind === 'interrupted') request.signal.throwIfAborted();
}
