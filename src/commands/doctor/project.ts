import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, KnownError } from '../../base/errors.ts';
import { packageVersion } from '../../base/package-root.ts';
import { MIB, readSmallFile } from '../../files/read.ts';
import { findProject } from '../../project/find-project.ts';
import type { Drift, DriftedFile, ProjectProcess, ProjectView, WorkerCheckOptions } from '../../diagnostics/input.ts';
import { openProject, toProjectSpec } from '../../project/edit/open-project.ts';
import { readProjectRecord } from '../../project/record.ts';
import { isDefinitionCode } from '../../languages/typescript/layout.ts';
import { installCommand, scriptCommand } from '../../languages/typescript/package-manager.ts';
import { prepareProject } from '../../project/scaffold.ts';
import { optionsAsEnvironment, type ResolvedSettings } from '../../settings/resolve.ts';
import { sourceText } from '../../settings/sources.ts';
import { runWorkerCheck } from './worker-check.ts';

/** The folder of the project that a folder is in, or undefined. */
export function projectFolder(cwd: string): string | undefined {
  return findProject(cwd);
}

/** A project as the doctor looks at it, with the settings that it found there. Its worker gets the same, options included. */
export function projectView(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  settings: ResolvedSettings,
): ProjectView {
  const installed = existsSync(join(folder, 'node_modules', '@temporalio', 'worker', 'package.json'));
  const given = { ...env, ...optionsAsEnvironment(settings) };
  const apart = apartBecause(settings);
  return {
    processes: () => processesOf(folder),
    drift: () => driftOf(folder),
    ...(installed && { workerCheck: (options: WorkerCheckOptions) => runWorkerCheck(folder, given, options) }),
    ...(apart !== undefined && { workerApart: apart }),
  };
}

/** How a person installs the project's dependencies, and runs its worker's own check; nothing where its record can't be read. */
export async function projectCommands(
  folder: string,
): Promise<{ readonly install: string; readonly check: string } | undefined> {
  try {
    const { packageManager } = (await readProjectRecord(folder)).record;
    return { install: installCommand(packageManager), check: scriptCommand(packageManager, 'check') };
  } catch (error) {
    if (error instanceof KnownError || codeOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** A worker with credentials of its environment refuses an endpoint that its files do not name. */
function apartBecause(settings: ResolvedSettings): string | undefined {
  const endpoint = settings['kuflow.api.endpoint'];
  const credentials = settings['kuflow.api.client-id']?.source.kind;
  const file = endpoint?.shadows.find(({ kind }) => kind === 'file');
  if (endpoint?.source.kind !== 'flag' || file === undefined || credentials === 'file') return undefined;
  return `the worker takes no other endpoint than that of ${sourceText(file)}`;
}

async function processesOf(folder: string): Promise<readonly ProjectProcess[]> {
  const { processes } = await openProject(folder);
  return processes.map(({ definition, layout: place }) => ({
    file: place.definitionFile,
    code: definition.process.code,
    workflowType: definition.workflow.type,
    taskQueue: definition.workflow.taskQueue,
  }));
}

async function driftOf(folder: string): Promise<Drift> {
  const project = await openProject(folder);
  const version = packageVersion();
  if (project.record.version !== version) return { kind: 'not-compared', madeBy: project.record.version, version };
  const spec = toProjectSpec(project, project.processes);
  const made = { version, command: '', conflicts: 'keep', overwrite: [] } as const;
  const { comparison } = await prepareProject({ folder, spec, ...made });
  const missing = comparison.files.filter(({ path, action }) => isDefinitionCode(path) && action === 'create');
  const differing = comparison.conflicts.filter(({ path }) => isDefinitionCode(path));
  const judged = differing.map(async ({ path }): Promise<DriftedFile> => {
    const { bytes } = await readSmallFile(join(folder, path), 16 * MIB).catch(() => ({ bytes: undefined }));
    const hash = bytes === undefined ? '' : createHash('sha256').update(bytes).digest('hex');
    return { path, how: hash === project.record.hashes[path] ? 'stale' : 'edited' };
  });
  const absent = missing.map(({ path }): DriftedFile => ({ path, how: 'missing' }));
  return { kind: 'compared', files: [...absent, ...(await Promise.all(judged))] };
}
