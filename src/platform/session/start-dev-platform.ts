import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf, usageError } from '../../base/errors.ts';
import type { PlatformEvent, PlatformOptions } from '../shared/types.ts';
import {
  readRunningState,
  removeStateFile,
  stateFolder,
  createPlatformState,
  writeStateFile,
  type PlatformState,
} from '../state/running-state.ts';
import { findTemporal, type FindEvent } from '../temporal/find.ts';
import { DEFINITION_FILE, loadDefinition, listDefinitionFiles } from '../../process/definition/file.ts';
import { missingDefinitionError } from '../../process/definition/missing.ts';
import { isProject } from '../../process/find-project.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import type { PeopleSeed } from '../../process/people.ts';
import { loadPeople, PEOPLE_FILE } from '../../process/people/file.ts';
import { sampleDefinition } from '../../process/sample.ts';
import { alreadyRunningError } from './already-running.ts';
import { startParts } from '../shared/start-parts.ts';
import { followDefinitions, type FollowRequest } from './follow-definitions.ts';

export type DevEvent =
  | PlatformEvent
  | (FindEvent & { readonly about: 'temporal' })
  /** Waiting for another process, `pid`, that is starting or stopping a platform on this state folder. */
  | { readonly kind: 'awaiting'; readonly pid: number }
  /** That process is ready or has ended. */
  | { readonly kind: 'awaited'; readonly pid: number; readonly ready: boolean }
  /** Code of the project in `cwd` followed the definition files. Paths are relative to the project. */
  | {
      readonly kind: 'code-regenerated';
      readonly written: readonly string[];
      readonly left: readonly { readonly path: string; readonly reason: string }[];
    };

export interface DevPlatformRequest {
  /** Absolute. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Relative to `cwd`. Default: `kuflow.process.yaml` and `processes/*.process.yaml` there, or the sample process. */
  readonly definitionFiles?: readonly string[] | undefined;
  /** File with users and groups, relative to `cwd`. Default: `kuflow.people.yaml` there if it exists, otherwise one user. */
  readonly peopleFile?: string | undefined;
  /** Served instead of files. */
  readonly definitions?: readonly ProcessDefinition[];
  /** Relative to `cwd`; `.kuflow/dev` by default. */
  readonly stateDir?: string | undefined;
  readonly temporalPath?: string | undefined;
  readonly platform?: Pick<
    PlatformOptions,
    | 'ports'
    | 'hostNames'
    | 'tokenLife'
    | 'tokenGrace'
    | 'certificateLife'
    | 'dynamicConfig'
    | 'pageCommands'
    | 'ephemeral'
    | 'followWorkers'
  >;
  /** With it, saved definition files are served while a platform of this process runs. Called after each change, as `FollowRequest.onChanged`. */
  readonly onDefinitionsChanged?: FollowRequest['onChanged'] | undefined;
  readonly report: (event: DevEvent) => void;
  readonly signal: AbortSignal;
}

/** A running platform, in this process or another one. */
export interface DevPlatform {
  readonly state: PlatformState;
  /** The definitions of the request. A platform that was already running may serve others. */
  readonly definitions: readonly ProcessDefinition[];
  /** One message for each definition of the project that a platform that was already running does not serve, or serves differently. */
  readonly mismatches: readonly string[];
  readonly owned: boolean;
  /** Stops the platform if this process started it. */
  stop(): Promise<void>;
}

/** Starts a platform and writes its state file. Rejects with KnownError if one is already running on that folder. */
export async function startDevPlatform(request: DevPlatformRequest): Promise<DevPlatform> {
  const stateDir = stateFolder(request);
  const running = await readRunningState(stateDir);
  if (running !== undefined)
    throw alreadyRunningError(running, { ...request, worker: request.platform?.pageCommands?.worker });
  const served = request.definitions === undefined ? await loadDefinitionFiles(request) : undefined;
  const definitions = request.definitions ?? (served === undefined ? [sampleDefinition()] : [...served.values()]);
  const people = await loadRequestedPeople(request);
  const temporal = await findTemporal({
    env: request.env,
    explicit: request.temporalPath === undefined ? undefined : resolve(request.cwd, request.temporalPath),
    report: (event) => request.report({ ...event, about: 'temporal' }),
    signal: request.signal,
  });
  const { version, serverVersion } = temporal;
  // Not loaded by commands that use a running platform.
  const { startPlatform } = await import('../start.ts');
  return await startParts(async (parts) => {
    const starting = startPlatform({
      ...request.platform,
      stateDir,
      definitions,
      people,
      temporalPath: temporal.path,
      // A mirror may have put another version into the cache.
      temporalVersions:
        temporal.source === 'cache' || serverVersion === undefined ? undefined : { version, serverVersion },
      report: request.report,
      signal: request.signal,
    });
    const platform = await parts.add(starting);
    const state = createPlatformState(platform);
    await writeStateFile(stateDir, state);
    await parts.add({ stop: () => removeStateFile(stateDir) });
    const { onDefinitionsChanged } = request;
    if (onDefinitionsChanged !== undefined && request.definitions === undefined) {
      const following = followDefinitions({
        ...request,
        platform,
        served: served ?? new Map(),
        onServed: () => writeStateFile(stateDir, createPlatformState(platform)),
        onChanged: onDefinitionsChanged,
        onError: (error) =>
          request.report({
            kind: 'warning',
            message: `Could not follow the changes of the definition files: ${messageOf(error)}`,
          }),
      });
      await parts.add(following);
    }
    return { state, definitions, mismatches: [], owned: true, stop: parts.stop };
  });
}

/** The users and groups of the request's file, or of the one in the folder; undefined without such a file. */
export async function loadRequestedPeople({
  cwd,
  peopleFile,
}: Pick<DevPlatformRequest, 'cwd' | 'peopleFile'>): Promise<PeopleSeed | undefined> {
  if (peopleFile !== undefined) return await loadPeople(resolve(cwd, peopleFile));
  const standard = join(cwd, PEOPLE_FILE);
  return existsSync(standard) ? await loadPeople(standard) : undefined;
}

/**
 * The definitions of the request, or those in the files of the folder; undefined if there are no such files. Rejects with a usage error if the
 * folder is a worker project without its definition file, because the sample process is not what its worker expects.
 */
export async function loadDefinitions(request: DevPlatformRequest): Promise<readonly ProcessDefinition[] | undefined> {
  if (request.definitions !== undefined) return request.definitions;
  const files = await loadDefinitionFiles(request);
  return files === undefined ? undefined : [...files.values()];
}

/** By file, as in `definitionFiles` or relative to the folder. */
async function loadDefinitionFiles({
  cwd,
  env,
  definitionFiles: given = [],
}: DevPlatformRequest): Promise<ReadonlyMap<string, ProcessDefinition> | undefined> {
  if (given.length === 0 && isProject(cwd) && !existsSync(join(cwd, DEFINITION_FILE)))
    throw await missingDefinitionError(cwd, env, ['Or serve another file with --definition <file>']);
  const files = given.length > 0 ? given : await listDefinitionFiles(cwd);
  if (files.length === 0) return undefined;
  const definitions = await Promise.all(
    files.map(async (file) => [file, await loadDefinition(resolve(cwd, file))] as const),
  );
  const fileOf = new Map<string, string>();
  for (const [file, { process }] of definitions) {
    const before = fileOf.get(process.code);
    if (before !== undefined) throw usageError(`${before} and ${file} both define the process ${process.code}`);
    fileOf.set(process.code, file);
  }
  return new Map(definitions);
}
