import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';

const installed = join(inject('cliFolder'), 'node_modules', 'create-kuflow-worker');

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

function kuflow(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const result = spawnSync(process.execPath, [join(installed, 'bin', 'kuflow.js'), ...args], {
    encoding: 'utf8',
    cwd: inject('runFolder'),
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

describe('the packed package', () => {
  it('installs one package and nothing else', () => {
    expect(readdirSync(join(inject('cliFolder'), 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'create-kuflow-worker',
    ]);
  });

  it('holds every template and schema of the tree, its licences, and neither sources nor source maps', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    for (const folder of ['templates', 'schemas']) {
      if (!existsSync(join(ROOT, folder))) continue;
      for (const file of filesBelow(join(ROOT, folder))) {
        expect(files, 'npm drops some names: give the file another one in the tree').toContain(join(folder, file));
      }
    }
    for (const file of ['README.md', 'LICENSE', 'THIRD_PARTY_NOTICES']) expect(files).toContain(file);
    expect(files.filter((file) => file.endsWith('.map') || file.startsWith('src') || file.startsWith('test'))).toEqual(
      [],
    );
    expect(readFileSync(join(installed, 'THIRD_PARTY_NOTICES'), 'utf8')).toContain('Copyright (c) 2011 TJ Holowaychuk');
  });

  it('prints its version and help', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(kuflow('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    const help = kuflow('--help');
    expect(help.status).toBe(0);
    for (const command of ['create', 'dev', 'processes']) expect(help.stdout).toContain(`  ${command} `);
    const bins = join(inject('cliFolder'), 'node_modules', '.bin');
    expect(execFileSync(join(bins, 'create-kuflow-worker'), ['--version'], { encoding: 'utf8' })).toBe(`${version}\n`);
  });

  it('refuses what it does not know, with the near match, status 2', () => {
    for (const [args, suggestion] of [
      [['crate'], 'Did you mean create?'],
      [['create', '--lokal'], 'Did you mean --local?'],
    ] as const) {
      const { status, stdout, stderr } = kuflow(...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toContain(suggestion);
    }
  });
});
