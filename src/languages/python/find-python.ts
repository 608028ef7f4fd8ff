import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findOnPath } from '../../files/find-on-path.ts';
import { isOlder } from '../../files/package-version.ts';

export const OLDEST_PYTHON = '3.11';

const IS_WINDOWS = process.platform === 'win32';
/** On Windows, the installer of Python puts only its launcher on the PATH by default. */
export const PYTHON_PROGRAMS = IS_WINDOWS ? (['py', 'python'] as const) : (['python3', 'python'] as const);

const PROBE_MS = 20_000;

type Python = NonNullable<Awaited<ReturnType<typeof probePython>>>;

const PROBE = `import sys
print("%d.%d.%d" % sys.version_info[:3])
for name in ("ensurepip", "venv"):
    try:
        __import__(name)
    except ImportError:
        print(name)`;

/**
 * The version of the interpreter at `path`, and the modules that a virtual environment needs and it does not have: Linux distributions package them
 * separately. `program`: its name on the PATH. Undefined if it does not run.
 */
export async function probePython(path: string, env: NodeJS.ProcessEnv, program = path) {
  const output = await runQuietly(path, ['-I', '-c', PROBE], env);
  const [version = '', ...missing] = (output ?? '').split(/\r?\n/).filter((line) => line !== '');
  return /^\d+\.\d+\.\d+$/.test(version) ? { program, path, version, missing } : undefined;
}

/** The first Python on the PATH that is new enough, otherwise the first one that runs. */
export async function findPython(env: NodeJS.ProcessEnv, oldest: string = OLDEST_PYTHON): Promise<Python | undefined> {
  const found: Python[] = [];
  for (const program of PYTHON_PROGRAMS) {
    const path = findOnPath(program, env);
    const python = path === undefined ? undefined : await probePython(path, env, program);
    if (python !== undefined) found.push(python);
  }
  return found.find(({ version }) => !isOlderPython(version, oldest)) ?? found[0];
}

/** `oldest` may have fewer parts than a version. */
export function isOlderPython(version: string, oldest: string): boolean {
  return isOlder(version, [...oldest.split('.'), '0', '0'].slice(0, 3).join('.'));
}

/** A sentence with the modules that a Python does not have. */
export function listMissing({ path, missing }: Python): string {
  return `${path} does not have ${missing.length === 1 ? 'the module' : 'the modules'} ${missing.join(' and ')}`;
}

/** Why `findPython` does not find a Python. */
export function missingPythonReason(env: NodeJS.ProcessEnv): string {
  const broken = PYTHON_PROGRAMS.map((program) => findOnPath(program, env)).find((path) => path !== undefined);
  return broken === undefined ? `${PYTHON_PROGRAMS[0]} is not on the PATH` : `${broken} does not run`;
}

/** The interpreter that uv would use for a project, or whether it may download one. */
export async function findPythonOfUv(
  env: NodeJS.ProcessEnv,
  oldest: string = OLDEST_PYTHON,
): Promise<{ readonly kind: 'found'; readonly path: string } | { readonly kind: 'download' | 'missing' }> {
  const uv = findOnPath('uv', env);
  const path = uv === undefined ? undefined : await runQuietly(uv, ['python', 'find', `>=${oldest}`], env);
  if (path !== undefined) return { kind: 'found', path: path.trim() };
  // Without the variable, uv downloads what is missing.
  return { kind: /^(?:never|manual)$/i.test(env['UV_PYTHON_DOWNLOADS'] ?? '') ? 'missing' : 'download' };
}

/** The standard output of a program that succeeds within a time limit. */
export async function runQuietly(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  try {
    return (await promisify(execFile)(program, args, { env, timeout: PROBE_MS })).stdout;
  } catch {
    return undefined;
  }
}
