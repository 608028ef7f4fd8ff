import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, createReadStream, mkdirSync, openSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { MANIFEST_FILE } from './entries.ts';
import {
  invalidArchiveError,
  MAX_BYTES,
  MAX_FILES,
  MAX_MANIFEST_BYTES,
  parseManifest,
  type StateManifest,
  type StateManifestFile,
} from './manifest.ts';

/** A header, padding and extended headers for each file. */
const OVERHEAD_PER_FILE = 4096;

/** Limit for everything that is decompressed. */
const MAX_UNPACKED = MAX_BYTES + MAX_MANIFEST_BYTES + MAX_FILES * OVERHEAD_PER_FILE;

/** The text that a tar header has at this place. */
const TAR_MAGIC = { offset: 257, text: 'ustar' };
const BLOCK_BYTES = 512;

/** The CA's certificate is public, and other users may have to read it. */
const PUBLIC_FILE = 'pki/ca.pem';

/**
 * Unpacks an archive of `exportState` to `folder`, which must be empty. Writes only files with the names of a state folder that the manifest lists,
 * and checks their sizes and digests. Rejects with KnownError otherwise.
 */
export async function unpackArchive(file: string, folder: string, limit = MAX_UNPACKED): Promise<StateManifest> {
  const unpacking = startUnpacking(file, folder);
  const parser = new Parser({ strict: true, onReadEntry: unpacking.read });
  parser.on('error', (error: Error) => unpacking.fail(`it is damaged (${messageOf(error)})`));
  let bytes = 0;
  let head: Buffer | undefined = Buffer.alloc(0);
  try {
    await requireFile(file);
    const source = createReadStream(file);
    const gunzip = createGunzip();
    // `pipe` passes on neither errors nor an early end.
    source.on('error', (error) => gunzip.destroy(error));
    gunzip.on('close', () => source.destroy());
    for await (const chunk of source.pipe(gunzip) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      // The content of a small archive may be large.
      if (bytes > limit) unpacking.fail('it is too large');
      let content = chunk;
      if (head !== undefined) {
        head = content = Buffer.concat([head, chunk]);
        if (head.length < BLOCK_BYTES) continue;
        // The parser would decompress the content again.
        if (!isTar(head)) unpacking.fail('it was not written by `kuflow dev export`');
        head = undefined;
      }
      if (!unpacking.hasFailed()) parser.write(content);
      unpacking.throwIfFailed();
    }
    parser.end();
    unpacking.throwIfFailed();
    return unpacking.finish();
  } catch (error) {
    if (error instanceof KnownError) throw error;
    const code = codeOf(error);
    throw code?.startsWith('Z_') === true
      ? invalidArchiveError(file, 'it is not a .tar.gz file, or it is damaged')
      : error;
  } finally {
    unpacking.close();
  }
}

async function requireFile(file: string): Promise<void> {
  try {
    if ((await stat(file)).isFile()) return;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw invalidArchiveError(file, 'it does not exist', 'Check the path');
    throw error;
  }
  throw invalidArchiveError(file, 'it is not a file', 'Check the path');
}

const isTar = (head: Buffer): boolean =>
  head.toString('latin1', TAR_MAGIC.offset, TAR_MAGIC.offset + TAR_MAGIC.text.length) === TAR_MAGIC.text;

interface Unpacking {
  readonly read: (entry: ReadEntry) => void;
  readonly fail: (reason: string) => void;
  readonly hasFailed: () => boolean;
  readonly throwIfFailed: () => void;
  /** Throws if a file of the manifest is missing. */
  readonly finish: () => StateManifest;
  readonly close: () => void;
}

/** Everything is synchronous, so that the next entry is not read before this one is checked. */
function startUnpacking(file: string, folder: string): Unpacking {
  let failure: KnownError | undefined;
  let manifest: StateManifest | undefined;
  let open: number | undefined;
  const missing = new Map<string, StateManifestFile>();
  const setFailure = (error: KnownError): void => {
    failure ??= error;
  };
  const fail = (reason: string): void => setFailure(invalidArchiveError(file, reason));
  const guarded = (work: () => void): void => {
    if (failure !== undefined) return;
    try {
      work();
    } catch (error) {
      if (error instanceof KnownError) setFailure(error);
      else fail(messageOf(error));
    }
  };

  const readManifest = (entry: ReadEntry): void => {
    if (entry.path !== MANIFEST_FILE || !isPlainFile(entry)) {
      fail('it was not written by `kuflow dev export`');
      return;
    }
    if (entry.size > MAX_MANIFEST_BYTES) {
      fail('it is too large');
      return;
    }
    const chunks: Buffer[] = [];
    entry.on('data', (chunk: Buffer) => chunks.push(chunk));
    entry.on('end', () =>
      guarded(() => {
        manifest = parseManifest(Buffer.concat(chunks).toString('utf8'), file);
        for (const one of manifest.files) missing.set(one.path, one);
      }),
    );
  };

  const readFile = (entry: ReadEntry): void => {
    const expected = missing.get(entry.path);
    if (expected === undefined || !isPlainFile(entry) || entry.size !== expected.bytes) {
      fail(`it contains ${JSON.stringify(entry.path.slice(0, 100))}, which its ${MANIFEST_FILE} does not describe`);
      return;
    }
    missing.delete(entry.path);
    const path = join(folder, entry.path);
    const hash = createHash('sha256');
    guarded(() => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      open = openSync(path, 'wx', entry.path === PUBLIC_FILE ? 0o644 : 0o600);
    });
    entry.on('data', (chunk: Buffer) =>
      guarded(() => {
        hash.update(chunk);
        if (open !== undefined) for (let at = 0; at < chunk.length;) at += writeSync(open, chunk, at);
      }),
    );
    entry.on('end', () =>
      guarded(() => {
        if (open !== undefined) {
          fsyncSync(open);
          closeSync(open);
        }
        open = undefined;
        if (hash.digest('hex') !== expected.sha256) fail(`${entry.path} in it is damaged`);
      }),
    );
  };

  const throwIfFailed = (): void => {
    if (failure !== undefined) throw failure;
  };
  return {
    read: (entry) => {
      if (failure === undefined) {
        if (manifest === undefined) readManifest(entry);
        else readFile(entry);
      }
      entry.resume();
    },
    fail,
    hasFailed: () => failure !== undefined,
    throwIfFailed,
    finish: () => {
      const [first] = missing.keys();
      if (manifest === undefined || first !== undefined)
        fail(manifest === undefined ? 'it is empty or incomplete' : `${first ?? ''} is missing from it`);
      throwIfFailed();
      if (manifest === undefined) throw new Error('The archive does not have a manifest');
      return manifest;
    },
    close: () => {
      if (open !== undefined) closeSync(open);
      open = undefined;
    },
  };
}

const isPlainFile = ({ type }: ReadEntry): boolean => type === 'File' || type === 'OldFile';
