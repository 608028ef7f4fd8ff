import { join } from 'node:path';
import { KnownError, codeOf } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { writeNewFile } from '../files/write.ts';
import { nodeFiles } from '../files/node-file-system.ts';
import { withContext, ignoreSystemErrors } from '../base/system-error.ts';
import type { StoreFiles } from '../files/file-system.ts';
import type { Keychain, KeychainResult } from './keychain/keychain.ts';
import { openKeychain, openNamedKeychain, type KeychainOptions } from './keychain/open.ts';
import type { SecretLocation } from './file.ts';

export interface SecretStorageContext extends KeychainOptions {
  /** Absolute: where the profile file is. */
  readonly folder: string;
  /** The real disk when absent. */
  readonly files?: StoreFiles;
}

const secretFile = (folder: string, name: string): string => join(folder, 'secrets', name);

/** For a sentence: `the system's keychain (secret-tool)`, or the path of the file. */
export function describeSecretLocation(place: SecretLocation, { folder, ...world }: SecretStorageContext): string {
  if (place.in === 'file') return secretFile(folder, place.name);
  const opened = openKeychain({ ...world, env: {} });
  return opened.kind === 'open' && opened.keychain.name === place.in
    ? opened.keychain.title
    : `a keychain of another system (${place.in})`;
}

/** Stores it and reads it back: what a tool says is no proof. What it took and does not give back is removed again. */
export async function storeInKeychain(
  keychain: Keychain,
  key: string,
  secret: Secret,
  label: string,
): Promise<KeychainResult> {
  const stored = await keychain.store(key, secret, label);
  if (stored.kind === 'failed') return stored;
  const read = await keychain.read(key);
  if (read.kind === 'found' && read.secret.reveal() === secret.reveal()) return { kind: 'done' };
  await keychain.remove(key);
  return { kind: 'failed', why: read.kind === 'failed' ? read.why : 'it does not give back what it was given' };
}

/** A file of its own, 0600 from birth; nothing names it yet. Rejects with a KnownError. */
export async function storeInFile(
  name: string,
  secret: Secret,
  { folder, files = nodeFiles }: SecretStorageContext,
): Promise<void> {
  const path = secretFile(folder, name);
  await withContext('Writing the secret', path, async () => {
    const parent = join(path, '..');
    const there = await files.look(parent);
    if (there === undefined) await files.makeFolder(parent);
    else if (there.kind !== 'folder' || !there.own) {
      throw new KnownError({
        message: "The secret can't be kept in a file: its folder is a link or belongs to another user",
        tried: parent,
        next: ['Move it away, then log in again'],
      });
    }
    await writeNewFile(files, path, secret.reveal());
    await ignoreSystemErrors(() => files.syncFolder(parent));
  });
}

export type SecretRead =
  | { readonly kind: 'found'; readonly secret: Secret; readonly warnings: readonly string[] }
  /** `why` completes "the secret can't be had: …". */
  | { readonly kind: 'failed'; readonly why: string };

/** Whether reading it opens a keychain. False where there is none to be opened: then it is said at once that it can't be had. */
export function needsKeychain(place: SecretLocation, world: SecretStorageContext): boolean {
  return place.in !== 'file' && openNamedKeychain(place.in, world).kind === 'open';
}

/** The secret of a profile. Opens the keychain when it is in there, and so is asked for only when it is used. */
export async function readStoredSecret(place: SecretLocation, world: SecretStorageContext): Promise<SecretRead> {
  if (place.in === 'file') return await readFileSecret(secretFile(world.folder, place.name));
  const opened = openNamedKeychain(place.in, world);
  if (opened.kind === 'none') return { kind: 'failed', why: `the keychain is not used: ${opened.why}` };
  const read = await opened.keychain.read(place.key);
  if (read.kind === 'found') return { ...read, warnings: [] };
  return { kind: 'failed', why: read.kind === 'absent' ? 'it is not in the keychain any more' : read.why };
}

async function readFileSecret(path: string): Promise<SecretRead> {
  const failed = (why: string): SecretRead => ({ kind: 'failed', why: `${path} ${why}` });
  try {
    const status = await nodeFiles.look(path);
    if (status === undefined) return failed('is not there any more');
    if (status.kind !== 'file') return failed('is no plain file');
    if (!status.own) return failed('belongs to another user');
    const secret = new Secret((await nodeFiles.read(path)).toString('utf8'));
    const open = process.platform !== 'win32' && (status.mode & 0o077) !== 0;
    return { kind: 'found', secret, warnings: open ? [`Other users may read ${path}: chmod 600 ${path}`] : [] };
  } catch (error) {
    return failed(`can't be read (${codeOf(error) ?? 'unknown error'})`);
  }
}

/** Removes a secret, one that is not there too; why it is still there, and what to do about it, or undefined when it is gone. */
export async function deleteSecret(place: SecretLocation, world: SecretStorageContext): Promise<string | undefined> {
  const { folder, files = nodeFiles, signal } = world;
  if (place.in === 'file') {
    try {
      await files.removeFile(secretFile(folder, place.name));
      return undefined;
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : `it can't be removed (${code})`;
    }
  }
  const opened = openNamedKeychain(place.in, world);
  if (opened.kind === 'none') return `the keychain is not used: ${opened.why}${byHand(place, world)}`;
  try {
    const removed = await opened.keychain.remove(place.key);
    return removed.kind === 'done' ? undefined : `${removed.why}${byHand(place, world)}`;
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    return `this was interrupted before the keychain had answered${byHand(place, world)}`;
  }
}

function byHand(place: { readonly in: string; readonly key: string }, world: SecretStorageContext): string {
  const opened = openKeychain({ ...world, env: {} });
  return opened.kind === 'open' && opened.keychain.name === place.in
    ? `; by hand: ${opened.keychain.removeCommand(place.key)}`
    : '';
}
