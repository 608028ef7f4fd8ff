import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Writes a shell script that can be run. */
export function writeScript(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A Python that prints its version and the missing modules. Everything else fails. */
export const pythonScript = (version: string, ...missing: readonly string[]): string =>
  `[ "$2" = -c ] || exit 1\nprintf '%s\\n' ${[version, ...missing].join(' ')}`;

/** A uv that finds this Python, or no Python. Everything else fails. */
export const uvScript = (python?: string): string =>
  `case "$1 $2" in
  '--version ') echo 'uv 0.13.9 (x86_64-unknown-linux-gnu)' ;;
  'python find') ${python === undefined ? 'exit 2' : `echo ${python}`} ;;
  *) exit 1 ;;
esac`;

/** Makes `folder` a folder for the PATH that has these programs. */
export function writePrograms(folder: string, programs: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(programs)) writeScript(join(folder, name), text);
  return folder;
}
