import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { NodePackageManager, ProjectSpec } from '../../../src/languages/project-spec.ts';
import { renderProject } from '../../../src/project/render.ts';
import { sampleDefinition } from '../../../src/process/sample.ts';

const OWN_PACKAGE = 'create-kuflow-worker';

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
    ...{ name: '@acme/loans', language: 'typescript', definition: sampleDefinition(), definitionSource: 'sample' },
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

/** `name@version` of every package. */
async function npmPackages(): Promise<ReadonlySet<string>> {
  const entries = Object.entries((await npmLock()).packages).filter(([folder]) => folder !== '');
  return new Set(entries.map(([folder, { name = nameOf(folder), version }]) => `${name}@${version}`));
}

describe('the lock files of a TypeScript project', () => {
  it('contain the exact versions of package.json, and the name of the project', async () => {
    const { name, packages } = await npmLock();
    const { dependencies, devDependencies = {} } = JSON.parse(await textOf('npm', 'package.json')) as Dependencies;
    const { [OWN_PACKAGE]: own, ...others } = devDependencies;
    expect(own).toBe('1.0.0');
    expect(packages['']).toMatchObject({
      name: '@acme/loans',
      version: '0.1.0',
      dependencies,
      devDependencies: others,
    });
    expect(name).toBe('@acme/loans');
    for (const [dependency, version] of Object.entries({ ...dependencies, ...others }))
      expect(packages[`node_modules/${dependency}`]?.version, dependency).toBe(version);
    expect(await textOf('bun', 'bun.lock')).toContain('"name": "@acme/loans"');
  });

  it('name the public registry and a checksum for each package', async () => {
    for (const [folder, { version, resolved, integrity }] of Object.entries((await npmLock()).packages)) {
      if (folder === '') continue;
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
    expect(Object.keys(pnpm.packages).sort()).toEqual(npm);
    const bun = (await textOf('bun', 'bun.lock')).matchAll(/: \["((?:@[^/"]+\/)?[^@"]+@[^"]+)"/g);
    expect([...new Set([...bun].map(([, name]) => name))].sort()).toEqual(npm);
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
