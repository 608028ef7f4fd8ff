import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../files/write.ts';
import { codeOf, KnownError } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import { Secret } from '../base/secret.ts';
import { withContext } from '../base/system-error.ts';
import type { ProcessDefinition } from '../process/definition.ts';
import type { PlatformAccess } from './environment.ts';
import type { Platform } from './types.ts';
import { lockOwner } from './store/owner-lock.ts';
import { ownerLockPath, storePath } from './store/store-path.ts';

/** What a running platform leaves in its state folder (0600) for commands in other processes. */
export interface PlatformState extends PlatformAccess {
  readonly pid: number;
  readonly application: { readonly id: string; readonly secret: Secret };
  readonly loopback: Platform['loopback'];
  readonly namespace: string;
  readonly user: {
    readonly principalId: string;
    readonly email: string;
    readonly name: string;
    readonly token: Secret;
  };
  /** Codes of the process definitions that it serves. */
  readonly processes: readonly string[];
  /** `definitionDigest` of each of them by its code; absent when a version that wrote none started it. */
  readonly digests?: Readonly<Record<string, string>>;
}

/** Where the state is unless another folder is given, in that of the project. */
export const STATE_FOLDER = join('.kuflow', 'dev');

const STATE_FILE = 'platform.json';

export function createPlatformState(platform: Platform, caBundleFile: string): PlatformState {
  const { identity } = platform;
  return {
    pid: process.pid,
    endpoints: platform.endpoints,
    loopback: platform.loopback,
    application: { id: identity.application.id, secret: identity.application.secret },
    tenantId: identity.tenantId,
    namespace: identity.namespace,
    caFile: platform.caFile,
    caBundleFile,
    user: {
      principalId: identity.user.principalId,
      email: identity.user.email,
      name: identity.user.name,
      token: identity.user.token,
    },
    processes: platform.definitions.map((definition) => definition.process.code),
    digests: Object.fromEntries(
      platform.definitions.map((definition) => [definition.process.code, definitionDigest(definition)]),
    ),
  };
}

/** The same for definitions that say the same, whatever the order of their keys. */
export function definitionDigest(definition: ProcessDefinition): string {
  const sorted = JSON.stringify(definition, (_key, value: unknown) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
  return createHash('sha256').update(sorted).digest('hex');
}

/** Path of the file, for messages. */
export function stateFilePath(stateDir: string): string {
  return join(stateDir, STATE_FILE);
}

export async function writeStateFile(stateDir: string, state: PlatformState): Promise<void> {
  const revealed = {
    ...state,
    application: { ...state.application, secret: state.application.secret.reveal() },
    user: { ...state.user, token: state.user.token.reveal() },
  };
  await writeFileAtomic(stateFilePath(stateDir), `${JSON.stringify(revealed, undefined, 2)}\n`, 0o600);
}

export async function removeStateFile(stateDir: string): Promise<void> {
  await rm(stateFilePath(stateDir), { force: true });
}

/** The platform that runs on this state folder, or undefined: no file, or its process is gone. */
export async function readRunningState(stateDir: string): Promise<PlatformState | undefined> {
  return await withContext("Reading the local platform's state", stateFilePath(stateDir), () =>
    loadRunningState(stateDir),
  );
}

async function loadRunningState(stateDir: string): Promise<PlatformState | undefined> {
  let text: string;
  try {
    text = await readFile(stateFilePath(stateDir), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const state = parsePlatformState(text);
  if (state === undefined) {
    throw new KnownError({
      message: "The local platform's state file has an unknown form",
      tried: `read ${stateFilePath(stateDir)}`,
      next: ['Stop the platform that runs there, if any, and remove the file'],
    });
  }
  // A process id alone may be another program's by now, after a crash and a restart of the machine.
  return platformOwner(stateDir) === state.pid ? state : undefined;
}

/** The process that has a platform on this state folder: one that starts, runs or stops. */
export function platformOwner(stateDir: string): number | undefined {
  return lockOwner(ownerLockPath(storePath(stateDir)));
}

function parsePlatformState(text: string): PlatformState | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || typeof value['pid'] !== 'number') return undefined;
    const raw = value as unknown as PlatformState & { application: { secret: string }; user: { token: string } };
    return {
      ...raw,
      application: { ...raw.application, secret: new Secret(raw.application.secret) },
      user: { ...raw.user, token: new Secret(raw.user.token) },
    };
  } catch {
    return undefined;
  }
}
