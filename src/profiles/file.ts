import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KnownError, usageError } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { isRecord } from '../base/json.ts';
import { cliInvocation } from '../base/cli-invocation.ts';
import { MIB } from '../files/read.ts';
import { nodeFiles } from '../files/node-file-system.ts';
import { KEYCHAINS, type KeychainName } from './keychain/keychain.ts';

/** Where a secret lies: under a key of a keychain, or in a file of its own beside the profiles. */
export type SecretLocation =
  | { readonly in: KeychainName; readonly key: string }
  /** `name`: in the folder `secrets`. */
  | { readonly in: 'file'; readonly name: string };

/** Whose credentials, and where KuFlow is. The secret is not in it. */
export interface Profile {
  readonly name: string;
  readonly endpoint: string;
  readonly clientId: string;
  readonly tenantId?: string;
  /** `host:port` of the engine. */
  readonly target?: string;
  /** Absolute path of a PEM file. */
  readonly ca?: string;
  readonly secret: SecretLocation;
}

export interface ProfileFile {
  /** Absolute. */
  readonly path: string;
  readonly profiles: readonly Profile[];
  /** The name of the one that is used when nothing else gives credentials. */
  readonly defaultName?: string;
  /** As it was parsed, what we don't know included. */
  readonly document: Readonly<Record<string, unknown>>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const DEFAULT_PROFILE_NAME = 'default';

/** Throws a usage error for what is no name: it becomes part of the name of a file and of a keychain's entry. */
export function checkProfileName(name: string): string {
  if (NAME.test(name)) return name;
  throw usageError(
    `--profile ${JSON.stringify(escapeForTerminal(name, 80))}: expected letters, digits, '.', '_' and '-', at most 64, the first a letter or a digit`,
  );
}

function profileFilePath(folder: string): string {
  return join(folder, 'profiles.json');
}

/** The profiles of a user; none where there is no file. Rejects with a KnownError for a file that can't be read or understood. */
export async function readProfileFile(folder: string): Promise<ProfileFile> {
  const path = profileFilePath(folder);
  const text = await textOf(path);
  if (text === undefined) return { path, profiles: [], document: {} };
  const document = parsed(path, text);
  const { default: defaultName, profiles = {} } = document;
  if (!isRecord(profiles)) throw unusable(path, '"profiles" is no object');
  if (defaultName !== undefined && typeof defaultName !== 'string') throw unusable(path, '"default" is no text');
  return {
    path,
    profiles: Object.entries(profiles).map(([name, value]) => profileOf(path, name, value)),
    ...(defaultName !== undefined && { defaultName }),
    document,
  };
}

/** The name of the default profile, looked at in passing: undefined where there is none, or no file that says so. */
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

/** The text of the file with this profile in it, in the place of one of its name; all that we don't know stays. */
export function textWithProfile({ document }: ProfileFile, profile: Profile, defaultName: string | undefined): string {
  const { name, ...ours } = profile;
  const before = isRecord(document['profiles']) ? document['profiles'] : {};
  const old = isRecord(before[name]) ? before[name] : {};
  const kept = Object.entries(old).filter(([key]) => !OUR_KEYS.includes(key));
  const profiles = { ...before, [name]: { ...ours, ...Object.fromEntries(kept) } };
  return rendered({ ...document, ...(defaultName !== undefined && { default: defaultName }), profiles });
}

/** The text of the file without the profile; it is no default any more either. */
export function textWithoutProfile({ document, defaultName }: ProfileFile, name: string): string {
  const before = isRecord(document['profiles']) ? document['profiles'] : {};
  const profiles = Object.fromEntries(Object.entries(before).filter(([key]) => key !== name));
  const rest = Object.entries(document).filter(([key]) => key !== 'default' || defaultName !== name);
  return rendered({ ...Object.fromEntries(rest), profiles });
}

/** The text of the file with another default. */
export function textWithDefault({ document }: ProfileFile, name: string): string {
  return rendered({ ...document, default: name });
}

const OUR_KEYS: readonly string[] = ['endpoint', 'clientId', 'tenantId', 'target', 'ca', 'secret'];

function rendered(document: object): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

async function textOf(path: string): Promise<string | undefined> {
  const status = await nodeFiles.look(path);
  if (status === undefined) return undefined;
  if (status.kind !== 'file') throw unusable(path, 'it is no plain file');
  if (!status.own) throw unusable(path, 'it belongs to another user');
  const bytes = await nodeFiles.read(path).catch((error: unknown) => {
    throw unusable(path, 'it can not be read', error);
  });
  if (bytes.length > MIB) throw unusable(path, 'it is larger than 1 MiB');
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

function parsed(path: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What the parser says quotes the text.
    throw unusable(path, 'it is no JSON');
  }
  if (!isRecord(value)) throw unusable(path, 'it is no JSON object');
  return value;
}

function profileOf(path: string, name: string, value: unknown): Profile {
  const shown = JSON.stringify(escapeForTerminal(name, 80));
  if (!NAME.test(name)) throw unusable(path, `${shown} is no name of a profile`);
  if (!isRecord(value)) throw unusable(path, `profile ${shown} is no object`);
  const text = (key: string): string | undefined => {
    const found = value[key];
    if (found === undefined || typeof found === 'string') return found;
    throw unusable(path, `"${key}" of profile ${shown} is no text`);
  };
  const [endpoint, clientId, tenantId, target, ca] = ['endpoint', 'clientId', 'tenantId', 'target', 'ca'].map(text);
  if (endpoint === undefined || clientId === undefined)
    throw unusable(path, `profile ${shown} lacks "endpoint" or "clientId"`);
  return {
    name,
    endpoint,
    clientId,
    ...(tenantId !== undefined && { tenantId }),
    ...(target !== undefined && { target }),
    ...(ca !== undefined && { ca }),
    secret: placeOf(path, shown, value['secret']),
  };
}

function placeOf(path: string, shown: string, value: unknown): SecretLocation {
  const place = parseSecretLocation(value);
  if (place !== undefined) return place;
  throw unusable(path, `"secret" of profile ${shown} does not say where the secret is`);
}

/** Undefined for what says no place. */
export function parseSecretLocation(value: unknown): SecretLocation | undefined {
  if (!isRecord(value)) return undefined;
  const { in: where, key, name } = value;
  // A name is never a path: the file is looked for in one folder only.
  if (where === 'file' && typeof name === 'string' && NAME.test(name)) return { in: where, name };
  const keychain = KEYCHAINS.find((one) => one === where);
  return keychain !== undefined && typeof key === 'string' ? { in: keychain, key } : undefined;
}

function unusable(path: string, why: string, cause?: unknown): KnownError {
  return new KnownError({
    message: `The profiles can't be used: ${why}`,
    tried: path,
    next: [`Mend the file, or move it away and log in again: ${cliInvocation(dirname(path))} login`],
    ...(cause !== undefined && { cause }),
  });
}
