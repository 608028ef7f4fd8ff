import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { KnownError } from '../../../../src/base/errors.ts';
import { openForUpdate } from '../../../../src/commands/update/open-for-update.ts';
import {
  updateProject,
  type UpdateRequest,
  type UpdateResult,
} from '../../../../src/commands/update/update-project.ts';
import type { PackageManager } from '../../../../src/languages/project-spec.ts';
import { readLibrary } from '../../../../src/languages/worker-library.ts';
import { openProject } from '../../../../src/project/edit/open-project.ts';
import { writeSharedLibrary } from '../../../../src/project/join/plan-outside.ts';
import { readProjectRecord } from '../../../../src/project/record.ts';
import { renderProject } from '../../../../src/project/render.ts';
import type { Migration } from '../../../../src/project/update/migrations.ts';
import { errorOf } from '../../../support/known-error.ts';
import { readBaseTexts } from '../../../support/project-base.ts';
import { writeOlderProject, type OlderTemplates } from '../../../support/older-project.ts';
import { projectFiles } from '../../../support/project-files.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';
import { untouchedSpec } from '../../../support/untouched-project.ts';

const temporaryFolder = temporaryFolders();
const VERSION = '1.0.0';
let folder: string;
const { read } = projectFiles(() => folder);
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};

async function update(more: Partial<UpdateRequest> = {}): Promise<UpdateResult> {
  const { migrations } = more;
  const opened = await openForUpdate({ cwd: folder, env: process.env, version: VERSION, migrations });
  return updateProject({
    ...opened,
    ...{ version: VERSION, cwd: folder, env: process.env, command: 'kuflow update' },
    ...{ dryRun: false, allowDirty: true, install: false, verify: false },
    ...more,
  });
}

const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.com', '-c', 'core.autocrlf=false', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
const commit = (): void => {
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'x');
};

/** A text with one line replaced. */
const withLine = (at: number, line: string) => (text: string) => {
  const lines = text.split('\n');
  lines[at] = line;
  return lines.join('\n');
};

/** A text with conflicts that are resolved with the local lines. */
const withoutMarkers = (text: string): string =>
  text.replaceAll(/^<<<<<<< .*\n([^]*?)^\|{7} [^]*?^>>>>>>> .*\n?/gm, '$1');

beforeEach(() => {
  folder = join(temporaryFolder(), 'worker');
});

/** With files that are merged line by line. */
const LANGUAGES = [
  {
    language: 'typescript',
    packageManager: 'npm',
    files: /^(?:Dockerfile|README\.md|eslint\.config\.js|test\/replay\.test\.ts)$/,
  },
  {
    language: 'java',
    packageManager: 'maven',
    files: /^(?:Dockerfile|Makefile|README\.md|\.github\/workflows\/ci\.yml)$/,
  },
] as const;

/** What an update does with a file: per state in the templates (rows) and here. Undefined: the file is not reported. */
const OUTCOMES = {
  unchanged: {
    unedited: undefined,
    'edited elsewhere': undefined,
    'edited in the same place': undefined,
    deleted: undefined,
  },
  changed: {
    unedited: 'replaced',
    'edited elsewhere': 'merged',
    'edited in the same place': 'conflict',
    deleted: 'conflict',
  },
  removed: {
    unedited: 'deleted',
    'edited elsewhere': 'conflict',
    'edited in the same place': 'conflict',
    deleted: undefined,
  },
  renamed: {
    unedited: 'replaced',
    'edited elsewhere': 'merged',
    'edited in the same place': 'conflict',
    deleted: 'conflict',
  },
  new: { unedited: undefined, 'edited elsewhere': 'conflict', 'edited in the same place': 'conflict', deleted: 'new' },
} as const;
type Change = keyof typeof OUTCOMES;
type Edit = keyof (typeof OUTCOMES)['changed'];
const [OLD, MINE, AT, ELSEWHERE] = ['the old line', 'my line', 3, 12];
const EDITS: Readonly<Record<Edit, (text: string) => string | undefined>> = {
  unedited: (text) => text,
  'edited elsewhere': withLine(AT + ELSEWHERE, MINE),
  'edited in the same place': withLine(AT, MINE),
  deleted: () => undefined,
};

/** One file for each combination. */
interface Case {
  readonly name: string;
  readonly change: Change;
  readonly edit: Edit;
  /** The path in the older version, and after the update. */
  readonly before: string;
  readonly after: string;
  readonly older: string;
  readonly mine: string | undefined;
  readonly theirs: string | undefined;
}

/** Every combination of changes in the templates and here, in groups of as many as the project has such files: each is in one file. */
async function everyCase(packageManager: PackageManager, pattern: RegExp): Promise<readonly (readonly Case[])[]> {
  const files = await renderProject(untouchedSpec(packageManager));
  const texts = files
    .filter(({ path }) => pattern.test(path))
    .map(({ path, contents }) => ({ path, text: Buffer.from(contents).toString('utf8') }))
    .filter(({ text }) => text.split('\n').length > AT + ELSEWHERE + 2);
  const all = Object.keys(OUTCOMES).flatMap((change) =>
    Object.keys(EDITS).map((edit) => ({ change: change as Change, edit: edit as Edit })),
  );
  const cases = all.map(({ change, edit }, index): Case => {
    const found = texts[index % texts.length];
    if (found === undefined) throw new Error('The templates do not have enough files');
    const former = join(dirname(found.path), `former-${index}.txt`).replaceAll('\\', '/');
    const [before, after] =
      change === 'renamed' ? [former, found.path] : change === 'removed' ? [former, former] : [found.path, found.path];
    const isChanged = change === 'changed' || change === 'renamed';
    const older = isChanged ? withLine(AT, OLD)(found.text) : found.text;
    const theirs = change === 'removed' ? undefined : found.text;
    return { name: `${change}, ${edit}`, change, edit, before, after, older, mine: EDITS[edit](older), theirs };
  });
  const groups = Math.ceil(cases.length / texts.length);
  return Array.from({ length: groups }, (_, group) => cases.slice(group * texts.length, (group + 1) * texts.length));
}

/** Writes a project of an older version with these changes. */
async function writeCases(packageManager: PackageManager, cases: readonly Case[]): Promise<void> {
  const of = (...changes: readonly Change[]): readonly Case[] => cases.filter(({ change }) => changes.includes(change));
  await writeOlderProject(
    folder,
    {
      changed: Object.fromEntries(of('changed', 'renamed').map(({ after }) => [after, withLine(AT, OLD)])),
      renamed: Object.fromEntries(of('renamed').map(({ before, after }) => [after, before])),
      removed: Object.fromEntries(of('removed').map(({ before, older }) => [before, older])),
      added: of('new').map(({ after }) => after),
    },
    { packageManager },
  );
  for (const { before, mine } of cases) {
    if (mine === undefined) rmSync(join(folder, before), { force: true });
    else write(before, mine);
  }
}

describe.each(LANGUAGES)('an update of a project in $language', ({ language, packageManager, files }) => {
  // What happens to a conflict does not depend on the language.
  it.each(language === 'typescript' ? (['ours', 'skip', 'markers'] as const) : (['markers'] as const))(
    'handles every combination of changes with --conflicts %s',
    async (conflicts) => {
      for (const cases of await everyCase(packageManager, files)) {
        rmSync(folder, { recursive: true, force: true });
        await writeCases(packageManager, cases);
        const migrations: readonly Migration[] = [
          {
            version: VERSION,
            renamed: cases
              .filter(({ change }) => change === 'renamed')
              .map(({ before, after }) => ({ language, from: before, to: after })),
            removed: cases
              .filter(({ change }) => change === 'removed')
              .map(({ before }) => ({ language, path: before, why: 'is part of the SDK now' })),
            changes: [{ text: 'The wiring is faster' }],
          },
        ];
        const result = await update({ conflicts, migrations });
        expect(result).toMatchObject({
          result: 'updated',
          from: '0.9.0',
          to: VERSION,
          status:
            conflicts === 'ours' || !cases.some(({ change, edit }) => OUTCOMES[change][edit] === 'conflict') ? 0 : 3,
        });
        expect(result.changes).toEqual([{ version: VERSION, breaking: false, text: 'The wiring is faster' }]);
        const readIfExists = (path: string): string | undefined =>
          existsSync(join(folder, path)) ? read(path) : undefined;
        for (const { name, change, edit, before, after, mine, theirs } of cases) {
          const row = result.files.find(({ path }) => path === after);
          const expected = OUTCOMES[change][edit];
          expect(row?.how, name).toBe(expected);
          const [old, now] = [readIfExists(before), readIfExists(after)];
          if (row === undefined) {
            expect(now, name).toBe(mine);
            continue;
          }
          if (change === 'removed') expect(row.reason, name).toContain('is part of the SDK now');
          if (change === 'renamed') expect(row.from, name).toBe(before);
          const isKept =
            conflicts === 'skip' || (conflicts === 'markers' && (mine === undefined || theirs === undefined));
          if (expected === 'conflict' && isKept) {
            expect([old, row.action], name).toEqual([mine, 'left']);
          } else if (expected === 'conflict' && conflicts === 'markers') {
            const lines = now?.split('\n') ?? [];
            for (const line of ['<<<<<<< yours', '=======', `>>>>>>> version ${VERSION}`, MINE])
              expect(lines, name).toContain(line);
          } else {
            if (expected === 'merged') expect(row.diff, name).toContain(`-${OLD}`);
            const merged = expected === 'merged' ? EDITS[edit](theirs ?? '') : expected === 'conflict' ? mine : theirs;
            expect(now, name).toBe(merged);
          }
          if (change === 'renamed' && !(expected === 'conflict' && isKept)) expect(old, name).toBeUndefined();
        }

        // Twice is the same as once: what was left is reported again, and nothing else.
        const marked = result.files.filter(({ action, choice }) => action === 'written' && choice === 'markers');
        for (const { path } of marked) write(path, withoutMarkers(read(path)));
        const tree = treeOf(folder);
        const again = await update({ conflicts, migrations });
        const left = result.files.filter(({ action }) => action === 'left');
        expect(again.result).toBe(left.length === 0 ? 'up-to-date' : 'unresolved');
        expect(again.files).toEqual(left);
        expect(treeOf(folder)).toEqual(tree);
      }
    },
  );
});

/** The changes of a version of a project for TypeScript. */
const CHECK = 'eslint.config.js';
const changedCheck: OlderTemplates = { changed: { [CHECK]: withLine(AT, OLD) } };

describe('an update', () => {
  it('adds AGENTS.md, and leaves one that the owner wrote as a conflict', async () => {
    await writeOlderProject(folder, { added: ['AGENTS.md'] });
    const { files } = await update();
    expect(files.find(({ path }) => path === 'AGENTS.md')?.action).toBe('written');
    expect(read('AGENTS.md')).toContain('npm run lint');

    write('AGENTS.md', '# Ours\n');
    await writeOlderProject(folder, { added: ['AGENTS.md'] });
    const kept = await update({ conflicts: 'skip' });
    expect(kept.files.find(({ path }) => path === 'AGENTS.md')).toMatchObject({ how: 'conflict', action: 'left' });
    expect(read('AGENTS.md')).toBe('# Ours\n');
  });

  it('merges dependencies by key, records the version, and keeps the processes', async () => {
    await writeOlderProject(folder, {
      changed: {
        'package.json': (text) =>
          text.replace(/("@temporalio\/worker": )"[^"]+"/, '$1"1.0.0"').replace(/("tsx": )"[^"]+"/, '$1"1.0.0"'),
      },
    });
    const before = JSON.parse(read('.kuflow/project.json')) as { answers: object; template: object };
    const own = read('package.json')
      .replace(/("tsx": )"1.0.0"/, '$1"99.0.0"')
      .replace('"dependencies": {', '"dependencies": {\n    "left-pad": "1.3.0",');
    write('package.json', own);
    const result = await update();
    expect(result.files.find(({ path }) => path === 'package.json')?.how).toBe('merged');
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >;
    expect(dependencies?.['left-pad']).toBe('1.3.0');
    expect(dependencies?.['@temporalio/worker']).not.toBe('1.0.0');
    expect(devDependencies?.['create-kuflow-worker']).toBe(VERSION);
    expect({ ...dependencies, ...devDependencies }['tsx']).toBe('99.0.0');
    expect(JSON.parse(read('.kuflow/project.json'))).toEqual({
      ...before,
      template: { ...before.template, version: VERSION },
      answers: { ...before.answers, cliPackage: VERSION },
    });
  });

  it('keeps the files for editors of a project that was created with them', async () => {
    await writeOlderProject(
      folder,
      { changed: { '.vscode/launch.json': withLine(1, OLD) } },
      { spec: { editors: ['vscode'] } },
    );
    await update();
    expect(read('.vscode/launch.json')).not.toContain(OLD);
    const record = JSON.parse(read('.kuflow/project.json')) as { answers: Record<string, unknown> };
    expect(record.answers['editors']).toEqual(['vscode']);
  });

  it('keeps a CLI package that was chosen, such as a tarball', async () => {
    await writeOlderProject(folder, changedCheck, { spec: { cliPackage: 'file:../cli.tgz' } });
    await update();
    expect(read('package.json')).toContain('"create-kuflow-worker": "file:../cli.tgz"');
    expect(read('.kuflow/project.json')).toContain('"cliPackage": "file:../cli.tgz"');
  });

  it('keeps the line endings that git converted, and does not treat them as edits', async () => {
    await writeOlderProject(folder, {
      changed: { [CHECK]: withLine(AT, OLD), 'test/replay.test.ts': withLine(3, OLD) },
    });
    const current = read(CHECK);
    const main = read('test/replay.test.ts').split('\n');
    write(CHECK, current.replaceAll('\n', '\r\n'));
    write('test/replay.test.ts', [...main.slice(0, 10), '// mine', ...main.slice(10)].join('\r\n'));
    const result = await update();
    expect(result.files.map(({ path, how }) => `${how} ${path}`)).toEqual(
      expect.arrayContaining([`replaced ${CHECK}`, 'merged test/replay.test.ts']),
    );
    for (const path of [CHECK, 'test/replay.test.ts']) {
      expect(read(path), path).not.toContain(OLD);
      expect(read(path).replaceAll('\r\n', ''), path).not.toContain('\n');
    }
    expect(read('test/replay.test.ts')).toContain('// mine\r\n');
  });

  it('keeps the ending of every line of a file with both', async () => {
    await writeOlderProject(folder, { changed: { [CHECK]: withLine(AT, OLD) } });
    const current = read(CHECK);
    write(CHECK, current.replace('\n', '\r\n'));
    expect((await update()).files).toContainEqual(expect.objectContaining({ path: CHECK, how: 'replaced' }));
    const [first, ...others] = read(CHECK).split('\n');
    expect(first).toBe(`${current.split('\n')[0]}\r`);
    expect(others.join('\n')).not.toContain('\r');
    expect(others.join('\n')).not.toContain(OLD);
  });

  it('replaces binary files without local changes, and never writes markers into others', async () => {
    await writeOlderProject(folder, { changed: { [CHECK]: () => '\0old', 'test/replay.test.ts': () => '\0old' } });
    write('test/replay.test.ts', '\0mine');
    const result = await update({ conflicts: 'markers' });
    const rows = Object.fromEntries(result.files.map((file) => [file.path, file]));
    expect(rows[CHECK]).toMatchObject({ how: 'replaced', action: 'written', diff: '' });
    expect(rows['test/replay.test.ts']).toMatchObject({
      ...{ how: 'conflict', action: 'left', diff: '' },
      reason: 'is not a text file, and both sides changed it',
    });
    expect(read('test/replay.test.ts')).toBe('\0mine');
    expect(result.status).toBe(3);
    // The base of the file stays, so that the template's change is not lost.
    expect((await readBaseTexts(folder)).merged.get('test/replay.test.ts')).toBe('\0old');
  });

  it('replaces the library, unless you replaced or deleted it', async () => {
    const [library] = readLibrary('typescript');
    const { path, contents } = library ?? { path: '', contents: Buffer.of() };
    const former = '.kuflow/lib/kuflow-worker-0.0.1.tgz';
    const outcomes = async (mine: string | undefined): Promise<readonly string[]> => {
      rmSync(folder, { recursive: true, force: true });
      await writeOlderProject(folder, { changed: { [path]: () => '\0older' }, removed: { [former]: '\0former' } });
      for (const at of [path, former]) {
        if (mine === undefined) rmSync(join(folder, at));
        else if (mine !== '') write(at, mine);
      }
      const { files } = await update({ conflicts: 'ours' });
      const isReplaced = existsSync(join(folder, path)) && readFileSync(join(folder, path)).equals(contents);
      const rows = files.filter((file) => [path, former].includes(file.path));
      const again = await update({ conflicts: 'ours' });
      expect([isReplaced, again.result]).toEqual([mine === '', 'up-to-date']);
      expect(rows.map(({ diff }) => diff).join('')).toBe('');
      return rows.map((file) => `${file.path === path ? 'same name' : 'former'}: ${file.reason ?? file.how}`);
    };
    expect(await outcomes('')).toEqual(['former: deleted', 'same name: replaced']);
    expect(await outcomes('\0mine')).toEqual([
      'former: has local changes, but the templates no longer have it',
      'same name: is not a text file, and both sides changed it',
    ]);
    expect(await outcomes(undefined)).toEqual(['same name: was deleted, but the templates changed it']);
  });

  it.runIf(process.platform !== 'win32')(
    'sets permissions that the templates changed, unless they were changed here',
    async () => {
      await writeOlderProject(
        folder,
        { modes: { kuflow: 0o644, mvnw: 0o644, 'kuflow.cmd': 0o755 } },
        { packageManager: 'maven' },
      );
      chmodSync(join(folder, 'mvnw'), 0o755);
      const result = await update();
      const mode = (path: string): number => statSync(join(folder, path)).mode & 0o777;
      expect([mode('kuflow'), mode('mvnw'), mode('kuflow.cmd')]).toEqual([0o755, 0o755, 0o644]);
      expect(result.files.map(({ path }) => path)).toEqual(expect.arrayContaining(['kuflow', 'kuflow.cmd']));
      expect(result.files.map(({ path }) => path)).not.toContain('mvnw');
      expect((await update()).result).toBe('up-to-date');
    },
  );

  it.runIf(process.platform !== 'win32')('does not write through a symbolic link', async () => {
    await writeOlderProject(folder, changedCheck);
    const outside = join(temporaryFolder(), 'outside.ts');
    writeFileSync(outside, 'outside');
    rmSync(join(folder, CHECK));
    symlinkSync(outside, join(folder, CHECK));
    const result = await update({ conflicts: 'markers' });
    expect(result.files.find(({ path }) => path === CHECK)).toMatchObject({
      action: 'left',
      reason: 'is not a regular file',
    });
    expect(readFileSync(outside, 'utf8')).toBe('outside');
  });

  it('reports files that the templates add below a file', async () => {
    await writeOlderProject(folder, { ...changedCheck, added: ['.github/workflows/ci.yml'] });
    rmSync(join(folder, '.github'), { recursive: true });
    write('.github', 'mine');
    const result = await update({ conflicts: 'ours' });
    expect(result).toMatchObject({ result: 'updated', status: 0 });
    expect(result.files.find(({ path }) => path === '.github/workflows/ci.yml')).toMatchObject({
      ...{ how: 'conflict', action: 'kept', reason: 'is below a file' },
    });
    expect(read('.github')).toBe('mine');
    expect(read(CHECK)).not.toContain(OLD);
    expect((await update()).result).toBe('up-to-date');
  });

  it('replaces a file by a folder as the templates do', async () => {
    const [file, below] = ['.github', '.github/workflows/ci.yml'];
    await writeOlderProject(folder, { removed: { [file]: 'old' }, added: [below, '.github/dependabot.yml'] });
    const result = await update();
    expect(result.files.map(({ path, how }) => `${how} ${path}`)).toEqual(
      expect.arrayContaining([`deleted ${file}`, `new ${below}`]),
    );
    expect(existsSync(join(folder, below))).toBe(true);
  });

  it.runIf(process.platform !== 'win32')('names a file that cannot be read, and changes nothing', async () => {
    await writeOlderProject(folder, changedCheck);
    // Permissions do not apply to root, but such a link cannot be followed.
    rmSync(join(folder, 'test/histories'), { recursive: true });
    symlinkSync('histories', join(folder, 'test/histories'));
    const before = read('.kuflow/project.json');
    const { message, tried } = await errorOf(update({ conflicts: 'ours' }));
    expect(message).toMatch(/^Reading the file failed: /);
    expect(tried).toMatch(/worker\/test\/histories\/README\.md$/);
    expect(read('.kuflow/project.json')).toBe(before);
  });

  it('keeps activities that were added, in their place, and adds tasks of an edited definition', async () => {
    await writeOlderProject(folder, {
      changed: { 'src/activities.ts': (text) => text.replace('process.id', 'process.former') },
    });
    const { addToProject } = await import('../../../../src/commands/add/add-to-project.ts');
    const add = async (addition: Parameters<typeof addToProject>[0]['addition']) =>
      addToProject({
        ...{ project: await openProject(folder, {}, '0.9.0'), addition, cwd: folder, edit: [], dryRun: false },
        ...{ command: 'kuflow add', invocation: 'kuflow' },
      });
    await add({ kind: 'activity', name: 'sendMail' });
    const [process] = (await openProject(folder, {}, '0.9.0')).processes;
    await add({ kind: 'task', process, task: { code: 'ARCHIVE', kind: 'system' } });
    // The user implements them.
    const implemented = read('src/activities.ts').replaceAll('// TODO', '// Done');
    write('src/activities.ts', implemented);
    write(
      'kuflow.process.yaml',
      read('kuflow.process.yaml').replace('\nactions:', '  - code: NOTIFY\n    kind: system\n$&'),
    );
    const result = await update();
    expect(result.files.filter(({ how }) => how === 'conflict')).toEqual([]);
    const names = ['checkCredit', 'sendMail', 'archive', 'notify'];
    const text = read('src/activities.ts');
    const places = names.map((name) => text.search(new RegExp(`async ${name}\\(`)));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(text.match(/\/\/ Done/g)?.length).toBe(implemented.match(/\/\/ Done/g)?.length);
    expect(read('src/process/tasks.ts')).toContain("'NOTIFY'");
    expect(read('.kuflow/project.json')).toContain('"NOTIFY"');
    expect((await update()).result).toBe('up-to-date');
  });

  it('accepts a change that somebody already made, without a conflict', async () => {
    await writeOlderProject(folder, changedCheck);
    const files = await renderProject(untouchedSpec('npm'));
    write(CHECK, Buffer.from(files.find(({ path }) => path === CHECK)?.contents ?? '').toString('utf8'));
    const result = await update();
    expect(result.files.map(({ path }) => path)).not.toContain(CHECK);
    expect((await update()).result).toBe('up-to-date');
  });

  it('writes nothing and lists all conflicts without a decision', async () => {
    await writeOlderProject(folder, {
      changed: { [CHECK]: withLine(AT, OLD), 'test/replay.test.ts': withLine(3, OLD) },
    });
    write(CHECK, withLine(AT, MINE)(read(CHECK)));
    const before = treeOf(folder);
    const result = await update();
    expect(result).toMatchObject({ result: 'unresolved', status: 2 });
    const row = result.files.find(({ path }) => path === CHECK);
    expect(row).toMatchObject({ how: 'conflict', action: 'unresolved', conflicts: [{ line: AT + 1 }] });
    expect(row?.diff).toContain(`+||||||| base\n+${OLD}`);
    expect(result.next.map(({ command }) => command)).toEqual([
      'kuflow update --conflicts markers',
      'kuflow update --conflicts ours',
      'kuflow update --conflicts skip',
    ]);
    expect(treeOf(folder)).toEqual(before);
  });

  it('applies the answer for each file', async () => {
    await writeOlderProject(folder, {
      changed: { [CHECK]: withLine(AT, OLD), 'test/replay.test.ts': withLine(3, OLD) },
    });
    for (const [path, at] of [
      [CHECK, AT],
      ['test/replay.test.ts', 3],
    ] as const)
      write(path, withLine(at, MINE)(read(path)));
    const asked: string[] = [];
    const result = await update({
      choose: (conflict) => {
        asked.push(conflict.path);
        return Promise.resolve(conflict.path === CHECK ? 'ours' : 'markers');
      },
    });
    expect(asked).toEqual([CHECK, 'test/replay.test.ts']);
    expect(result.files.filter(({ how }) => how === 'conflict')).toMatchObject([
      { path: CHECK, choice: 'ours', action: 'kept' },
      { path: 'test/replay.test.ts', choice: 'markers', action: 'written' },
    ]);
    expect(result.verify.skipped).toBe('--no-verify');
    expect(result.status).toBe(3);
  });

  it('changes nothing while conflict markers of an earlier update are left', async () => {
    await writeOlderProject(folder, {
      changed: { [CHECK]: withLine(AT, OLD), 'test/replay.test.ts': withLine(3, OLD) },
    });
    write(CHECK, withLine(AT, MINE)(read(CHECK)));
    await update({ conflicts: 'markers' });
    commit();
    for (const lines of ['\n', '\r\n']) {
      write(CHECK, read(CHECK).replaceAll('\n', lines));
      const before = treeOf(folder);
      for (const more of [{}, { dryRun: true }, { conflicts: 'ours' as const }]) {
        const result = await update(more);
        expect(result).toMatchObject({ result: 'unresolved', status: 3 });
        expect(result.files).toMatchObject([{ path: CHECK, how: 'conflict', conflicts: [{ line: AT + 1 }] }]);
        expect(result.next[0]?.text).toBe(`resolve the conflicts in ${CHECK}`);
      }
      expect(treeOf(folder)).toEqual(before);
    }
    write(CHECK, withoutMarkers(read(CHECK).replaceAll('\r\n', '\n')));
    expect(read(CHECK)).toContain(`${MINE}\n`);
    expect((await update()).result).toBe('up-to-date');
  });

  it('writes nothing in a dry run, and shows every diff', async () => {
    await writeOlderProject(folder, { ...changedCheck, added: ['vitest.config.ts'] });
    const before = treeOf(folder);
    const result = await update({ dryRun: true, allowDirty: false });
    expect(result).toMatchObject({ result: 'would-update', status: 0 });
    expect(result.files.find(({ path }) => path === CHECK)).toMatchObject({
      action: 'would-write',
      diff: expect.stringContaining(`-${OLD}`) as string,
    });
    expect(treeOf(folder)).toEqual(before);
  });

  it('is undone completely by the command that it names', async () => {
    await writeOlderProject(folder, {
      ...changedCheck,
      added: ['vitest.config.ts'],
      removed: { 'src/former file.ts': 'x' },
    });
    commit();
    const before = treeOf(folder);
    const result = await update({ allowDirty: false });
    expect(git('status', '--porcelain').split('\n').length).toBeGreaterThan(4);
    execFileSync(result.undo ?? 'false', { cwd: folder, shell: true });
    expect(treeOf(folder)).toEqual(before);
    expect(git('status', '--porcelain')).toBe('');
  });

  it('names an undo command that keeps changes to other files, and no command that would undo your changes', async () => {
    await writeOlderProject(folder, changedCheck);
    commit();
    write('notes.txt', 'mine');
    const copy = join(temporaryFolder(), 'worker');
    cpSync(folder, copy, { recursive: true });
    const { undo } = await update();
    execFileSync(undo ?? 'false', { cwd: folder, shell: true });
    expect(read(CHECK)).toContain(OLD);
    expect(read('notes.txt')).toBe('mine');
    folder = copy;
    write('package.json', read('package.json').replace('"private"', ' "private"'));
    expect((await update()).undo).toBeUndefined();
  });

  it.runIf(process.platform !== 'win32')(
    'does not name an undo command that would leave a file below a link',
    async () => {
      await writeOlderProject(folder, { added: ['src/activities.ts'] });
      renameSync(join(folder, 'src'), join(folder, 'lib'));
      symlinkSync('lib', join(folder, 'src'));
      commit();
      const result = await update({ allowDirty: false });
      expect(result.result).toBe('updated');
      expect(existsSync(join(folder, 'lib/activities.ts'))).toBe(true);
      expect(result.undo).toBeUndefined();
    },
  );

  it('is all or nothing when a write fails or is interrupted', async () => {
    await writeOlderProject(folder, {
      ...changedCheck,
      added: ['vitest.config.ts'],
      removed: { 'src/former.ts': 'x' },
    });
    const before = treeOf(folder);
    let writes = 0;
    for (let at = 0; ; at++) {
      const failing = update({
        onWrite: (_, index) => {
          if (index === at) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
        },
      });
      const error: unknown = await failing.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) break;
      writes++;
      expect(treeOf(folder), `write ${at}`).toEqual(before);
    }
    // Four files at least, the record and the archive.
    expect(writes).toBeGreaterThanOrEqual(6);
    expect(read(CHECK)).not.toContain(OLD);
  });
});

describe('an update in a repository that ignores archives', () => {
  it('can be repeated after it was undone, because the rules of the project except its archive', async () => {
    await writeOlderProject(folder, changedCheck);
    write('.gitignore', `*.tgz\n${read('.gitignore')}`);
    commit();
    const first = await update({ allowDirty: false });
    execFileSync(first.undo ?? 'false', { cwd: folder, shell: true });
    const second = await update({ allowDirty: false });
    expect(second.files).toEqual(first.files);
    expect(read(CHECK)).not.toContain(OLD);
  });

  it('is refused if git ignores the archive or the record, and names the rules to add', async () => {
    for (const [rule, ignored] of [
      ['*.tgz', '.kuflow/base.tgz'],
      ['.kuflow/', '.kuflow/project.json and .kuflow/base.tgz'],
    ]) {
      rmSync(folder, { recursive: true, force: true });
      await writeOlderProject(folder, changedCheck);
      write('.gitignore', `${read('.gitignore')}${rule}\n`);
      commit();
      const before = treeOf(folder);
      const error = await errorOf(update({ allowDirty: false }));
      expect(error.message).toBe(`git ignores ${ignored}, so the update could not be undone`);
      expect(error.next[0]).toContain('!/.kuflow/ !/.kuflow/project.json !/.kuflow/base.tgz');
      expect(treeOf(folder)).toEqual(before);
      const repository = folder;
      folder = join(temporaryFolder(), 'copy');
      cpSync(repository, folder, { recursive: true });
      // A command that restores only a part of the update would make the next update skip the rest.
      const { result, undo } = await update();
      expect([result, undo]).toEqual(['updated', undefined]);
      folder = repository;
      write('.gitignore', `${read('.gitignore')}!/.kuflow/\n!/.kuflow/project.json\n!/.kuflow/base.tgz\n`);
      commit();
      const undoable = await update({ allowDirty: false });
      execFileSync(undoable.undo ?? 'false', { cwd: folder, shell: true });
      expect(git('status', '--porcelain')).toBe('');
      expect((await update({ allowDirty: false })).files).toEqual(undoable.files);
    }
  });

  it('is refused in a clone without the archive, and says why it is missing', async () => {
    await writeOlderProject(folder, changedCheck);
    write('.gitignore', `${read('.gitignore')}*.tgz\n`);
    commit();
    const clone = join(temporaryFolder(), 'clone');
    git('clone', '--quiet', folder, clone);
    folder = clone;
    const error = await errorOf(update());
    expect(error.seen).toBe('it does not exist, and git ignores it');
    expect(error.next[0]).toContain('!/.kuflow/ !/.kuflow/project.json !/.kuflow/base.tgz');
  });
});

describe('an update of a lock file', () => {
  const LOCK = 'package-lock.json';
  const UNDICI = 'node_modules/undici';

  interface Lock {
    packages: Record<string, { version: string; integrity?: string }>;
  }

  const changeLock = (text: string, change: (lock: Lock) => void): string => {
    const lock = JSON.parse(text) as Lock;
    change(lock);
    return `${JSON.stringify(lock, undefined, 2)}\n`;
  };
  const edit = (change: (lock: Lock) => void): void => write(LOCK, changeLock(read(LOCK), change));
  const versionOf = (path: string): string | undefined => (JSON.parse(read(LOCK)) as Lock).packages[path]?.version;
  const olderLock: OlderTemplates = {
    changed: {
      [LOCK]: (text) =>
        changeLock(text, ({ packages }) => {
          packages[UNDICI] = { version: '7.0.0' };
          packages['node_modules/former'] = { version: '1.0.0' };
        }),
    },
  };
  // As npm does after the project was created.
  const install = (): void =>
    edit(({ packages }) => {
      packages['node_modules/create-kuflow-worker'] = { version: '0.9.0' };
      packages['node_modules/left-pad'] = { version: '1.3.0', integrity: 'sha512-x' };
    });

  it('brings the tested versions, keeps the packages that were added, and never conflicts', async () => {
    await writeOlderProject(folder, olderLock);
    install();
    const now = (await renderProject({ ...untouchedSpec('npm'), cliPackage: VERSION })).find(
      ({ path }) => path === LOCK,
    );
    const tested = (JSON.parse(Buffer.from(now?.contents ?? []).toString('utf8')) as Lock).packages;
    const { files, install: installed } = await update();
    expect(files.find(({ path }) => path === LOCK)).toEqual({ path: LOCK, how: 'merged', action: 'written', diff: '' });
    expect(versionOf(UNDICI)).toBe(tested[UNDICI]?.version);
    expect(versionOf('node_modules/left-pad')).toBe('1.3.0');
    expect(versionOf('node_modules/former')).toBeUndefined();
    expect(installed).toEqual({ kind: 'skipped', reason: '--no-install' });
    expect((await update()).result).toBe('up-to-date');
  });

  it('does not change a lock file that is the same in both versions', async () => {
    await writeOlderProject(folder, { changed: { 'README.md': withLine(0, '# Older') } });
    install();
    edit(({ packages }) => (packages[UNDICI] = { version: '6.0.0' }));
    const before = read(LOCK);
    expect((await update()).files.map(({ path }) => path)).not.toContain(LOCK);
    expect(read(LOCK)).toBe(before);
  });

  it('merges the lock file of a project that was created without the one of the templates', async () => {
    await writeOlderProject(folder, { added: [LOCK] });
    write(
      LOCK,
      JSON.stringify({ lockfileVersion: 3, packages: { '': {}, 'node_modules/left-pad': { version: '1.3.0' } } }),
    );
    expect((await update()).files).toContainEqual({ path: LOCK, how: 'merged', action: 'written', diff: '' });
    expect(versionOf('node_modules/left-pad')).toBe('1.3.0');
    expect(versionOf(UNDICI)).toMatch(/^7\./);
  });

  it('does not bring a deleted lock file back', async () => {
    await writeOlderProject(folder, olderLock);
    rmSync(join(folder, LOCK));
    expect((await update()).files.map(({ path }) => path)).not.toContain(LOCK);
  });

  it('is undone with git', async () => {
    await writeOlderProject(folder, olderLock);
    install();
    commit();
    const { undo = 'false' } = await update({ allowDirty: false });
    execFileSync(undo, { cwd: folder, shell: true });
    expect(git('status', '--porcelain')).toBe('');
    expect(undo.split(LOCK).length).toBeLessThanOrEqual(2);
  });
});

describe('an update of a member of a workspace', () => {
  const LOCK = '../../package-lock.json';
  const olderManifest: OlderTemplates = {
    changed: { 'package.json': (text) => text.replace(/("tsx": )"[^"]+"/, '$1"1.0.0"') },
  };
  /** `lock`: the lock file of the workspace in the last commit. */
  const writeMember = async (lock?: string): Promise<void> => {
    const root = folder;
    folder = join(root, 'packages/worker');
    await writeOlderProject(folder, olderManifest, { spec: { workspace: { root: '../..' } } });
    if (lock !== undefined) write(LOCK, lock);
    await writeSharedLibrary(root, 'typescript', {});
    folder = root;
    commit();
    folder = join(root, 'packages/worker');
  };

  it('is undone together with the lock file of the workspace', async () => {
    for (const lock of ['{}', undefined]) {
      rmSync(folder, { recursive: true, force: true });
      folder = join(temporaryFolder(), 'repository');
      await writeMember(lock);
      // As an installation does.
      const { undo = 'false' } = await update({ allowDirty: false, onWrite: () => write(LOCK, 'changed') });
      execFileSync(undo, { cwd: folder, shell: true });
      expect(git('status', '--porcelain', '../..')).toBe('');
      expect(existsSync(join(folder, LOCK)) ? read(LOCK) : undefined).toBe(lock);
    }
  });

  it('is undone together with the library that it adds to the workspace or replaces there', async () => {
    const root = join(temporaryFolder(), 'repository');
    folder = join(root, 'packages/worker');
    await writeOlderProject(folder, olderManifest, { spec: { workspace: { root: '../..' } } });
    await writeSharedLibrary(root, 'typescript', {});
    const [archive = ''] = readdirSync(join(root, '.kuflow/lib'));
    const path = join(root, '.kuflow/lib', archive);
    const older = (): void => renameSync(path, join(root, '.kuflow/lib/kuflow-worker-0.0.1.tgz'));
    for (const prepare of [older, () => writeFileSync(path, 'another build of the same version')]) {
      folder = root;
      prepare();
      commit();
      folder = join(root, 'packages/worker');
      const { undo = 'false' } = await update({ allowDirty: false });
      expect(git('status', '--porcelain', '../..')).toContain('.kuflow/lib/');
      execFileSync(undo, { cwd: folder, shell: true });
      expect(git('status', '--porcelain', '../..')).toBe('');
    }
  });

  it('is refused while that lock file has changes, and does not undo them', async () => {
    await writeMember('{}');
    write(LOCK, 'mine');
    write('../../other.txt', 'mine');
    const { message } = await errorOf(update({ allowDirty: false }));
    expect(message).toBe(`The project has uncommitted changes:\n  ${LOCK}`);
    expect((await update()).undo).toBeUndefined();
  });

  it('is possible in a repository without the workspace', async () => {
    const root = folder;
    folder = join(root, 'packages/worker');
    await writeOlderProject(folder, olderManifest, { spec: { workspace: { root: '../..' } } });
    write(LOCK, '{}');
    commit();
    const { undo = 'false' } = await update({ allowDirty: false });
    execFileSync(undo, { cwd: folder, shell: true });
    expect(git('status', '--porcelain')).toBe('');
  });
});

describe('an update that is killed', () => {
  it('is completed by the next update, at any file, with the edits that somebody made in between', async () => {
    const former = 'src/former.ts';
    await writeOlderProject(folder, { ...changedCheck, added: ['vitest.config.ts'], removed: { [former]: 'x' } });
    write('test/replay.test.ts', `${read('test/replay.test.ts')}// mine\n`);
    const copies: string[] = [];
    const written: string[] = [];
    await update({
      onWrite: (path) => {
        const copy = join(temporaryFolder(), 'worker');
        cpSync(folder, copy, { recursive: true });
        rmSync(join(copy, '.kuflow/project.lock'));
        copies.push(copy);
        written.push(path);
      },
    });
    const complete = treeOf(folder);
    const kills = process.env['KUFLOW_SOAK'] === '1' ? 30 : 5;
    const points = [...copies.entries()].sort(() => Math.random() - 0.5).slice(0, kills);
    for (const [at, copy] of points) {
      folder = copy;
      write('notes.txt', 'mine');
      // A file that the update did not reach yet.
      const pending = written[at] === CHECK;
      if (pending) write(CHECK, `${read(CHECK)}// mine\n`);
      const recovered: unknown[] = [];
      const opened = { cwd: folder, env: process.env, version: VERSION };
      await openForUpdate({ ...opened, onRecovered: ({ kind, left }) => void recovered.push(kind, left) });
      expect(recovered, `killed before write ${at}`).toEqual(['completed', pending ? [CHECK] : []]);
      if (pending) {
        expect(read(CHECK)).toContain(`${OLD}\n`);
        // Its change was not lost: the next update merges it.
        const result = await update();
        expect(result.files.find(({ path }) => path === CHECK)).toMatchObject({ how: 'merged', action: 'written' });
        expect(read(CHECK)).toBe(`${complete.get(CHECK) ?? ''}// mine\n`);
        continue;
      }
      const tree = treeOf(folder);
      expect(tree.get('notes.txt')).toBe('mine');
      tree.delete('notes.txt');
      expect(tree, `killed before write ${at}`).toEqual(complete);
      expect((await update()).result).toBe('up-to-date');
    }
  });
});

describe("an update of a project with the user's own template", () => {
  it('follows the template at its source', async () => {
    const source = join(temporaryFolder(), 'template');
    mkdirSync(source);
    writeFileSync(join(source, 'NOTES.md'), 'old\n');
    const { fetchTemplate, templateForProject } = await import('../../../../src/project/template/fetch.ts');
    const fetched = await fetchTemplate({ kind: 'folder', path: source, shown: source }, { env: process.env });
    const template = templateForProject(fetched, { folder, language: 'typescript' });
    await writeOlderProject(folder, changedCheck, { spec: { template } });
    expect(read('NOTES.md')).toBe('old\n');
    writeFileSync(join(source, 'NOTES.md'), 'new\n');
    writeFileSync(join(source, 'MORE.md'), 'more\n');
    const result = await update();
    expect(result.files).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: 'NOTES.md', how: 'replaced' }),
        expect.objectContaining({ path: 'MORE.md', how: 'new' }),
        expect.objectContaining({ path: CHECK, how: 'replaced' }),
      ]),
    );
    expect([read('NOTES.md'), read('MORE.md')]).toEqual(['new\n', 'more\n']);
    expect((await readBaseTexts(folder)).template.get('MORE.md')).toBe('more\n');
    expect((await update()).result).toBe('up-to-date');
    // To git, the name of the new file is also a pattern.
    commit();
    writeFileSync(join(source, '[d].md'), 'd\n');
    const { undo = 'false' } = await update();
    write('d.md', 'mine');
    execFileSync(undo, { cwd: folder, shell: true });
    expect(git('status', '--porcelain')).toBe('?? d.md\n');
    // Without its source, nothing changes.
    rmSync(source, { recursive: true });
    const before = treeOf(folder);
    await errorOf(update());
    expect(treeOf(folder)).toEqual(before);
  });
});

describe('an update is refused', () => {
  const refused = async (more: Partial<UpdateRequest> = {}): Promise<KnownError> => {
    const before = treeOf(folder);
    const error = await errorOf(update(more));
    expect(treeOf(folder)).toEqual(before);
    return error;
  };
  const editRecord = (change: (record: Record<string, Record<string, unknown>>) => void): void => {
    const record = JSON.parse(read('.kuflow/project.json')) as Record<string, Record<string, unknown>>;
    change(record);
    write('.kuflow/project.json', JSON.stringify(record));
  };

  it('outside a project', async () => {
    mkdirSync(folder);
    expect((await refused()).message).toContain('No worker project here');
  });

  it('with uncommitted changes, until they are committed', async () => {
    await writeOlderProject(folder, changedCheck);
    const without = await refused({ allowDirty: false });
    expect(without.message).toContain('not in a git repository');
    // Git does not know the files of a folder that it ignores.
    const [outer, inner] = [join(folder, '..'), folder];
    folder = outer;
    git('init', '--quiet');
    write('.gitignore', 'worker/');
    folder = inner;
    expect((await refused({ allowDirty: false })).message).toBe(without.message);
    commit();
    write('test/replay.test.ts', 'mine');
    write('a b.txt', 'mine');
    const dirty = await refused({ allowDirty: false });
    expect(dirty.message).toBe('The project has uncommitted changes:\n  test/replay.test.ts\n  a b.txt');
    expect(dirty.next.at(-1)).toBe('Or update anyway: kuflow update --allow-dirty');
    git('checkout', '--', 'test/replay.test.ts');
    rmSync(join(folder, 'a b.txt'));
    expect((await update({ allowDirty: false })).result).toBe('updated');
  });

  it('only because of changes in the project, if the repository has more folders', async () => {
    const repository = folder;
    folder = join(repository, 'packages/worker');
    await writeOlderProject(folder, changedCheck);
    folder = repository;
    commit();
    write('other.txt', 'mine');
    folder = join(repository, 'packages/worker');
    const { result, undo } = await update({ allowDirty: false, cwd: repository });
    expect(result).toBe('updated');
    expect(undo).toBe('git -C packages/worker restore .');
  });

  it('while a git merge is in progress', async () => {
    await writeOlderProject(folder, changedCheck);
    commit();
    git('checkout', '--quiet', '-b', 'other');
    write('x.txt', '1');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'other');
    git('checkout', '--quiet', '-');
    git('merge', '--quiet', '--no-commit', '--no-ff', 'other');
    const error = await refused();
    expect(error.message).toBe('A git merge is in progress');
    expect(error.next).toEqual(['Finish it, or abort it: git merge --abort']);
    git('merge', '--abort');
    // As `git am` does if a patch does not apply. It shares the folder with `git rebase`.
    write('.git/rebase-apply/applying', '');
    expect((await refused()).next).toEqual(['Finish it, or abort it: git am --abort']);
  });

  it('for a project of a newer version', async () => {
    await writeOlderProject(folder, {}, { version: '1.2.0-beta.1' });
    const error = await refused();
    expect(error.next).toEqual([
      'Use that version or a newer one: npx -p create-kuflow-worker@1.2.0-beta.1 kuflow update',
    ]);
  });

  it('with a missing or damaged archive', async () => {
    await writeOlderProject(folder, changedCheck);
    commit();
    write('.kuflow/base.tgz', 'damaged');
    expect((await refused()).message).toBe('.kuflow/base.tgz is damaged');
    rmSync(join(folder, '.kuflow/base.tgz'));
    for (const version of ['0.9.0', VERSION]) {
      editRecord((record) => Object.assign(record['template'] ?? {}, { version }));
      const error = await refused();
      expect(error.next, version).toEqual(['Restore it from the last commit: git checkout HEAD -- .kuflow/base.tgz']);
    }
    git('rm', '--quiet', '--cached', '.kuflow/base.tgz');
    git('commit', '--quiet', '--all', '--message', 'without the archive');
    expect((await refused()).next).toEqual([
      'Copy .kuflow/base.tgz from the original project folder, and commit it',
      `Or rebuild it with the next addition to the project, for example: npx -p create-kuflow-worker@${VERSION} kuflow add activity <name>`,
    ]);
  });

  it.runIf(process.platform !== 'win32')('with a record or an archive that cannot be read', async () => {
    await writeOlderProject(folder, changedCheck);
    // Permissions do not apply to root, but such a link cannot be followed.
    const replace = (path: string): void => {
      rmSync(join(folder, path));
      symlinkSync(basename(path), join(folder, path));
    };
    replace('.kuflow/base.tgz');
    expect((await errorOf(openProject(folder, {}, VERSION))).message).toMatch(/^Reading \.kuflow\/base\.tgz failed: /);
    replace('.kuflow/project.json');
    expect((await errorOf(readProjectRecord(folder))).message).toMatch(/^Reading \.kuflow\/project\.json failed: /);
  });

  it('with a record that is malformed or was edited so that it does not match the code', async () => {
    await writeOlderProject(folder, {}, { packageManager: 'maven' });
    const record = read('.kuflow/project.json');
    const edits: readonly (readonly [string, (all: Record<string, Record<string, unknown>>) => void])[] = [
      ['"template.version" is not a version', ({ template }) => Object.assign(template ?? {}, { version: 'x' })],
      ['does not contain', ({ answers }) => Object.assign(answers ?? {}, { packageName: 'com.other' })],
      ['does not contain', ({ answers }) => Object.assign(answers ?? {}, { process: 'OTHER' })],
      ['"answers" is incomplete', ({ template }) => Object.assign(template ?? {}, { language: 'typescript' })],
    ];
    for (const [seen, change] of edits) {
      editRecord(change);
      expect((await refused()).seen, seen).toContain(seen);
      write('.kuflow/project.json', record);
    }
    write('.kuflow/project.json', '{');
    expect((await refused()).message).toBe('The project record .kuflow/project.json is not valid');
  });
});
