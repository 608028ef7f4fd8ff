import { mkdir, readdir } from 'node:fs/promises';
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

const PROCESSES_FILE = 'processes.json';

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

const MAX_OWNERS = 20;
const MAX_PROCESSES = 500;

/**
 * Remembers processes that the API returned, for completion, which never calls the API itself: in `processes.json` in the user's cache folder,
 * readable only by the user, by a hash of endpoint and client ID. Never rejects. A KuFlow on this machine is skipped, because its processes are
 * defined in the project and its port may change.
 */
export async function rememberProcesses(
  env: NodeJS.ProcessEnv,
  owner: ProcessOwner,
  processes: readonly KnownProcess[],
): Promise<void> {
  try {
    // Loaded on demand: completion only reads.
    const { isLoopbackHost } = await import('../network/address.ts');
    if (processes.length === 0 || isLoopbackHost(new URL(owner.endpoint).hostname)) return;
    const folder = cacheFolder(env);
    const key = await ownerKey(owner);
    const { [key]: before = [], ...others } = await readOwners(folder);
    const fresh = processes
      .filter(({ code }) => isTypeable(code))
      .map(({ code, name }) => ({ code, ...nameField(name) }));
    const codes = new Set(fresh.map(({ code }) => code));
    const all = [...fresh, ...before.filter(({ code }) => !codes.has(code))].slice(0, MAX_PROCESSES);
    const owners = Object.fromEntries(Object.entries({ [key]: all, ...others }).slice(0, MAX_OWNERS));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { replaceFile } = await import('../files/write.ts');
    await replaceFile(join(folder, PROCESSES_FILE), `${JSON.stringify({ owners })}\n`);
  } catch {
    // A full disk or a read-only folder must not fail a command that succeeded.
  }
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

async function ownerKey({ endpoint, clientId }: ProcessOwner): Promise<string> {
  // Loaded on demand, because it takes milliseconds.
  const { createHash } = await import('node:crypto');
  return createHash('sha256')
    .update(JSON.stringify([endpoint, clientId]))
    .digest('hex')
    .slice(0, 32);
}

/** All remembered processes in a cache folder by `ownerKey`, most recently used connection first. */
async function readOwners(folder: string): Promise<Readonly<Record<string, readonly KnownProcess[]>>> {
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

function nameField(name: unknown): { readonly name?: string } {
  return typeof name === 'string' && name !== '' ? { name: escapeForTerminal(name, 80) } : {};
}
