import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, KnownError } from '../base/errors.ts';
import { joinCommands } from '../base/shell.ts';
import type { ProjectLocation, WorkerCommand } from '../languages/diagnosis.ts';
import type { ProjectCommands } from '../languages/language.ts';
import { languageOf } from '../languages/all-languages.ts';
import { findProject } from '../process/find-project.ts';
import { readProjectRecord, type ProjectRecord } from './record.ts';

/** The commands of the project that contains `cwd`; undefined if there is no project, or its record cannot be read. */
export async function projectCommands(cwd: string): Promise<ProjectCommands | undefined> {
  return (await findCommands(cwd))?.commands;
}

async function findCommands(cwd: string) {
  const folder = findProject(cwd);
  if (folder === undefined) return undefined;
  const record = await readRecordIfValid(folder);
  return record && { folder, record, commands: languageOf(record).commands(record.packageManager, record) };
}

/** The command that starts the worker of the project that contains `cwd`, or else an example of one, or a placeholder. */
export async function startCommand(cwd: string): Promise<string> {
  return (await projectCommands(cwd))?.start ?? (existsSync(join(cwd, 'package.json')) ? 'npm start' : '<command>');
}

/**
 * The command that runs the worker of the project that contains `cwd` on the local KuFlow, after one that installs the dependencies if they are
 * missing. Undefined as for `projectCommands`.
 */
export async function devCommand(cwd: string): Promise<string | undefined> {
  const found = await findCommands(cwd);
  if (found === undefined) return undefined;
  const { dev, install } = found.commands;
  const { kind } = await workerCommand(found.folder, found.record, process.env);
  return kind === 'not-installed' ? joinCommands([install, dev]) : dev;
}

/** As `devCommand`, or else a command to complete. */
export async function localStartCommand(cwd: string, invocation: string): Promise<string> {
  return (await devCommand(cwd)) ?? `${invocation} dev exec -- <command>`;
}

/** Where a project and its dependencies are. */
export function locateProject(
  folder: string,
  { workspace, packageManager }: ProjectRecord,
  env: NodeJS.ProcessEnv,
): ProjectLocation {
  return { folder, root: workspace === undefined ? folder : join(folder, workspace.root), env, packageManager };
}

/** How to run the worker of a project. */
export async function workerCommand(
  folder: string,
  record: ProjectRecord,
  env: NodeJS.ProcessEnv,
): Promise<WorkerCommand> {
  const { worker } = await languageOf(record).diagnosis();
  return await worker(locateProject(folder, record, env));
}

/** Undefined for a record that cannot be read, which the commands that need it report. */
export async function readRecordIfValid(folder: string): Promise<ProjectRecord | undefined> {
  try {
    return (await readProjectRecord(folder)).record;
  } catch (error) {
    if (error instanceof KnownError || codeOf(error) !== undefined) return undefined;
    throw error;
  }
}
