import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../../../src/cli/context.ts';
import { runUpdate, type UpdateFlags } from '../../../../src/commands/update/run.ts';
import { openForUpdate } from '../../../../src/commands/update/open-for-update.ts';
import { updateProject, type UpdateResult } from '../../../../src/commands/update/update-project.ts';
import { openTerminal } from '../../../../src/terminal/terminal.ts';
import { fakeHost } from '../../../support/fake-host.ts';
import { writeFakeModules } from '../../../support/fake-modules.ts';
import { writeOlderProject } from '../../../support/older-project.ts';
import { projectFiles } from '../../../support/project-files.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { scriptedAnswers, type ScriptedAnswer } from '../../../support/scripted-answers.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';

const temporaryFolder = temporaryFolders();
const VERSION = '0.9.1';
const UP_TO_DATE =
  `The project already has the templates of version ${VERSION}\n` +
  '  → To get the templates of the newest version: npx -p create-kuflow-worker@latest kuflow update\n';
const CHECK = 'eslint.config.js';
let folder: string;
const { read, edit } = projectFiles(() => folder);

/** The first import of the file is different in the older version. */
const older = (text: string): string => text.replace(/^import .*/m, '// the old import');

beforeEach(async () => {
  folder = join(temporaryFolder(), 'worker');
  await writeOlderProject(folder, { changed: { [CHECK]: older, 'test/replay.test.ts': older } });
});

/** Runs the command in this process, with answers to its prompts. */
async function run(
  flags: Partial<UpdateFlags>,
  answers?: readonly ScriptedAnswer[],
): Promise<{ readonly stdout: string; readonly stderr: string; readonly status: number }> {
  const fake = fakeHost([], { tty: answers !== undefined, columns: 200 });
  let status = 0;
  const context: CommandContext = {
    ...{ terminal: openTerminal(fake.host, { NO_COLOR: '1' }), env: process.env, cwd: folder, version: VERSION },
    ...{ invocation: 'npx kuflow', commands: [], argv: [] },
    interruption: () => new AbortController().signal,
    passSignals: () => undefined,
    setStatus: (given) => void (status = given),
  };
  const script = answers === undefined ? undefined : scriptedAnswers(answers);
  const open = () => Promise.resolve(script?.ask);
  await runUpdate({ allowDirty: true, install: false, verify: false, ...flags }, context, open);
  expect(script?.left() ?? []).toEqual([]);
  return { stdout: fake.stdout(), stderr: fake.stderr(), status };
}

describe('kuflow update', () => {
  it('shows the conflicts, names the options and exits with 2 without a terminal', async () => {
    edit(CHECK, '// the old import', '// mine');
    const before = treeOf(folder);
    const { stdout, stderr, status } = await run({});
    expect(status).toBe(2);
    expect(stdout).toMatch(/^conflict eslint\.config\.js {2}\(has local changes in the same places; line \d+\)$/m);
    expect(stdout).toContain('+||||||| base\n+// the old import\n');
    expect(stderr).toContain('Nothing was written: there are conflicts');
    expect(stderr).toContain('npx kuflow update --allow-dirty --no-install --no-verify --conflicts markers');
    // Files without conflicts are listed with what the update would do.
    expect(stdout).toMatch(/^update +test\/replay\.test\.ts$/m);
    const dryRun = await run({ dryRun: true });
    expect(dryRun.status).toBe(2);
    expect(dryRun.stdout).toMatch(/^conflict eslint\.config\.js /m);
    expect((await run({ dryRun: true, conflicts: 'skip' })).status).toBe(3);
    expect(treeOf(folder)).toEqual(before);
  });

  it('says that lines are kept only of files that exist', async () => {
    edit(CHECK, '// the old import', '// mine');
    rmSync(join(folder, 'test/replay.test.ts'));
    const { stdout } = await run({ conflicts: 'ours' });
    expect(stdout).toMatch(/^kept +eslint\.config\.js {2}\(has local changes .*; your lines are kept\)$/m);
    expect(stdout).toMatch(/^kept +test\/replay\.test\.ts {2}\(was deleted, but the templates changed it\)$/m);
  });

  it('asks about each conflict on a terminal, after its diff', async () => {
    for (const path of [CHECK, 'test/replay.test.ts']) edit(path, '// the old import', '// mine');
    const { stderr, status } = await run({}, [
      [`${CHECK} has local changes in the same places. What would you like to do?`, 'ours'],
      ['test/replay.test.ts has local changes', 'markers'],
    ]);
    expect(status).toBe(3);
    expect(read(CHECK)).toContain('// mine');
    expect(read('test/replay.test.ts')).toContain('<<<<<<< yours\n// mine\n');
    expect(stderr.indexOf(`+++ b/${CHECK}`)).toBeLessThan(stderr.indexOf('+++ b/test/replay.test.ts'));
    expect(stderr).toContain('resolve the conflicts in test/replay.test.ts');
  });

  it('prints one JSON value, and the same again as up to date', async () => {
    const first = await run({ json: true });
    const result = JSON.parse(first.stdout) as UpdateResult;
    expect(result).toMatchObject({ from: '0.9.0', to: VERSION, result: 'updated', status: 0 });
    expect(result.install).toEqual({ kind: 'skipped', reason: '--no-install' });
    const again = await run({ json: true });
    expect(JSON.parse(again.stdout)).toMatchObject({ result: 'up-to-date', files: [], status: 0 });
    expect((await run({})).stderr).toBe(UP_TO_DATE);
  });

  it('is up to date if only the definition has changed since, in a way that changes no file', async () => {
    await run({});
    edit('kuflow.process.yaml', 'description: Applicant and amount of the loan', 'description: Who borrows how much');
    const before = treeOf(folder);
    for (const dryRun of [true, false]) {
      expect(await run({ dryRun })).toEqual({ stdout: '', stderr: UP_TO_DATE, status: 0 });
    }
    expect(treeOf(folder)).toEqual(before);
  });

  it("runs the project's own checks, and exits with 1 if one fails, with the files written", async () => {
    rmSync(folder, { recursive: true });
    await writeOlderProject(folder, { changed: { [CHECK]: older } }, { spec: { cliPackage: 'file:../cli.tgz' } });
    writeFakeModules(folder);
    edit('package.json', /"lint": "[^"]*"/.exec(read('package.json'))?.[0] ?? '', `"lint": "node -e 0"`);
    const test = /"test": "[^"]*"/.exec(read('package.json'))?.[0] ?? '';
    edit('package.json', test, `"test": "node -e 'console.log(6*7);process.exit(1)'"`);
    const { stdout, stderr, status } = await run({ verify: true, json: true });
    const result = JSON.parse(stdout) as UpdateResult;
    expect(result.verify.checks).toMatchObject([
      { command: 'npm run lint', kind: 'passed' },
      { command: 'npm test', kind: 'failed', seen: 'exit status 1', output: expect.stringContaining('42') as string },
    ]);
    expect([status, result.status]).toEqual([1, 1]);
    expect(stderr).toContain('npm test failed');
    expect(read(CHECK)).not.toContain('// the old import');
  });

  it('completes an interrupted update with the installation and the checks that are left', async () => {
    const copy = join(temporaryFolder(), 'worker');
    const opened = await openForUpdate({ cwd: folder, env: process.env, version: VERSION });
    await updateProject({
      ...{ ...opened, version: VERSION, cwd: folder, env: process.env, command: 'kuflow update' },
      ...{ dryRun: false, allowDirty: true, install: false, verify: false },
      onWrite: (path) => {
        if (path !== CHECK) return;
        cpSync(folder, copy, { recursive: true });
        rmSync(join(copy, '.kuflow/project.lock'));
      },
    });
    folder = copy;
    expect(read(CHECK)).toContain('// the old import');
    const { stdout, stderr, status } = await run({});
    expect(read(CHECK)).not.toContain('// the old import');
    expect([stdout, status]).toEqual(['', 0]);
    expect(stderr).toContain('Completed the interrupted change\n');
    expect(stderr).toContain('npm install');
    expect(stderr).toContain('npm test');
    expect((await run({})).stderr).toBe(UP_TO_DATE);
  });

  it('is a command of the program with its options', async () => {
    const env = { HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') };
    const help = await runKuflow(folder, ['update', '--help'], env);
    expect(help.stdout).toContain('--conflicts <how>');
    const wrong = await runKuflow(folder, ['update', '--conflicts', 'mine'], env);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('markers, ours or skip')]);
    const empty = temporaryFolder();
    mkdirSync(join(empty, '.kuflow'));
    writeFileSync(join(empty, '.kuflow/project.json'), '{');
    const malformed = await runKuflow(empty, ['update', '--json'], env);
    expect(malformed.status).toBe(1);
    expect(JSON.parse(malformed.stdout)).toHaveProperty('error.message');
    expect(readFileSync(join(empty, '.kuflow/project.json'), 'utf8')).toBe('{');
  });
});
