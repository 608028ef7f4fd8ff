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

/** A Python on the PATH that creates a virtual environment in `.venv` with this Python, a shell script. Writes its arguments to the file `calls`. */
export const creatingScript = (python: string): string =>
  `if [ "$2" = -c ]; then echo 3.11.7; exit; fi
echo "$*" > calls
mkdir -p .venv/bin && printf '%s\\n' '#!/bin/sh' '${python.replaceAll("'", `'\\''`)}' > .venv/bin/python && chmod +x .venv/bin/python`;

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
