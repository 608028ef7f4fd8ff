import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { replaceFile } from '../../src/files/write.ts';

const root = join(import.meta.dirname, '../..');

/** Bundles one TypeScript source (path from the project's root) into a JavaScript file for plain Node and returns its path. */
export async function bundleForNode(source: string, external: readonly string[] | 'packages' = []): Promise<string> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [source],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // A package in CommonJS may require modules of Node.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    write: false,
    ...(external === 'packages' ? { packages: 'external' } : { external: [...external] }),
  });
  const code = result.outputFiles[0]?.contents ?? new Uint8Array();
  const folder = join(root, '.test-output', 'bundles');
  await mkdir(folder, { recursive: true });
  // Named by content, so that concurrent test files share it and never see a partial file.
  const file = join(folder, `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`);
  await replaceFile(file, code);
  return file;
}

let entry: Promise<string> | undefined;

/** The supervisor's entry for tests: plain Node 20 cannot run the TypeScript source. */
export function supervisorEntry(): Promise<string> {
  entry ??= bundleForNode('src/platform/supervisor/main.ts');
  return entry;
}
