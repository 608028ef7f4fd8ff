import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { writeFileAtomic } from '../../src/files/write.ts';

const root = join(import.meta.dirname, '../..');

/** Bundles one TypeScript source (path from the project's root) to a JavaScript file that plain Node runs; its path. */
export async function bundleForNode(source: string, external: readonly string[] = []): Promise<string> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [source],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    write: false,
    external: [...external],
  });
  const code = result.outputFiles[0]?.contents ?? new Uint8Array();
  const folder = join(root, '.test-output', 'bundles');
  await mkdir(folder, { recursive: true });
  // Named by content, so that test files that run at the same time share it and never see half of it.
  const file = join(folder, `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`);
  await writeFileAtomic(file, code);
  return file;
}

let entry: Promise<string> | undefined;

/** The supervisor's entry for tests, which run TypeScript sources that a plain Node 20 can't. */
export function supervisorEntry(): Promise<string> {
  entry ??= bundleForNode('src/platform/supervisor/main.ts');
  return entry;
}
