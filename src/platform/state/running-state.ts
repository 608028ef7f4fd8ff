import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { replaceFile } from '../../files/write.ts';
import { codeOf, KnownError } from '../../base/errors.ts';
import { canonicalJson, isRecord } from '../../base/json.ts';
import { isLoopbackHost } from '../../network/address.ts';
import { Secret } from '../../base/secret.ts';
import { withContext } from '../../base/system-error.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import type { PlatformAccess } from '../shared/platform-environment.ts';
import type { Platform, PlatformIdentity } from '../shared/types.ts';
import { platformOwner } from '../store/owner-lock.ts';

/** What a running platform writes to its state folder (0600) for commands in other processes. */
export interface PlatformState extends PlatformAccess {
  readonly pid: number;
  readonly application: Omit<PlatformIdentity['application'], 'name'>;
  readonly loopback: Platform['loopback'];
  readonly namespace: string;
  readonly user: Omit<PlatformIdentity['user'], 'userId'>;
  /** Codes of the process definitions it serves. */
  readonly processes: readonly string[];
  /** The `definitionDigest` of each process by code. */
  readonly digests: Readonly<Record<string, string>>;
  /** The task queue of each process with a workflow, by code. */
  readonly taskQueues: Readonly<Record<string, string>>;
}

/** The default state folder, relative to the project. */
export const STATE_FOLDER = join('.kuflow', 'dev');

const STATE_FILE = 'platform.json';

/** Absolute folder of the platform's state. */
export function stateFolder(request: { readonly cwd: string; readonly stateDir?: string | undefined }): string {
  return resolve(request.cwd, request.stateDir ?? STATE_FOLDER);
}

export function createPlatformState(platform: Platform): PlatformState {
  const { identity, definitions, endpoints, loopback, caFile, caBundleFile } = platform;
  const { tenantId, namespace, application, user } = identity;
  return {
    pid: process.pid,
    ...{ endpoints, loopback, tenantId, namespace, caFile, caBundleFile },
    application: { id: application.id, secret: application.secret },
    user: { principalId: user.principalId, email: user.email, name: user.name, token: user.token },
    processes: definitions.map((definition) => definition.process.code),
    digests: Object.fromEntries(
      definitions.map((definition) => [definition.process.code, definitionDigest(definition)]),
    ),
    taskQueues: Object.fromEntries(
      definitions.flatMap(({ process: { code }, workflow }) =>
        workflow === undefined ? [] : [[code, workflow.taskQueue]],
      ),
    ),
  };
}

/** Equal for equal definitions, whatever the order of their keys. */
export function definitionDigest(definition: ProcessDefinition): string {
  return createHash('sha256').update(canonicalJson(definition)).digest('hex');
}

/** The folder of the files that `kuflow dev open` opens in a browser. */
export function openFolder(stateDir: string): string {
  return join(stateDir, 'open');
}

/** The path, for messages. */
export function stateFilePath(stateDir: string): string {
  return join(stateDir, STATE_FILE);
}

export async function writeStateFile(stateDir: string, state: PlatformState): Promise<void> {
  const revealed = {
    ...state,
    application: { ...state.application, secret: state.application.secret.reveal() },
    user: { ...state.user, token: state.user.token.reveal() },
  };
  await replaceFile(stateFilePath(stateDir), `${JSON.stringify(revealed, undefined, 2)}\n`);
}

export async function removeStateFile(stateDir: string): Promise<void> {
  await rm(stateFilePath(stateDir), { force: true });
}

/** The platform that runs on this state folder; undefined if there is no file, or if its process is gone. */
export async function readRunningState(stateDir: string): Promise<PlatformState | undefined> {
  const path = stateFilePath(stateDir);
  const text = await withContext("Reading the local KuFlow's state", path, async () => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
  if (text === undefined) return undefined;
  const state = parsePlatformState(text);
  if (state === undefined) {
    throw new KnownError({
      message: "The local KuFlow's state file has an unknown format",
      tried: `read ${path}`,
      next: ['Stop the local KuFlow that runs there, if any, and delete the file'],
    });
  }
  // After a crash and a restart of the machine, the pid may belong to another program.
  return platformOwner(stateDir) === state.pid ? state : undefined;
}

function parsePlatformState(text: string): PlatformState | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || typeof value['pid'] !== 'number') return undefined;
    const raw = value as unknown as PlatformState & { application: { secret: string }; user: { token: string } };
    // The file can come with somebody else's project, and commands send data to these addresses.
    if (![raw.loopback.http, raw.loopback.https].every((url) => isLoopbackHost(new URL(url).hostname)))
      return undefined;
    return {
      ...raw,
      application: { ...raw.application, secret: new Secret(raw.application.secret) },
      user: { ...raw.user, token: new Secret(raw.user.token) },
    };
  } catch {
    return undefined;
  }
}
