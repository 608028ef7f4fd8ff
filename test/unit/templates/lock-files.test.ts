import { createHash } from 'node:crypto';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findLibrary, readLibrary } from '../../../src/languages/worker-library.ts';
import type { NodePackageManager, ProjectSpec } from '../../../src/languages/project-spec.ts';
import { ARCHIVE, completeLock } from '../../../src/languages/typescript/render.ts';
import { textFile } from '../../../src/languages/planned-file.ts';
import { WHEEL } from '../../../src/languages/python/render.ts';
import { renderProject } from '../../../src/project/render.ts';
import { sampleDefinition } from '../../../src/process/sample.ts';

const OWN_PACKAGE = 'create-kuflow-worker';
const LIBRARY = 'kuflow-worker';

const LOCKS = [
  ['npm', 'package-lock.json'],
  ['pnpm', 'pnpm-lock.yaml'],
  ['bun', 'bun.lock'],
] as const;

interface Dependencies {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface NpmLock {
  readonly name: string;
  readonly packages: Readonly<
    Record<string, Dependencies & { name?: string; version: string; resolved?: string; integrity?: string }>
  >;
}

async function filesOf(
  packageManager: ProjectSpec['packageManager'],
  changed: Partial<ProjectSpec> = {},
): Promise<ReadonlyMap<string, string>> {
  const files = await renderProject({
    ...{ name: '@acme/loans', language: 'typescript' },
    processes: [{ definition: sampleDefinition(), source: 'sample' }],
    ...{ local: true, packageManager, cliPackage: '1.0.0', ...changed },
  });
  return new Map(files.map(({ path, contents }) => [path, Buffer.from(contents).toString('utf8')]));
}

const textOf = async (manager: NodePackageManager, path: string): Promise<string> => {
  const text = (await filesOf(manager)).get(path);
  if (text === undefined) throw new Error(`${manager} has no ${path}`);
  return text;
};

const npmLock = async (): Promise<NpmLock> => JSON.parse(await textOf('npm', 'package-lock.json')) as NpmLock;
const nameOf = (folder: string): string => folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** `name@version` of every package except the library. */
async function npmPackages(): Promise<ReadonlySet<string>> {
  const entries = Object.entries((await npmLock()).packages).filter(
    ([folder]) => folder !== '' && nameOf(folder) !== LIBRARY,
  );
  return new Set(entries.map(([folder, { name = nameOf(folder), version }]) => `${name}@${version}`));
}

describe('the lock files of a TypeScript project', () => {
  it('contain the exact versions of package.json, and the name of the project', async () => {
    const { name, packages } = await npmLock();
    const { dependencies = {}, devDependencies = {} } = JSON.parse(await textOf('npm', 'package.json')) as Dependencies;
    const { [OWN_PACKAGE]: own, ...others } = devDependencies;
    expect(own).toBe('1.0.0');
    const { [LIBRARY]: library, ...published } = dependencies;
    expect(packages['']).toMatchObject({
      name: '@acme/loans',
      version: '0.1.0',
      dependencies,
      devDependencies: others,
    });
    expect(name).toBe('@acme/loans');
    expect(packages[`node_modules/${LIBRARY}`]?.resolved).toBe(library);
    for (const [dependency, version] of Object.entries({ ...published, ...others }))
      expect(packages[`node_modules/${dependency}`]?.version, dependency).toBe(version);
    expect(await textOf('bun', 'bun.lock')).toContain('"name": "@acme/loans"');
  });

  it('name the public registry and a checksum for each package', async () => {
    for (const [folder, { version, resolved, integrity }] of Object.entries((await npmLock()).packages)) {
      if (folder === '' || nameOf(folder) === LIBRARY) continue;
      expect(resolved, folder).toMatch(/^https:\/\/registry\.npmjs\.org\/.*\.tgz$/);
      expect(resolved, folder).toContain(version);
      expect(integrity, folder).toMatch(/^sha512-/);
    }
    for (const [manager, path] of [
      ['pnpm', 'pnpm-lock.yaml'],
      ['bun', 'bun.lock'],
    ] as const)
      expect(await textOf(manager, path), path).not.toMatch(/https?:\/\//);
  });

  it('contain every optional dependency, without which npm 11 rejects them', async () => {
    const { packages } = await npmLock();
    const names = new Set(Object.keys(packages).map(nameOf));
    const missing = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies).filter((name) => !names.has(name)),
    );
    expect(missing).toEqual([]);
  });

  it('contain the same packages for npm, pnpm and Bun', async () => {
    const npm = [...(await npmPackages())].sort();
    const pnpm = parse(await textOf('pnpm', 'pnpm-lock.yaml')) as { readonly packages: object };
    const isPublished = (name = ''): boolean => !name.startsWith(`${LIBRARY}@`);
    expect(Object.keys(pnpm.packages).filter(isPublished).sort()).toEqual(npm);
    const bun = (await textOf('bun', 'bun.lock')).matchAll(/: \["((?:@[^/"]+\/)?[^@"]+@[^"]+)"/g);
    expect([...new Set([...bun].map(([, name]) => name))].filter(isPublished).sort()).toEqual(npm);
  });

  it('contain the version and the checksum of the library in the project, also if it is newer than the locked library', async () => {
    const [archive] = readLibrary('typescript');
    const { version, file } = findLibrary('typescript', ARCHIVE);
    const integrity = `sha512-${createHash('sha512')
      .update(archive?.contents ?? '')
      .digest('base64')}`;
    const path = `.kuflow/lib/${file}`;
    expect(archive?.path).toBe(path);
    expect((await npmLock()).packages[`node_modules/${LIBRARY}`]).toMatchObject({
      version,
      integrity,
      resolved: `file:${path}`,
    });
    expect(await textOf('pnpm', 'pnpm-lock.yaml')).toContain(
      `  ${LIBRARY}@file:${path}:\n    resolution: {integrity: ${integrity}, tarball: file:${path}}\n    version: ${version}\n`,
    );
    const bun = await textOf('bun', 'bun.lock');
    expect(bun).toMatch(
      new RegExp(`"${LIBRARY}": \\["${LIBRARY}@${path}", .*"${integrity.replaceAll('+', '\\+')}"\\],`),
    );
    for (const [manager, lock] of LOCKS) {
      const newer = {
        ...findLibrary('typescript', ARCHIVE),
        version: '7.0.1',
        file: 'kuflow-worker-7.0.1.tgz',
        integrity: 'sha512-AA==',
      };
      const before = textFile(lock, await textOf(manager, lock));
      const { contents } = completeLock(before, { name: 'x', packageManager: manager }, newer);
      const text = Buffer.from(contents).toString('utf8');
      expect(text).toContain('.kuflow/lib/kuflow-worker-7.0.1.tgz');
      expect(text).toContain('sha512-AA==');
      if (manager !== 'bun') expect(text).toMatch(/version"?: "?7\.0\.1\b/);
      expect(text).not.toContain(file);
      expect(text).not.toContain(integrity);
    }
  });

  it('are those of the package manager only, and a member of a workspace has no lock file', async () => {
    const all = ['package-lock.json', 'pnpm-lock.yaml', 'bun.lock', 'yarn.lock'];
    const locksOf = async (manager: NodePackageManager, changed: Partial<ProjectSpec> = {}) => {
      const files = await filesOf(manager, changed);
      return all.filter((path) => files.has(path));
    };
    expect(await locksOf('npm')).toEqual(['package-lock.json']);
    expect(await locksOf('pnpm')).toEqual(['pnpm-lock.yaml']);
    expect(await locksOf('bun')).toEqual(['bun.lock']);
    expect(await locksOf('yarn@4')).toEqual([]);
    expect(await locksOf('npm', { workspace: { root: '../..' } })).toEqual([]);
  });
});

describe('the lock files of a Python project', () => {
  const python = (packageManager: 'uv' | 'pip') =>
    filesOf(packageManager, { language: 'python', packageName: 'acme_loans', slug: 'loan', name: 'acme-loans' });

  /** `name==version` of every package in a text of requirements. */
  const requirements = (text = ''): readonly string[] =>
    [...text.matchAll(/^([\w.-]+==[^\s;]+)/gm)].map(([, requirement = '']) => requirement);

  it('contain the exact versions of pyproject.toml and the name of the project, from PyPI', async () => {
    const files = await python('uv');
    const lock = parseToml(files.get('uv.lock') ?? '') as unknown as {
      readonly package: readonly { readonly name: string; readonly version: string; readonly source: object }[];
      readonly options?: object;
    };
    expect(lock.options).toBeUndefined();
    const names = new Map(lock.package.map((one) => [one.name, one]));
    expect(names.get('acme-loans')?.source).toEqual({ editable: '.' });
    for (const [, name = '', version] of (files.get('pyproject.toml') ?? '').matchAll(/^ {4}"([\w-]+)==([^";]+)/gm))
      expect(names.get(name.toLowerCase().replaceAll('_', '-'))?.version, name).toBe(version);
    for (const { name, source } of lock.package)
      if (!['acme-loans', 'kuflow-worker'].includes(name))
        expect(source, name).toEqual({ registry: 'https://pypi.org/simple' });
    expect(files.get('uv.lock')).not.toMatch(/https:\/\/(?!pypi\.org\/simple"|files\.pythonhosted\.org\/)/);
  });

  it('contain the same versions for uv and pip, with a checksum for each package', async () => {
    const lock = parseToml((await python('uv')).get('uv.lock') ?? '') as unknown as {
      readonly package: readonly { readonly name: string; readonly version: string }[];
    };
    const locked = lock.package.map(({ name, version }) => `${name}==${version}`);
    const files = await python('pip');
    const [worker, development] = ['requirements.txt', 'requirements-dev.txt'].map((path) => files.get(path));
    const published = locked.filter((one) => !/^(?:acme-loans|kuflow-worker)==/.test(one));
    expect(requirements(`${worker}${development}`).toSorted()).toEqual(published.sort());
    expect(development).toMatch(/^-r requirements\.txt$/m);
    expect(requirements(worker)).not.toContainEqual(expect.stringMatching(/^(?:pytest|mypy|ruff)==/));
    for (const path of ['requirements.txt', 'requirements-dev.txt'])
      for (const block of (files.get(path) ?? '').split(/\n(?=\w)/).slice(1)) expect(block).toContain('--hash=sha256:');
  });

  it('contain the version and the checksum of the library in the project', async () => {
    const { version, file } = findLibrary('python', WHEEL);
    const library = readLibrary('python').find(({ path }) => path.endsWith(file));
    const sha256 = createHash('sha256')
      .update(library?.contents ?? '')
      .digest('hex');
    const lock = parseToml((await python('uv')).get('uv.lock') ?? '') as unknown as {
      readonly package: readonly object[];
    };
    expect(lock.package).toContainEqual(
      expect.objectContaining({
        ...{ name: 'kuflow-worker', version, source: { path: `.kuflow/lib/${file}` } },
        wheels: [{ filename: file, hash: `sha256:${sha256}` }],
      }),
    );
    const entry = `./.kuflow/lib/${file} \\\n    --hash=sha256:${sha256}\n`;
    expect((await python('pip')).get('requirements.txt')).toContain(entry);
  });

  it('are those of the package manager only', async () => {
    const locks = ['requirements-dev.txt', 'requirements.txt', 'uv.lock'];
    const of = async (manager: 'uv' | 'pip') =>
      [...(await python(manager)).keys()].filter((path) => locks.includes(path));
    expect(await of('uv')).toEqual(['uv.lock']);
    expect(await of('pip')).toEqual(['requirements-dev.txt', 'requirements.txt']);
  });
});
