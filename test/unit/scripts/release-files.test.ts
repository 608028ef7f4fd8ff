import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import {
  addMigration,
  releaseChangelog,
  repositoryOf,
  setVersion,
  writePackaging,
} from '../../../scripts/release-files.mjs';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const newFolder = temporaryFolders();
const LIBRARY_FILES = ['package.json', 'package-lock.json'].map((name) => `typescript/${name}`);
const FILES = [
  ...['package.json', 'package-lock.json', 'README.md'],
  ...[...LIBRARY_FILES, 'python/pyproject.toml', 'python/uv.lock', 'java/pom.xml'].map((path) => `libraries/${path}`),
];

function copyOfTree(): string {
  const folder = newFolder();
  for (const path of FILES) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    copyFileSync(join(ROOT, path), join(folder, path));
  }
  return folder;
}

/** The lines in which the copy differs from the tree. */
function changedLines(folder: string, path: string): readonly string[] {
  const before = readFileSync(join(ROOT, path), 'utf8').split('\n');
  return readFileSync(join(folder, path), 'utf8')
    .split('\n')
    .filter((line, index) => line !== before[index]);
}

describe('the version of a release', () => {
  it('is written to the package, the libraries and their lock files, and nothing else changes', () => {
    const folder = copyOfTree();
    setVersion(folder, '9.8.7-rc.1');
    const json = '"version": "9.8.7-rc.1",';
    expect(
      Object.fromEntries(FILES.map((path) => [path, changedLines(folder, path).map((line) => line.trim())])),
    ).toEqual({
      'package.json': [json],
      'package-lock.json': [json, json],
      'README.md': [expect.stringContaining('/create-kuflow-worker-9.8.7-rc.1.tgz"')],
      'libraries/typescript/package.json': [json],
      'libraries/typescript/package-lock.json': [json, json],
      'libraries/python/pyproject.toml': ['version = "9.8.7-rc.1"'],
      'libraries/python/uv.lock': ['version = "9.8.7-rc.1"'],
      'libraries/java/pom.xml': ['<version>9.8.7-rc.1</version>'],
    });
  });

  it('is not written anywhere if a file does not contain one', () => {
    const folder = copyOfTree();
    writeFileSync(join(folder, 'libraries/java/pom.xml'), '<project/>');
    expect(() => setVersion(folder, '9.8.7')).toThrow('libraries/java/pom.xml does not contain the version');
    expect(changedLines(folder, 'package.json')).toEqual([]);
  });
});

describe('the changelog of a release', () => {
  const before = '# Changelog\n\n## Unreleased\n\n### Added\n\n- **One**\n\n## 0.1.0 - 2026-10-01\n\n- Zero\n';

  it('has the unreleased entries under the version and the date', () => {
    expect(releaseChangelog(before, '0.2.0', '2026-11-30')).toBe(
      '# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-11-30\n\n### Added\n\n- **One**\n\n## 0.1.0 - 2026-10-01\n\n- Zero\n',
    );
    const real = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
    expect(releaseChangelog(real, '9.8.7', '2026-11-30')).toContain('\n## Unreleased\n\n## 9.8.7 - 2026-11-30\n\n### ');
  });

  it('is refused without unreleased entries, or if it contains the version', () => {
    const after: string = releaseChangelog(before, '0.2.0', '2026-11-30');
    expect(() => releaseChangelog(after, '0.3.0', '2026-12-01')).toThrow('does not list any changes');
    expect(() => releaseChangelog(after, '0.2.0', '2026-12-01')).toThrow('already contains 0.2.0');
  });
});

it('the migrations of a release have an entry with its version', () => {
  const real = readFileSync(join(ROOT, 'src/project/update/migrations.ts'), 'utf8');
  const entry = (version: string): string => `{ version: '${version}', renamed: [], removed: [], changes: [] }`;
  const after = addMigration(real, '9.8.6');
  expect(after).toContain(`, ${entry('9.8.6')}];`);
  expect(addMigration(after, '9.8.6')).toBe(after);
  const inLines = `PROJECT_MIGRATIONS: readonly Migration[] = [\n  ${entry('1.0.0')},\n];\nconst OTHER = [];\n`;
  expect(addMigration(inLines, '2.0.0')).toBe(inLines.replace('},\n]', `}, ${entry('2.0.0')}\n]`));
});

describe('the packages of the standalone program', () => {
  const repository = 'https://github.com/acme/create-kuflow-worker';

  function archives(...names: readonly string[]): string {
    const folder = newFolder();
    for (const [index, name] of names.entries())
      writeFileSync(join(folder, `${name}.sha256`), `${String(index).repeat(64)}  ${name}\n`);
    return folder;
  }

  it('have the addresses and checksums of the archives', () => {
    const names = ['darwin-arm64.tar.gz', 'linux-x64.tar.gz', 'windows-x64.zip'].map((end) => `kuflow-0.2.0-${end}`);
    const folder = archives(...names);
    expect(writePackaging(folder, '0.2.0', repository)).toEqual([]);
    const formula = readFileSync(join(folder, 'kuflow.rb'), 'utf8');
    const download = `${repository}/releases/download/v0.2.0/kuflow-0.2.0`;
    expect(formula).toContain(`version "0.2.0"\n`);
    for (const [index, platform] of ['darwin-arm64', 'linux-x64'].entries())
      expect(formula).toContain(`    url "${download}-${platform}.tar.gz"\n    sha256 "${String(index).repeat(64)}"\n`);
    expect(JSON.parse(readFileSync(join(folder, 'kuflow.json'), 'utf8'))).toMatchObject({
      version: '0.2.0',
      description: expect.stringMatching(/^\w/) as string,
      architecture: { '64bit': { url: `${download}-windows-x64.zip`, hash: '2'.repeat(64) } },
      bin: 'kuflow.exe',
    });
  });

  it('are not written if an archive is missing', () => {
    const folder = archives('kuflow-0.2.0-linux-x64.tar.gz');
    expect(writePackaging(folder, '0.2.0', repository)).toEqual([
      'kuflow.json needs the archive for windows-x64',
      'kuflow.rb needs the archive for darwin-arm64',
    ]);
    expect(readdirSync(folder)).toEqual(['kuflow-0.2.0-linux-x64.tar.gz.sha256']);
  });

  it('use the repository of the package, however it is written', () => {
    for (const url of [repository, `git+${repository}.git`, { url: `git+${repository}.git` }])
      expect(repositoryOf({ repository: url })).toBe(repository);
    expect(repositoryOf({ repository: undefined })).toBeUndefined();
  });
});
