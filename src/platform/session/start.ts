import { join, resolve } from 'node:path';
import { KnownError, usageError } from '../../base/errors.ts';
import { cliInvocation } from '../../base/cli-invocation.ts';
import { pathOption } from '../../text/shell.ts';
import { platformEnvironment, writeCaBundle } from '../environment.ts';
import type { PlatformEvent, PlatformOptions } from '../types.ts';
import { startPlatform } from '../start.ts';
import {
  STATE_FOLDER,
  readRunningState,
  removeStateFile,
  createPlatformState,
  writeStateFile,
  type PlatformState,
} from '../state-file.ts';
import { findTemporal, type FindEvent } from '../temporal/find.ts';
import { loadDefinition, projectDefinitionFiles } from '../../process/definition/file.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import { sampleDefinition } from '../../process/sample.ts';
import { workerCertificateEnvironment } from './worker-certificate.ts';

export type DevEvent =
  | PlatformEvent
  | (FindEvent & { readonly about: 'temporal' })
  /** Another process, `pid`, starts or stops a platform on this state folder: it is waited for. */
  | { readonly kind: 'awaiting'; readonly pid: number }
  /** That one is ready, or has ended. */
  | { readonly kind: 'awaited'; readonly pid: number; readonly ready: boolean };

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
  /** Those of the request; a platform that ran already may serve others. */
  readonly definitions: readonly ProcessDefinition[];
  /** For each definition of the project that a platform which ran already does not serve as it is, a sentence that says so. */
  readonly mismatches: readonly string[];
  /** True when this process started it. */
  readonly owned: boolean;
  /** Stops it when this process started it. */
  stop(): Promise<void>;
}

/** Absolute folder of the platform's state. */
export function stateFolder(request: { readonly cwd: string; readonly stateDir?: string | undefined }): string {
  return resolve(request.cwd, request.stateDir ?? STATE_FOLDER);
}

/** Starts a platform and leaves its state file; rejects with KnownError when one runs on that folder already. */
export async function startDevPlatform(request: DevPlatformRequest): Promise<DevPlatform> {
  const stateDir = stateFolder(request);
  const running = await readRunningState(stateDir);
  if (running !== undefined) throw alreadyRunningError(running, request);
  const definitions = (await loadDefinitions(request)) ?? [sampleDefinition()];
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
  const state = createPlatformState(platform, await writeCaBundle(stateDir, platform.caFile));
  await writeStateFile(stateDir, state);
  return {
    state,
    definitions,
    mismatches: [],
    owned: true,
    stop: async () => {
      await removeStateFile(stateDir);
      await platform.stop();
    },
  };
}

function alreadyRunningError(running: PlatformState, request: DevPlatformRequest): KnownError {
  const command = cliInvocation(request.cwd);
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

/** The caller's environment with the platform's settings over it. */
export function platformAccessEnvironment(state: PlatformState, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, ...platformEnvironment(state, env) };
}

/** The same for a worker with the project's files: what they say of another KuFlow must not lead it astray. */
export async function workerEnvironment(
  state: PlatformState,
  request: { readonly cwd: string; readonly stateDir?: string; readonly env: NodeJS.ProcessEnv },
): Promise<NodeJS.ProcessEnv> {
  const over = await workerCertificateEnvironment(state, request.cwd, join(stateFolder(request), 'worker'));
  return { ...platformAccessEnvironment(state, request.env), ...over };
}

/** The definitions of the request or of the project's files; undefined where there are none. */
export async function loadDefinitions(request: DevPlatformRequest): Promise<readonly ProcessDefinition[] | undefined> {
  if (request.definitions !== undefined) return request.definitions;
  const given = request.definitionFiles ?? [];
  const files = given.length > 0 ? given : await projectDefinitionFiles(request.cwd);
  if (files.length === 0) return undefined;
  const definitions = await Promise.all(files.map((file) => loadDefinition(resolve(request.cwd, file))));
  const fileOf = new Map<string, string>();
  definitions.forEach(({ process: { code } }, at) => {
    const [before, file = ''] = [fileOf.get(code), files[at]];
    if (before !== undefined) throw usageError(`${before} and ${file} both describe the process ${code}`);
    fileOf.set(code, file);
  });
  return definitions;
}
