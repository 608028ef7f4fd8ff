import { chmod, mkdir, open, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { renameFile } from '../../files/rename.ts';
import { extract } from 'tar';
import { syncPath } from '../../files/node-file-system.ts';
import { extractFromZip } from '../../files/zip.ts';

type ArchiveKind = 'tar' | 'zip' | 'program';

/**
 * Extracts the file `name`, in any folder of a .tar.gz or .zip archive (a wheel is a zip), to `target`, or moves a file that is the program itself.
 * Makes it executable. The error says why the archive cannot be used.
 */
export async function unpackProgram(archive: string, name: string, target: string): Promise<void> {
  switch (await detectKind(archive)) {
    case 'tar':
      await extractFromTar(archive, name, target);
      break;
    case 'zip':
      await extractFromZip(archive, name, target);
      break;
    case 'program':
      await renameFile(archive, target);
  }
  await chmod(target, 0o755);
  await syncPath(target);
}

async function detectKind(archive: string): Promise<ArchiveKind> {
  const magic = Buffer.alloc(4);
  const file = await open(archive);
  try {
    await file.read(magic, 0, 4, 0);
  } finally {
    await file.close();
  }
  if (magic.readUInt16BE(0) === 0x1f8b) return 'tar';
  if (magic.readUInt32BE(0) === 0x504b0304) return 'zip';
  // ELF, Mach-O (64-bit and universal), PE.
  if ([0x7f454c46, 0xcffaedfe, 0xcafebabe].includes(magic.readUInt32BE(0))) return 'program';
  if (magic.toString('latin1', 0, 2) === 'MZ') return 'program';
  throw new Error('it is neither an archive nor a program');
}

async function extractFromTar(archive: string, name: string, target: string): Promise<void> {
  const folder = `${target}.unpacked`;
  await mkdir(folder);
  try {
    let found: string | undefined;
    await extract({
      file: archive,
      cwd: folder,
      // A truncated archive is an error and not a warning.
      strict: true,
      preserveOwner: false,
      filter: (path, entry) => {
        const matches = 'type' in entry && entry.type.endsWith('File') && posix.basename(path) === name;
        if (!matches || found !== undefined) return false;
        found = path;
        return true;
      },
    });
    if (found === undefined) throw new Error(`the archive does not contain a file ${name}`);
    await renameFile(join(folder, found), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
