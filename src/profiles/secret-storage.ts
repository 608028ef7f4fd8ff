import { join } from 'node:path';
import { codeOf, KnownError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { ignoreSystemErrors, withContext } from '../base/system-error.ts';
import { writeNewFiles } from '../files/write.ts';
import { nodeFileSystem, type FileSystem } from '../files/node-file-system.ts';
import type { SecretLocation } from './file.ts';
import type { Keychain, KeychainResult } from './keychain/keychain.ts';
import { openNamedKeychain, type KeychainOptions } from './keychain/choose-keychain.ts';

export interface SecretStorageContext extends KeychainOptions {
  /** Absolute path of the folder with the profile file. */
  readonly folder: string;
  readonly files?: FileSystem;
}

const secretFile = (folder: string, name: string): string => join(folder, 'secrets', name);

/** For use in a sentence: `the system's keychain (secret-tool)`, or the path of the file. */
export function describeSecretLocation(location: SecretLocation, { folder, ...context }: SecretStorageContext): string {
  if (location.in === 'file') return secretFile(folder, location.name);
  const opened = openNamedKeychain(location.in, { ...context, env: {} });
  return opened.kind === 'open' ? opened.keychain.title : `a keychain of another system (${location.in})`;
}

/** Stores a secret and reads it back, because the status of a tool is not reliable. Removes it if that fails. */
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
  return { kind: 'failed', why: read.kind === 'failed' ? read.why : 'it did not return the secret that was stored' };
}

/** Stores a secret in a new file with mode 0600 from its creation. Rejects with a KnownError. */
export async function storeInFile(
  name: string,
  secret: Secret,
  { folder, files = nodeFileSystem }: SecretStorageContext,
): Promise<void> {
  const path = secretFile(folder, name);
  await withContext('Writing the secret', path, async () => {
    const parent = join(path, '..');
    const status = await files.look(parent);
    if (status === undefined) await files.makeFolder(parent);
    else if (status.kind !== 'folder' || !status.own) {
      throw new KnownError({
        message: 'The secret cannot be stored in a file: the folder is a link or belongs to another user',
        tried: parent,
        next: ['Move it away, then log in again'],
      });
    }
    await writeNewFiles(files, [{ path, content: secret.reveal() }]);
    await ignoreSystemErrors(() => files.syncFolder(parent));
  });
}

export type SecretRead =
  | { readonly kind: 'found'; readonly secret: Secret; readonly warnings: readonly string[] }
  /** `why` completes "the secret cannot be read: …". */
  | { readonly kind: 'failed'; readonly why: string };

/** Whether reading the secret opens a keychain. False if there is no usable keychain: then reading fails at once. */
export function needsKeychain(location: SecretLocation, context: SecretStorageContext): boolean {
  return location.in !== 'file' && openNamedKeychain(location.in, context).kind === 'open';
}

/** The secret of a profile. May open the keychain, so call it only when the secret is needed. */
export async function readStoredSecret(location: SecretLocation, context: SecretStorageContext): Promise<SecretRead> {
  if (location.in === 'file') return await readFileSecret(secretFile(context.folder, location.name));
  const opened = openNamedKeychain(location.in, context);
  if (opened.kind === 'none') return { kind: 'failed', why: `the keychain is not used: ${opened.why}` };
  const read = await opened.keychain.read(location.key);
  if (read.kind === 'found') return { ...read, warnings: [] };
  return { kind: 'failed', why: read.kind === 'absent' ? 'it is no longer in the keychain' : read.why };
}

async function readFileSecret(path: string): Promise<SecretRead> {
  const failed = (why: string): SecretRead => ({ kind: 'failed', why: `${path} ${why}` });
  try {
    const status = await nodeFileSystem.look(path);
    if (status === undefined) return failed('no longer exists');
    if (status.kind !== 'file') return failed('is not a regular file');
    if (!status.own) return failed('belongs to another user');
    const secret = new Secret((await nodeFileSystem.read(path)).toString('utf8'));
    const isOpen = process.platform !== 'win32' && (status.mode & 0o077) !== 0;
    return {
      kind: 'found',
      secret,
      warnings: isOpen ? [`${path} is accessible to other users: chmod 600 ${path}`] : [],
    };
  } catch (error) {
    return failed(`cannot be read (${codeOf(error) ?? 'unknown error'})`);
  }
}

/** Deletes a secret. Resolves to undefined if it no longer exists, otherwise to the reason, and what to do about it. */
export async function deleteSecret(
  location: SecretLocation,
  context: SecretStorageContext,
): Promise<string | undefined> {
  const { folder, files = nodeFileSystem, signal } = context;
  if (location.in === 'file') {
    try {
      await files.removeFile(secretFile(folder, location.name));
      return undefined;
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : `it cannot be removed (${code})`;
    }
  }
  const named = openNamedKeychain(location.in, { ...context, env: {} });
  const hint = named.kind === 'open' ? `; to remove it by hand: ${named.keychain.removeCommand(location.key)}` : '';
  const opened = openNamedKeychain(location.in, context);
  if (opened.kind === 'none') return `the keychain is not used: ${opened.why}${hint}`;
  try {
    const removed = await opened.keychain.remove(location.key);
    return removed.kind === 'done' ? undefined : `${removed.why}${hint}`;
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    return `interrupted before the keychain answered${hint}`;
  }
}
