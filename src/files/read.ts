import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { lstat, open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Advice } from '../base/advice.ts';
import { codeOf } from '../base/errors.ts';
import { posixWord } from '../base/shell.ts';

/** Bytes in a mebibyte. */
export const MIB = 1024 * 1024;

export type SmallFile =
  /** `mode`: permission bits and file type, as `stat` gives them. */
  | { readonly bytes: Buffer; readonly mode: number }
  /** `special`: a pipe, a socket or a device. */
  | { readonly bytes?: undefined; readonly refused: 'folder' | 'special' | 'too-large' };

/**
 * Reads a regular file of at most `limit` bytes, following links. Rejects with the system's error when it can't be opened or read.
 * Opening a pipe does not wait for a writer: such a wait could not be interrupted, not even by the end of the process.
 */
export async function readSmallFile(path: string, limit: number): Promise<SmallFile> {
  const file = await openWithoutWaiting(path);
  if (file === undefined) return { refused: 'special' };
  try {
    const status = await file.stat();
    if (status.isDirectory()) return { refused: 'folder' };
    if (!status.isFile()) return { refused: 'special' };
    if (status.size > limit) return { refused: 'too-large' };
    return { bytes: await file.readFile(), mode: status.mode };
  } finally {
    await file.close();
  }
}

/** The text of a regular file of at most `limit` bytes, following links. Undefined if it can't be read. */
export async function readSmallText(path: string, limit: number): Promise<string | undefined> {
  const file = await readSmallFile(path, limit).catch(() => undefined);
  return file?.bytes?.toString('utf8');
}

/** A regular file. `mode`: permission bits and file type, as `lstat` gives them. */
export interface PlainFile {
  readonly contents: Buffer;
  readonly mode: number;
}

/** Reads a regular file without following a link. Undefined if nothing is there, false if it is not a regular file. Rejects with the system's error. */
export async function readPlainFile(path: string): Promise<PlainFile | undefined | false> {
  try {
    const status = await lstat(path);
    return status.isFile() ? { contents: await readFile(path), mode: status.mode } : false;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Undefined for a socket, which can't be opened. */
async function openWithoutWaiting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NONBLOCK));
  } catch (error) {
    if (codeOf(error) === 'ENXIO') return undefined;
    throw error;
  }
}

/** The SHA-256 of a file, in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** How to get access to a file that exists but cannot be read with this error code; undefined for other codes and on Windows. */
export async function unreadableStep(path: string, code: string): Promise<Advice | undefined> {
  if ((code !== 'EACCES' && code !== 'EPERM') || process.platform === 'win32') return undefined;
  const owner = await ownerOf(path);
  // The file itself cannot be seen, so the folder is what this user cannot enter.
  if (owner === undefined) return await accessStep(dirname(path), 'Make the folder accessible to your user', 'u+rx');
  return await accessStep(path, 'Make the file readable for your user', 'u+r');
}

async function accessStep(path: string, text: string, mode: string): Promise<Advice> {
  const user = process.geteuid?.();
  if ((await ownerOf(path)) === user) return { text, command: `chmod ${mode} ${posixWord(path)}` };
  return { text: `${text}; it belongs to another user`, command: `sudo chown "$(id -un)" ${posixWord(path)}` };
}

async function ownerOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).uid;
  } catch {
    return undefined;
  }
}
