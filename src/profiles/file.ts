import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cliInvocation } from '../base/cli-invocation.ts';
import { KnownError, usageError } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { isRecord, parseJsonText, withoutUndefined } from '../base/json.ts';
import { configFolder } from '../base/user-folders.ts';
import { nodeFileSystem } from '../files/node-file-system.ts';
import { MIB } from '../files/read.ts';
import { KEYCHAINS, type KeychainName } from './keychain/keychain.ts';
import type { Environment } from '../settings/environment.ts';

/** Where a secret is: under a key in a keychain, or in a file in the folder `secrets` next to the profile file. */
export type SecretLocation =
  | { readonly in: KeychainName; readonly key: string }
  /** `name`: in the folder `secrets`. */
  | { readonly in: 'file'; readonly name: string };

/** An application and its KuFlow, without the client secret. */
export interface Profile {
  readonly name: string;
  readonly endpoint: string;
  readonly clientId: string;
  readonly tenantId?: string | undefined;
  /** `host:port` of the engine. */
  readonly target?: string | undefined;
  /** Absolute path of a PEM file. */
  readonly ca?: string | undefined;
  readonly secret: SecretLocation;
}

export interface ProfileFile {
  /** Absolute. */
  readonly path: string;
  readonly profiles: readonly Profile[];
  /** The profile to use when nothing else gives credentials. */
  readonly defaultName?: string | undefined;
  /** Where a run was storing or removing a secret. The next run deletes those that no profile refers to. */
  readonly pending: readonly SecretLocation[];
  /** The parsed file, including unknown keys. */
  readonly document: Readonly<Record<string, unknown>>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const DEFAULT_PROFILE_NAME = 'default';

/** Throws a usage error for an invalid name. Names become part of file names and keychain entries. */
export function checkProfileName(name: string): string {
  if (NAME.test(name)) return name;
  throw usageError(`--profile ${JSON.stringify(escapeForTerminal(name, 80))} is not a valid profile name`, [
    "Use up to 64 letters, digits, '.', '_' and '-'; start with a letter or a digit",
  ]);
}

/** The folder of the profile file. Throws a usage error if the environment has no home folder. */
export function profileFolder(env: Environment): string {
  const folder = configFolder(env);
  if (folder !== undefined) return folder;
  throw usageError('Profiles cannot be stored, because the environment has no home folder', [
    `Set ${process.platform === 'win32' ? 'APPDATA' : 'HOME or XDG_CONFIG_HOME'}`,
  ]);
}

function profileFilePath(folder: string): string {
  return join(folder, 'profiles.json');
}

/** The profiles of a user; empty without a file. Rejects with a KnownError for an invalid or unreadable file. */
export async function readProfileFile(folder: string): Promise<ProfileFile> {
  const path = profileFilePath(folder);
  const text = await readProfileText(path);
  if (text === undefined) return { path, profiles: [], pending: [], document: {} };
  const document = parseJsonText(text);
  // The parser's message would quote the text.
  if (document === undefined) throw invalidFileError(path, 'it is not valid JSON');
  if (!isRecord(document)) throw invalidFileError(path, 'it is not a JSON object');
  const { default: defaultName, profiles = {}, pendingSecrets } = document;
  if (!isRecord(profiles)) throw invalidFileError(path, '"profiles" is not an object');
  if (defaultName !== undefined && typeof defaultName !== 'string')
    throw invalidFileError(path, '"default" is not a string');
  return {
    path,
    profiles: Object.entries(profiles).map(([name, value]) => parseProfile(path, name, value)),
    defaultName,
    pending: Array.isArray(pendingSecrets) ? pendingSecrets.flatMap((one) => parseSecretLocation(one) ?? []) : [],
    document,
  };
}

/** The name of the default profile, without validating the file; undefined without a default or a readable file. */
export function readDefaultProfileName(folder: string | undefined): string | undefined {
  try {
    const document: unknown =
      folder === undefined ? undefined : JSON.parse(readFileSync(profileFilePath(folder), 'utf8'));
    if (!isRecord(document) || !isRecord(document['profiles'])) return undefined;
    const { default: name, profiles } = document as { readonly default?: unknown; readonly profiles: object };
    return typeof name === 'string' && Object.hasOwn(profiles, name) ? name : undefined;
  } catch {
    return undefined;
  }
}

/** The text of the file with this profile added or replaced. Unknown keys are preserved. */
export function textWithProfile({ document }: ProfileFile, profile: Profile, defaultName: string | undefined): string {
  const { name, ...values } = profile;
  const before = isRecord(document['profiles']) ? document['profiles'] : {};
  const old = isRecord(before[name]) ? before[name] : {};
  const unknown = Object.entries(old).filter(([key]) => !PROFILE_KEYS.includes(key));
  const profiles = { ...before, [name]: { ...values, ...Object.fromEntries(unknown) } };
  return serializeDocument({ ...document, ...(defaultName !== undefined && { default: defaultName }), profiles });
}

/** The text of the file without the profile, which is no longer the default either. */
export function textWithoutProfile({ document, defaultName }: ProfileFile, name: string): string {
  const before = isRecord(document['profiles']) ? document['profiles'] : {};
  const profiles = Object.fromEntries(Object.entries(before).filter(([key]) => key !== name));
  const rest = Object.entries(document).filter(([key]) => key !== 'default' || defaultName !== name);
  return serializeDocument({ ...Object.fromEntries(rest), profiles });
}

export function textWithDefault({ document }: ProfileFile, name: string): string {
  return serializeDocument({ ...document, default: name });
}

/** The text of the file with these secrets as the pending ones; undefined if the file would be empty. */
export function textWithPending({ document }: ProfileFile, pending: ProfileFile['pending']): string | undefined {
  const changed = withoutUndefined({ ...document, pendingSecrets: pending.length === 0 ? undefined : pending });
  return Object.keys(changed).length === 0 ? undefined : serializeDocument(changed);
}

const PROFILE_KEYS: readonly string[] = ['endpoint', 'clientId', 'tenantId', 'target', 'ca', 'secret'];

function serializeDocument(document: object): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

async function readProfileText(path: string): Promise<string | undefined> {
  const status = await nodeFileSystem.look(path);
  if (status === undefined) return undefined;
  if (status.kind !== 'file') throw invalidFileError(path, 'it is not a regular file');
  if (!status.own) throw invalidFileError(path, 'it belongs to another user');
  const bytes = await nodeFileSystem.read(path).catch((error: unknown) => {
    throw invalidFileError(path, 'it cannot be read', error);
  });
  if (bytes.length > MIB) throw invalidFileError(path, 'it is larger than 1 MiB');
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

function parseProfile(path: string, name: string, value: unknown): Profile {
  const quotedName = JSON.stringify(escapeForTerminal(name, 80));
  if (!NAME.test(name)) throw invalidFileError(path, `${quotedName} is not a valid profile name`);
  if (!isRecord(value)) throw invalidFileError(path, `profile ${quotedName} is not an object`);
  const [endpoint, clientId, tenantId, target, ca] = ['endpoint', 'clientId', 'tenantId', 'target', 'ca'].map((key) => {
    const field = value[key];
    if (field === undefined || typeof field === 'string') return field;
    throw invalidFileError(path, `"${key}" of profile ${quotedName} is not a string`);
  });
  if (endpoint === undefined || clientId === undefined)
    throw invalidFileError(path, `profile ${quotedName} lacks "endpoint" or "clientId"`);
  const secret = parseSecretLocation(value['secret']);
  if (secret === undefined)
    throw invalidFileError(path, `"secret" of profile ${quotedName} does not say where the secret is`);
  return { name, endpoint, clientId, tenantId, target, ca, secret };
}

/** Undefined for a value that is not a location. */
function parseSecretLocation(value: unknown): SecretLocation | undefined {
  if (!isRecord(value)) return undefined;
  const { in: where, key, name } = value;
  // A name is never a path: the file has to be in the folder `secrets`.
  if (where === 'file' && typeof name === 'string' && NAME.test(name)) return { in: where, name };
  const keychain = KEYCHAINS.find((known) => known === where);
  return keychain !== undefined && typeof key === 'string' ? { in: keychain, key } : undefined;
}

function invalidFileError(path: string, why: string, cause?: unknown): KnownError {
  return new KnownError({
    message: `The profiles cannot be used: ${why}`,
    tried: path,
    next: [`Repair the file, or move it away and log in again: ${cliInvocation(dirname(path))} login`],
    cause,
  });
}
