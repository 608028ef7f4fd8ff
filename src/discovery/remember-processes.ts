import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../files/write.ts';
import { cacheFolder } from '../base/user-folders.ts';
import { isLoopbackHost } from '../network/address.ts';
import {
  PROCESSES_FILE,
  ownerKey,
  nameField,
  readOwners,
  type KnownProcess,
  type ProcessOwner,
} from './known-processes.ts';
import { isTypeable } from '../base/shell.ts';

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
    await replaceFile(join(folder, PROCESSES_FILE), `${JSON.stringify({ owners })}\n`);
  } catch {
    // A full disk or a read-only folder must not fail a command that succeeded.
  }
}
