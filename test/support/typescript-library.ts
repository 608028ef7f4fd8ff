import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { extract } from 'tar';
import { ROOT } from '../../scripts/bundle.mjs';
import { replaceText } from './library-archive.ts';

const ARCHIVES = 'dist/libraries/typescript';

/** Packs the library with another version and one changed text of a compiled module, in a new folder. Returns the path of the archive. */
export function packTypeScriptLibrary(
  folder: string,
  {
    version,
    replaced: [path, from, to],
  }: { readonly version: string; readonly replaced: readonly [string, string, string] },
): string {
  mkdirSync(folder, { recursive: true });
  const [archive = 'none'] = readdirSync(join(ROOT, ARCHIVES));
  extract({ file: join(ROOT, ARCHIVES, archive), cwd: folder, sync: true });
  const sources = join(folder, 'package');
  replaceText(join(sources, 'package.json'), /"version": ".*"/, `"version": "${version}"`);
  replaceText(join(sources, 'dist', path), from, to);
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder, sources], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'none');
}
