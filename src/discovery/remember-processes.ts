import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../files/write.ts';
import { cacheFolder } from '../base/user-folders.ts';
import { isLoopbackHost } from '../network/address.ts';
import {
  PROCESSES_FILE,
  isTypeable,
  ownerKey,
  nameField,
  readOwners,
  type KnownProcess,
  type ProcessOwner,
} from './known-processes.ts';

const MAX_OWNERS = 20;
const MAX_PROCESSES = 500;

/**
 * Keeps the codes that the API showed, for completion, which never asks the API itself: `processes.json` in the user's cache folder,
 * readable by the user alone, by a hash of endpoint and client id. Adds to what is known. Never rejects: it is a convenience.
 * A KuFlow on this machine is left out, since its processes stand in the project and its port is another one the next time.
 */
export async function rememberProcesses(
  env: NodeJS.ProcessEnv,
  owner: ProcessOwner,
  processes: readonly KnownProcess[],
): Promise<void> {
  try {
    if (processes.length === 0 || isLoopbackHost(new URL(owner.endpoint).hostname)) return;
    const folder = cacheFolder(env);
    const key = await ownerKey(owner);
    const { [key]: before = [], ...others } = await readOwners(folder);
    const fresh = processes
      .filter(({ code }) => isTypeable(code))
      .map(({ code, name }) => ({ code, ...nameField(name) }));
    const codes = new Set(fresh.map(({ code }) => code));
    const all = [...fresh, ...before.filter(({ code }) => !codes.has(code))].slice(0, MAX_PROCESSES);
    const kept = Object.fromEntries(Object.entries({ [key]: all, ...others }).slice(0, MAX_OWNERS));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFileAtomic(join(folder, PROCESSES_FILE), `${JSON.stringify({ owners: kept })}\n`, 0o600);
  } catch {
    // A full disk or a folder that is not ours to write must not fail a command that did its work.
  }
}
