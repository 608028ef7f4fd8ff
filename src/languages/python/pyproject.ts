import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { codeOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { MIB, readSmallFile, readSmallText } from '../../files/read.ts';

export const PYPROJECT = 'pyproject.toml';
const LONGEST_LOCK = 16 * MIB;

export type Pyproject = NonNullable<ReturnType<typeof parsePyproject>>;

/** Undefined if the text is not valid TOML. */
export function parsePyproject(text: string) {
  const data = parseToml(text);
  if (data === undefined) return undefined;
  const project = isRecord(data['project']) ? data['project'] : {};
  const scripts = isRecord(project['scripts']) ? Object.values(project['scripts']) : [];
  const dependencies = Array.isArray(project['dependencies']) ? project['dependencies'] : [];
  return {
    /** The lower bound of `requires-python`, such as `3.11`. */
    oldestPython: firstMatch([project['requires-python']], /(?:^|,)\s*>=\s*(\d+(?:\.\d+){0,2})\s*(?:,|$)/),
    /** The package with the program of the worker. */
    packageName: firstMatch(scripts, /^([A-Za-z_][\w.]*)\.__main__:\w+$/),
    /** The version of a dependency that has to be installed exactly in this version. */
    pinned: (name: string) =>
      firstMatch(
        dependencies.filter((one) => typeof one === 'string' && normalize(/^[\w.-]+/.exec(one)?.[0] ?? '') === name),
        /^[\w.-]+\s*(?:\[[^\]]*\])?\s*==\s*(\d+(?:\.\d+)*)\s*(?:;.*)?$/,
      ),
  };
}

/** The `pyproject.toml` of a project, or why it cannot be used. */
export async function readPyproject(folder: string): Promise<Pyproject | 'missing' | 'invalid'> {
  try {
    const { bytes } = await readSmallFile(join(folder, PYPROJECT), MIB);
    return (bytes === undefined ? undefined : parsePyproject(bytes.toString('utf8'))) ?? 'invalid';
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'missing' : 'invalid';
  }
}

/** The version of a package in a lock file of uv; undefined without such a file. */
export async function findLockedVersion(path: string, name: string): Promise<string | undefined> {
  const packages = parseToml((await readSmallText(path, LONGEST_LOCK)) ?? '')?.['package'];
  const found: unknown = Array.isArray(packages)
    ? packages.find((one) => isRecord(one) && one['name'] === name)
    : undefined;
  return isRecord(found) && typeof found['version'] === 'string' ? found['version'] : undefined;
}

/** The version of a package in a virtual environment, or undefined. */
export async function installedDistributionVersion(environment: string, name: string): Promise<string | undefined> {
  const folders = [
    join('Lib', 'site-packages'),
    ...(await listFolder(join(environment, 'lib'))).map((python) => join('lib', python, 'site-packages')),
  ];
  for (const folder of folders) {
    const entries = (await listFolder(join(environment, folder))).filter(
      (entry) => normalize(entry.split('-', 1)[0] ?? '') === name,
    );
    const version = firstMatch(entries, /^[^-]+-(\d[\w.+!]*)\.dist-info$/);
    if (version !== undefined) return version;
  }
  return undefined;
}

function parseToml(text: string): Record<string, unknown> | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** How package indexes compare names. */
function normalize(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

function firstMatch(values: readonly unknown[], pattern: RegExp): string | undefined {
  for (const value of values) {
    const [, found] = typeof value === 'string' ? (pattern.exec(value) ?? []) : [];
    if (found !== undefined) return found;
  }
  return undefined;
}

async function listFolder(path: string): Promise<readonly string[]> {
  return readdir(path).catch(() => []);
}
