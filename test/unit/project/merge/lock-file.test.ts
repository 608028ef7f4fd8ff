import { describe, expect, it } from 'vitest';
import { mergeLockFile } from '../../../../src/project/merge/lock-file.ts';

type Packages = Readonly<Record<string, { readonly version: string; readonly resolved?: string }>>;

const lock = (packages: Packages): string =>
  `${JSON.stringify({ name: 'loans', lockfileVersion: 3, packages: { '': { name: 'loans' }, ...packages } }, undefined, 2)}\n`;

function merge(base: Packages | undefined, mine: Packages, theirs: Packages): Packages {
  const texts = { base: base === undefined ? undefined : lock(base), mine: lock(mine), theirs: lock(theirs) };
  const merged = JSON.parse(mergeLockFile('package-lock.json', texts)) as { readonly packages: Packages };
  return Object.fromEntries(Object.entries(merged.packages).filter(([folder]) => folder !== ''));
}

describe('merging a package-lock.json', () => {
  const base = { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.0.0' } };

  it('takes the versions of the templates, and keeps the packages that were added', () => {
    const mine = {
      ...base,
      'node_modules/added': { version: '3.0.0' },
      'node_modules/added/node_modules/a': { version: '0.9.0' },
    };
    const theirs = { 'node_modules/a': { version: '1.1.0' }, 'node_modules/new': { version: '1.0.0' } };
    expect(merge(base, mine, theirs)).toEqual({
      'node_modules/a': { version: '1.1.0' },
      'node_modules/added': { version: '3.0.0' },
      'node_modules/added/node_modules/a': { version: '0.9.0' },
      'node_modules/new': { version: '1.0.0' },
    });
  });

  it('keeps a version that was changed, unless that of the templates is newer', () => {
    const mine = { 'node_modules/a': { version: '1.2.0' }, 'node_modules/b': { version: '1.2.0' } };
    expect(
      merge(base, mine, { 'node_modules/a': { version: '1.1.0' }, 'node_modules/b': { version: '1.3.0' } }),
    ).toEqual({
      'node_modules/a': { version: '1.2.0' },
      'node_modules/b': { version: '1.3.0' },
    });
    expect(merge(base, { ...base, 'node_modules/a': { version: '0.9.0' } }, base)['node_modules/a']).toEqual({
      version: '0.9.0',
    });
  });

  it('ignores changes other than those of versions, such as the address of a mirror', () => {
    const mine = { 'node_modules/a': { version: '1.0.0', resolved: 'https://mirror.test/a-1.0.0.tgz' } };
    const theirs = { 'node_modules/a': { version: '1.0.0', resolved: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz' } };
    expect(merge(base, mine, theirs)).toEqual(theirs);
  });

  it('merges a file that was never generated', () => {
    const mine = { 'node_modules/a': { version: '1.0.0' }, 'node_modules/added': { version: '3.0.0' } };
    expect(merge(undefined, mine, { 'node_modules/a': { version: '1.1.0' } })).toEqual({
      'node_modules/a': { version: '1.1.0' },
      'node_modules/added': { version: '3.0.0' },
    });
  });

  it('keeps the line endings of the file', () => {
    const mine = lock(base).replaceAll('\n', '\r\n');
    const theirs = lock({ ...base, 'node_modules/a': { version: '1.1.0' } });
    expect(mergeLockFile('package-lock.json', { base: lock(base), mine, theirs })).toBe(
      theirs.replaceAll('\n', '\r\n'),
    );
    expect(mergeLockFile('package-lock.json', { base: theirs, mine, theirs: lock(base) })).toBe(mine);
  });

  it('replaces a file that is not valid, and the lock files of other package managers', () => {
    const theirs = lock(base);
    const mine = `<<<<<<< HEAD\n${lock(base)}`;
    expect(mergeLockFile('package-lock.json', { base: undefined, mine, theirs })).toBe(theirs);
    expect(mergeLockFile('pnpm-lock.yaml', { base: 'a: 1\n', mine: 'a: 2\n', theirs: 'a: 3\n' })).toBe('a: 3\n');
  });
});
