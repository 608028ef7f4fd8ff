import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { cacheFolder } from '../base/user-folders.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { isRecord } from '../base/json.ts';
import { MIB, readSmallText } from '../files/read.ts';
import { isTypeable } from '../base/shell.ts';

/** The code and name of a process or task, for completion. */
export interface KnownProcess {
  readonly code: string;
  readonly name?: string;
}

export interface ProcessOwner {
  readonly endpoint: string;
  readonly clientId: string;
}

export const PROCESSES_FILE = 'processes.json';

export async function hasRememberedProcesses(env: NodeJS.ProcessEnv): Promise<boolean> {
  return Object.keys(await readOwners(cacheFolder(env))).length > 0;
}

/** The processes that `rememberProcesses` stored for a connection; empty if nothing is stored or the file cannot be read. */
export async function listRememberedProcesses(
  env: NodeJS.ProcessEnv,
  owner: ProcessOwner,
): Promise<readonly KnownProcess[]> {
  return (await readOwners(cacheFolder(env)))[await ownerKey(owner)] ?? [];
}

export interface DefinedProcess extends KnownProcess {
  readonly tasks: readonly DefinedTask[];
}

export interface DefinedTask extends KnownProcess {
  /** As the file has it. */
  readonly kind?: string;
}

/** The processes that `*.process.yaml`, `.yml` and `.json` in the folder and in `processes/` define. Invalid files are ignored. */
export async function listDefinedProcesses(folder: string): Promise<readonly DefinedProcess[]> {
  const files = await Promise.all([folder, join(folder, 'processes')].map(findDefinitionFiles));
  const texts = await Promise.all(files.flat().map((path) => readSmallText(path, MIB)));
  if (texts.every((text) => text === undefined)) return [];
  return texts.flatMap((text): readonly DefinedProcess[] => {
    try {
      const content: unknown = text === undefined ? undefined : parse(text, { logLevel: 'silent' });
      if (!isRecord(content)) return [];
      const tasks: unknown = content['tasks'];
      return parseProcess(content['process']).map((process) => ({
        ...process,
        tasks: Array.isArray(tasks) ? tasks.flatMap(parseTask) : [],
      }));
    } catch {
      return [];
    }
  });
}

async function findDefinitionFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((): readonly string[] => []);
  return names
    .filter((name) => /\.process\.(?:ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** The key for the processes of a connection: a hash of endpoint and client ID. */
export async function ownerKey({ endpoint, clientId }: ProcessOwner): Promise<string> {
  // Loaded on demand, because it takes milliseconds.
  const { createHash } = await import('node:crypto');
  return createHash('sha256')
    .update(JSON.stringify([endpoint, clientId]))
    .digest('hex')
    .slice(0, 32);
}

/** All remembered processes in a cache folder by `ownerKey`, most recently used connection first. */
export async function readOwners(folder: string): Promise<Readonly<Record<string, readonly KnownProcess[]>>> {
  const text = await readSmallText(join(folder, PROCESSES_FILE), MIB);
  let content: unknown;
  try {
    content = JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
  const owners: unknown = isRecord(content) ? content['owners'] : undefined;
  if (!isRecord(owners)) return {};
  const lists: readonly (readonly [string, unknown])[] = Object.entries(owners);
  return Object.fromEntries(lists.map(([key, list]) => [key, Array.isArray(list) ? list.flatMap(parseProcess) : []]));
}

function parseProcess(value: unknown): readonly KnownProcess[] {
  if (!isRecord(value) || typeof value['code'] !== 'string' || !isTypeable(value['code'])) return [];
  return [{ code: value['code'], ...nameField(value['name']) }];
}

function parseTask(value: unknown): readonly DefinedTask[] {
  const kind = isRecord(value) ? value['kind'] : undefined;
  return parseProcess(value).map((task) => ({ ...task, ...(typeof kind === 'string' && { kind }) }));
}

export function nameField(name: unknown): { readonly name?: string } {
  return typeof name === 'string' && name !== '' ? { name: escapeForTerminal(name, 80) } : {};
}
