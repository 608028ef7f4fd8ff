// The main script of the standalone program (see program.mjs). It unpacks the package into the cache folder once, and runs it from there.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getAsset, isSea } from 'node:sea';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { cacheFolder } from '../src/base/user-folders.ts';

/** What the archive contains: its checksum, the name of the folder to unpack it to, and the size of each file. */
export interface ProgramIndex {
  readonly name: string;
  readonly sha256: string;
  readonly sizes: Readonly<Record<string, number>>;
}

/** The modification time of all unpacked files, in seconds: the date that npm uses in packages. It reveals changes without reading the files. */
const MODIFIED = 499_162_500;
const ATTEMPTS = 40;
const PAUSE_MS = 50;

if (isSea()) start();

function start(): void {
  const index = JSON.parse(getAsset('index', 'utf8')) as ProgramIndex;
  const parent = join(cacheFolder(process.env), 'programs');
  let folder: string;
  try {
    // Modules have the real path, also if the cache is behind a link.
    folder = realpathSync(unpackOnce(parent, index, () => new Uint8Array(getAsset('archive'))));
  } catch (error) {
    process.stderr.write(
      `error: kuflow could not unpack itself into ${parent}\n${String(error)}\n` +
        'hint: make that folder writable, or set XDG_CACHE_HOME to a folder that is\n',
    );
    process.exitCode = 1;
    return;
  }
  const load = createRequire(join(folder, 'import.cjs'));
  const supervisor = join(folder, 'dist', 'supervisor.js');
  const kuflow = join(folder, 'bin', 'kuflow.js');
  // The package starts its supervisor as `node <file>`, with this program as `node`.
  if (process.argv[2] !== supervisor) {
    process.argv[1] = kuflow;
    load(kuflow);
    return;
  }
  process.argv.splice(1, 1);
  // The script of a standalone program cannot import files itself.
  void (load('./import.cjs') as (url: string) => Promise<unknown>)(pathToFileURL(supervisor).href);
}

/**
 * Returns the folder below `parent` with the files of an archive. Unpacks them unless they are there, unchanged, and closed to other users.
 * Can run in several processes at once. Throws if the archive does not have its checksum, or the folder cannot be written.
 */
export function unpackOnce(parent: string, index: ProgramIndex, readArchive: () => Uint8Array): string {
  const folder = join(parent, index.name);
  if (isIntact(folder, index)) return folder;
  const archive = readArchive();
  if (createHash('sha256').update(archive).digest('hex') !== index.sha256)
    throw new Error('The program is damaged: download it again');
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const own = mkdtempSync(join(parent, 'new-'));
  const damaged = `${own}.old`;
  try {
    const files = JSON.parse(brotliDecompressSync(archive).toString()) as Readonly<Record<string, string>>;
    for (const [path, contents] of Object.entries(files)) {
      const file = join(own, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, contents, 'base64');
      utimesSync(file, MODIFIED, MODIFIED);
    }
    chmodSync(own, 0o700);
    for (let attempt = 1; ; attempt += 1) {
      try {
        renameSync(own, folder);
        return folder;
      } catch (error) {
        // Another process unpacked it.
        if (isIntact(folder, index)) return folder;
        if (attempt === ATTEMPTS) throw error;
      }
      try {
        renameSync(folder, damaged);
      } catch {
        // It no longer exists, or it is briefly in use on Windows.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
      }
    }
  } finally {
    for (const path of [own, damaged]) rmSync(path, { recursive: true, force: true });
  }
}

function isIntact(folder: string, { sizes }: ProgramIndex): boolean {
  try {
    const { uid, mode } = lstatSync(folder);
    const isPrivate = process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0);
    return (
      isPrivate &&
      Object.entries(sizes).every(([path, bytes]) => {
        const file = lstatSync(join(folder, path));
        return file.isFile() && file.size === bytes && file.mtimeMs === MODIFIED * 1000;
      })
    );
  } catch {
    return false;
  }
}
