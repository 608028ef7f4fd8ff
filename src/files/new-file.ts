import type { StoreFiles } from './file-system.ts';

/** Writes a file that is not there yet: closed to others from birth, on the disk when this resolves. `mode`: its permission bits in the end. */
export async function writeNewFile(
  files: StoreFiles,
  path: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const file = await files.create(path);
  try {
    await file.write(typeof content === 'string' ? Buffer.from(content, 'utf8') : content);
    if (mode !== 0o600) await file.setMode(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}
