import { join, resolve } from 'node:path';
import { KnownError, usageError } from '../base/errors.ts';
import { ownCommand } from '../base/own-command.ts';
import { pathOption } from '../names/shell.ts';
import { platformEnvironment, writeCaBundle } from '../platform/environment.ts';
import type { PlatformEvent, PlatformOptions } from '../platform/platform-types.ts';
import { startPlatform } from '../platform/platform.ts';
import {
  definitionDigest,
  readRunningState,
  removeStateFile,
  stateOf,
  writeStateFile,
  type PlatformState,
} from '../platform/state-file.ts';
import { findTemporal, type FindEvent } from '../platform/temporal/find.ts';
import { loadDefinition, projectDefinitionFiles } from '../process/definition/definition-file.ts';
import type { ProcessDefinition } from '../process/definition.ts';
import { sampleDefinition } from '../process/sample.ts';
import { overProjectFiles } from './dev-certificate.ts';

export type DevEvent = PlatformEvent | (FindEvent & { readonly about: 'temporal' });

export interface DevPlatformRequest {
  /** Absolute. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Relative to `cwd`; `kuflow.process.yaml` and `processes/*.process.yaml` there, or the sample process, when none is given. */
  readonly definitionFiles?: readonly string[];
  /** Served as they are, in place of files. */
  readonly definitions?: readonly ProcessDefinition[];
  /** Relative to `cwd`; `.kuflow/dev` by default. */
  readonly stateDir?: string;
  readonly temporalPath?: string;
  readonly platform?: Pick<
    PlatformOptions,
    'ports' | 'hostNames' | 'tokenLife' | 'tokenGrace' | 'certificateLife' | 'dynamicConfig'
  >;
  readonly report: (event: DevEvent) => void;
  readonly signal: AbortSignal;
}

/** A running platform as commands use it, whichever process it runs in. */
export interface DevPlatform {
  readonly state: PlatformState;
  readonly definitions: readonly ProcessDefinition[];
  /** True when this process started it. */
  readonly owned: boolean;
  /** Stops it when this process started it. */
  stop(): Promise<void>;
}

/** Absolute folder of the platform's state. */
export function stateFolder(request: { readonly cwd: string; readonly stateDir?: string | undefined }): string {
  return resolve(request.cwd, request.stateDir ?? join('.kuflow', 'dev'));
}

/** Starts a platform and leaves its state file; rejects with KnownError when one runs on that folder already. */
export async function startDevPlatform(request: DevPlatformRequest): Promise<DevPlatform> {
  const stateDir = stateFolder(request);
  const running = await readRunningState(stateDir);
  if (running !== undefined) throw runsAlready(running, request);
  const definitions = await servedDefinitions(request);
  const temporal = await findTemporal({
    env: request.env,
    ...(request.temporalPath === undefined ? {} : { explicit: resolve(request.cwd, request.temporalPath) }),
    report: (event) => request.report({ ...event, about: 'temporal' }),
    signal: request.signal,
  });
  const platform = await startPlatform({
    ...request.platform,
    stateDir,
    definitions,
    temporalPath: temporal.path,
    report: request.report,
    signal: request.signal,
  });
  const state = stateOf(platform, await writeCaBundle(stateDir, platform.caFile));
  await writeStateFile(stateDir, state);
  return {
    state,
    definitions,
    owned: true,
    stop: async () => {
      await removeStateFile(stateDir);
      await platform.stop();
    },
  };
}

function runsAlready(running: PlatformState, request: DevPlatformRequest): KnownError {
  const command = ownCommand(request.cwd);
  const there = pathOption('--state-dir', request.stateDir);
  return new KnownError({
    message: `A local platform runs here already, pid ${running.pid}`,
    tried: `the state of ${stateFolder(request)}`,
    seen: `${running.endpoints.https}, serving ${running.processes.join(', ')}`,
    next: [
      `Use it: ${command} dev exec${there} -- npm start, or ${command} dev env${there}`,
      `Or stop it (Ctrl-C there, or kill ${running.pid}), or start another one with --state-dir`,
    ],
  });
}

/** The platform that runs on the state folder, or a new one. Rejects with a usage error when a definition file is given that the running one does not serve. */
export async function attachOrStart(request: DevPlatformRequest): Promise<DevPlatform> {
  const running = await readRunningState(stateFolder(request));
  if (running === undefined) return startDevPlatform(request);
  const definitions = await servedDefinitions(request);
  if ((request.definitionFiles ?? []).length > 0) for (const one of definitions) refuseUnserved(running, one);
  return { state: running, definitions, owned: false, stop: () => Promise.resolve() };
}

/** Throws a usage error for a definition that a running platform, which was started with its own, does not serve as it is. */
export function refuseUnserved(running: PlatformState, definition: ProcessDefinition): void {
  const { code } = definition.process;
  const { pid, processes, digests } = running;
  const isServed = processes.includes(code);
  if (isServed && (digests === undefined || digests[code] === definitionDigest(definition))) return;
  const does = isServed
    ? `serves another definition of ${code}`
    : `does not serve ${code}, only ${processes.join(', ')}`;
  throw usageError(`The platform that runs here (pid ${pid}) ${does}`, [
    'Stop it and start it again with this definition, or give another folder with --state-dir',
  ]);
}

/** The platform that runs on the state folder; KnownError when none does. */
export async function runningPlatform(request: {
  readonly cwd: string;
  readonly stateDir?: string | undefined;
}): Promise<PlatformState> {
  const stateDir = stateFolder(request);
  const running = await readRunningState(stateDir);
  if (running !== undefined) return running;
  throw new KnownError({
    message: 'No local platform runs here',
    tried: `the state of ${stateDir}`,
    next: [
      `Start it: ${ownCommand(request.cwd)} dev${pathOption('--state-dir', request.stateDir)}`,
      'Or name its folder with --state-dir',
    ],
  });
}

/** The caller's environment with the platform's settings over it. */
export function environmentOf(state: PlatformState, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, ...platformEnvironment(state, env) };
}

/** The same for a worker with the project's files: what they say of another KuFlow must not lead it astray. */
export async function workerEnvironment(
  state: PlatformState,
  request: { readonly cwd: string; readonly stateDir?: string; readonly env: NodeJS.ProcessEnv },
): Promise<NodeJS.ProcessEnv> {
  const over = await overProjectFiles(state, request.cwd, join(stateFolder(request), 'worker'));
  return { ...environmentOf(state, request.env), ...over };
}

async function servedDefinitions(request: DevPlatformRequest): Promise<readonly ProcessDefinition[]> {
  if (request.definitions !== undefined) return request.definitions;
  const given = request.definitionFiles ?? [];
  const files = given.length > 0 ? given : await projectDefinitionFiles(request.cwd);
  if (files.length === 0) return [sampleDefinition()];
  const definitions = await Promise.all(files.map((file) => loadDefinition(resolve(request.cwd, file))));
  const fileOf = new Map<string, string>();
  definitions.forEach(({ process: { code } }, at) => {
    const [before, file = ''] = [fileOf.get(code), files[at]];
    if (before !== undefined) throw usageError(`${before} and ${file} both describe the process ${code}`);
    fileOf.set(code, file);
  });
  return definitions;
}
