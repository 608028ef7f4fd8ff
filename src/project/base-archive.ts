import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { Header } from 'tar/header';
import { codeOf, KnownError, messageOf } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { systemError } from '../base/system-error.ts';
import { MIB, readSmallFile } from '../files/read.ts';
import { isSafePath } from '../files/relative-path.ts';
import { isLibraryFile } from '../languages/worker-library.ts';
import { textOf, type PlannedFile } from '../languages/planned-file.ts';

/** The base archive: what was generated last. Relative to the project. */
export const BASE_FILE = '.kuflow/base.tgz';

const MAX_ARCHIVE_MIB = 16;
const MAX_CONTENTS_MIB = 64;
const MAX_ENTRIES = 10_000;
const BLOCK = 512;
/** A fixed time that every tool can display. */
const MODIFIED = new Date('2000-01-01T00:00:00Z');
const UNKNOWN_SYSTEM = 255;

/** What was generated last: the base of the next three-way merge. */
export interface ProjectBase {
  /** Every generated file by path, including the process definitions that the code was generated from. See `baseEntry`. */
  readonly generated: ReadonlyMap<string, PlannedFile>;
  /** The version merged last of each file to which `generated` was not applied, such as after a declined change. */
  readonly merged: ReadonlyMap<string, PlannedFile>;
  /** Code that `kuflow dev` has regenerated since then. A file with this text has no local changes. */
  readonly regenerated: ReadonlyMap<string, PlannedFile>;
  /** The user's own template that the project was generated with. Empty without one. */
  readonly template: ReadonlyMap<string, PlannedFile>;
}

export const EMPTY_BASE: ProjectBase = {
  generated: new Map(),
  merged: new Map(),
  regenerated: new Map(),
  template: new Map(),
};

const PARTS = Object.keys(EMPTY_BASE) as readonly (keyof ProjectBase)[];

/** The base of a project whose files were all just generated, with the files of the user's own template. */
export function baseOf(files: readonly PlannedFile[], template = EMPTY_BASE.template): ProjectBase {
  return { ...EMPTY_BASE, generated: new Map(files.map((file) => [file.path, baseEntry(file)])), template };
}

/** A generated file as the base has it. The base has only checksums of the library, whose files are never merged. */
export function baseEntry(file: PlannedFile): PlannedFile {
  const { path, contents } = file;
  if (!isLibraryFile(path)) return file;
  return { ...file, contents: Buffer.from(`sha256:${createHash('sha256').update(contents).digest('hex')}\n`) };
}

export function withGenerated(base: ProjectBase, file: PlannedFile): ProjectBase {
  return { ...base, generated: new Map(base.generated).set(file.path, file) };
}

/** The base with a change of each of its parts, except the user's own template. */
export function mapParts(
  base: ProjectBase,
  change: (files: ProjectBase['generated']) => ProjectBase['generated'],
): ProjectBase {
  const { generated, merged, regenerated, template } = base;
  return { generated: change(generated), merged: change(merged), regenerated: change(regenerated), template };
}

/** The base if these files were not changed: each is merged with its previous version again. */
export function withoutChanges(base: ProjectBase, previous: ProjectBase, paths: readonly string[]): ProjectBase {
  const [generated, merged] = [new Map(base.generated), new Map(base.merged)];
  for (const path of paths) {
    const before = previous.merged.get(path) ?? previous.generated.get(path);
    const now = generated.get(path);
    if (before === undefined) generated.delete(path);
    else if (now === undefined) generated.set(path, before);
    else if (textOf(before) !== textOf(now)) merged.set(path, before);
  }
  return { ...base, generated, merged };
}

/** Whether two bases are the same; archives of the same base may differ between versions of Node.js. */
export function isSameBase(one: ProjectBase, other: ProjectBase): boolean {
  return PARTS.every((part) => isSamePart(one[part], other[part]));
}

export function isSamePart(one: ProjectBase[keyof ProjectBase], other: ProjectBase[keyof ProjectBase]): boolean {
  const isSame = (file: PlannedFile, same: PlannedFile | undefined): boolean =>
    same !== undefined &&
    Buffer.compare(file.contents, same.contents) === 0 &&
    (file.mode === 0o755) === (same.mode === 0o755);
  return one.size === other.size && [...one].every(([path, file]) => isSame(file, other.get(path)));
}

/** The same base gives the same bytes with the same Node.js. Rejects with a KnownError if it could not be read again. */
export async function renderBaseFile(base: ProjectBase): Promise<PlannedFile> {
  const blocks: Uint8Array[] = [];
  for (const folder of PARTS) {
    const files = base[folder];
    for (const path of [...files.keys()].sort()) {
      const file = files.get(path);
      if (file === undefined) continue;
      const header = new Header({
        path: `${folder}/${path}`,
        type: 'File',
        mode: file.mode === 0o755 ? 0o755 : 0o644,
        size: file.contents.byteLength,
        mtime: MODIFIED,
        uid: 0,
        gid: 0,
      });
      const block = Buffer.alloc(BLOCK);
      if (header.encode(block)) throw unwritableError(`the path ${path} is too long`);
      blocks.push(block, file.contents, Buffer.alloc(-file.contents.byteLength & (BLOCK - 1)));
    }
  }
  const tar = Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
  const contents = await promisify(gzip)(tar);
  if (tar.byteLength > MAX_CONTENTS_MIB * MIB || contents.byteLength > MAX_ARCHIVE_MIB * MIB)
    throw unwritableError(
      `the generated files are larger than ${MAX_CONTENTS_MIB} MiB, or ${MAX_ARCHIVE_MIB} MiB compressed`,
    );
  // The header has no time, but it does have the operating system.
  contents[9] = UNKNOWN_SYSTEM;
  return { path: BASE_FILE, contents, mode: 0o644 };
}

function unwritableError(seen: string): KnownError {
  return new KnownError({
    message: `The generated files cannot be kept in ${BASE_FILE}`,
    seen,
    next: ['If you use your own template, make it smaller or its paths shorter'],
  });
}

/** Parses an archive. Rejects with an error that says what is wrong with it. */
export async function parseBase(archive: Uint8Array): Promise<ProjectBase> {
  const { Parser } = await import('tar');
  const tar = gunzipSync(archive, { maxOutputLength: MAX_CONTENTS_MIB * MIB });
  // The parser also unpacks gzip and zstd, without the limit.
  if (tar[0] === 0x1f || tar[0] === 0x28) throw new Error('it is compressed twice');
  const empty = (): Map<string, PlannedFile> => new Map();
  const base = { generated: empty(), merged: empty(), regenerated: empty(), template: empty() };
  let entries = 0;
  await new Promise<void>((resolve, reject) => {
    const parser = new Parser({
      strict: true,
      onReadEntry: (entry) => {
        const at = entry.path.indexOf('/');
        const part = PARTS.find((one) => one === entry.path.slice(0, at));
        const path = entry.path.slice(at + 1);
        const isExpected = entry.type === 'File' && isSafePath(path) && part !== undefined;
        if (!isExpected || base[part].has(path) || ++entries > MAX_ENTRIES) {
          reject(new Error(`unexpected entry ${entry.path.slice(0, 200)}`));
          entry.resume();
          return;
        }
        const chunks: Uint8Array[] = [];
        entry.on('data', (chunk: Uint8Array) => chunks.push(chunk));
        const mode = ((entry.mode ?? 0) & 0o100) === 0 ? 0o644 : 0o755;
        entry.on('end', () => base[part].set(path, { path, contents: Buffer.concat(chunks), mode }));
      },
    });
    parser.on('error', reject);
    parser.on('end', () => resolve());
    parser.end(tar);
  });
  if (base.generated.size === 0) throw new Error('it is empty');
  return base;
}

export async function isBase(bytes: Uint8Array): Promise<boolean> {
  return (
    bytes.byteLength <= MAX_ARCHIVE_MIB * MIB &&
    (await parseBase(bytes).then(
      () => true,
      () => false,
    ))
  );
}

/** The bytes of the archive of the project in `folder`; undefined if it does not exist. Rejects with a KnownError. */
export async function readBaseFile(folder: string): Promise<Uint8Array | undefined> {
  try {
    const { bytes } = await readSmallFile(join(folder, BASE_FILE), MAX_ARCHIVE_MIB * MIB);
    if (bytes === undefined)
      throw damagedError(folder, `it is not a regular file or is larger than ${MAX_ARCHIVE_MIB} MiB`);
    return bytes;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw systemError(error, `Reading ${BASE_FILE}`, join(folder, BASE_FILE));
  }
}

/** Parses the archive of the project in `folder`. Rejects with a KnownError if it is damaged. */
export async function openBase(folder: string, archive: Uint8Array): Promise<ProjectBase> {
  try {
    return await parseBase(archive);
  } catch (error) {
    throw damagedError(folder, escapeForTerminal(messageOf(error), 300), error);
  }
}

function damagedError(folder: string, seen: string, cause?: unknown): KnownError {
  return new KnownError({
    message: `${BASE_FILE} is damaged`,
    tried: join(folder, BASE_FILE),
    seen,
    next: [
      `Restore it from version control: git checkout HEAD -- ${BASE_FILE}`,
      'Or delete it: the next kuflow add rebuilds it from the definition',
    ],
    cause,
  });
}
