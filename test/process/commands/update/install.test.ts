import { existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openForUpdate } from '../../../../src/commands/update/open-for-update.ts';
import {
  updateProject,
  type UpdateRequest,
  type UpdateResult,
} from '../../../../src/commands/update/update-project.ts';
import type { PackageManager, ProjectSpec } from '../../../../src/languages/project-spec.ts';
import { writePrograms } from '../../../support/fake-python.ts';
import { writeFakeModules } from '../../../support/fake-modules.ts';
import { writeOlderProject } from '../../../support/older-project.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const VERSION = '1.0.0';
let folder: string;
let calls: string;
let env: NodeJS.ProcessEnv;

/** Programs that only record how they are called. */
beforeEach(() => {
  const root = temporaryFolder();
  [folder, calls] = [join(root, 'members/worker'), join(root, 'calls')];
  const programs = ['npm', 'uv', 'make'].map((name) => [name, `echo "${name} $*" >> '${calls}'`] as const);
  const bin = writePrograms(join(root, 'bin'), Object.fromEntries(programs));
  env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
});

const writeOlder = async (packageManager: PackageManager, spec: Partial<ProjectSpec>): Promise<unknown> =>
  writeOlderProject(folder, { changed: { '.dockerignore': (text) => `${text}# old\n` } }, { packageManager, spec });
// With such a package, the manifest stays the same.
const TARBALL = { cliPackage: 'file:../cli.tgz' };

async function update(more: Partial<UpdateRequest> = {}): Promise<UpdateResult> {
  return updateProject({
    ...(await openForUpdate({ cwd: folder, env, version: VERSION })),
    ...{ version: VERSION, cwd: folder, env, command: 'kuflow update' },
    ...{ dryRun: false, allowDirty: true, install: true, verify: true },
    ...more,
  });
}

function called(): readonly string[] {
  if (!existsSync(calls)) return [];
  const lines = readFileSync(calls, 'utf8').trim().split('\n');
  rmSync(calls);
  return lines;
}

describe.skipIf(process.platform === 'win32')('an update installs the dependencies', () => {
  const CHECKS = ['npm run lint', 'npm test'];

  it('if they are missing, as in a new clone', async () => {
    await writeOlder('npm', TARBALL);
    const result = await update();
    expect(called()).toEqual([expect.stringContaining('npm install'), ...CHECKS]);
    expect(result).toMatchObject({ install: { kind: 'installed' }, status: 0 });
    expect(result.verify.checks.map(({ kind }) => kind)).toEqual(['passed', 'passed']);
  });

  it('only if they are missing or the manifest changed', async () => {
    await writeOlder('npm', TARBALL);
    writeFakeModules(folder);
    const result = await update();
    expect(called()).toEqual(CHECKS);
    expect(result.install).toEqual({ kind: 'skipped', reason: 'package.json did not change' });
  });

  it.each(['missing', 'outdated'] as const)(
    'unless --no-install is passed: then the checks are left if they are %s',
    async (state) => {
      await writeOlder('npm', {});
      if (state === 'outdated') writeFakeModules(folder);
      const result = await update({ install: false });
      expect(called()).toEqual([]);
      expect(result).toMatchObject({
        install: { kind: 'skipped', reason: '--no-install' },
        verify: { skipped: `the dependencies are ${state}`, checks: [] },
        status: 0,
      });
      expect(result.next.map(({ command }) => command)).toEqual(['npm install', ...CHECKS]);
    },
  );

  it('of a member of a workspace without removing those of the other members', async () => {
    await writeOlder('uv', { workspace: { root: '../..' } });
    await update({ verify: false });
    expect(called()).toEqual(['uv sync --inexact']);
    rmSync(folder, { recursive: true });
    await writeOlder('uv', {});
    await update({ verify: false });
    expect(called()).toEqual(['uv sync']);
  });
});
