import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openProject } from '../../../../src/project/edit/open-project.ts';
import { makeByWizard, WHICH } from '../../../support/by-wizard.ts';
import {
  createdOf,
  createWorker,
  failureOf,
  FILES_ONLY,
  stateOf,
  type CreatedJson,
} from '../../../support/create-worker.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const VERSION = '9.9.9';

let root: string;

beforeEach(() => {
  root = temporaryFolder();
});

function writeAll(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

interface JoinedJson extends CreatedJson {
  readonly workspace?: { readonly root: string; readonly file: string };
  readonly outside: readonly { readonly path: string; readonly action: string; readonly diff: string }[];
}

async function created(args: readonly string[]): Promise<JoinedJson> {
  const ran = await createWorker(root, [...args, '--local', ...FILES_ONLY, '--json']);
  expect(ran.status, ran.stdout + ran.stderr).toBe(0);
  return createdOf(ran.stdout) as JoinedJson;
}

interface Monorepo {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  /** The proposed path of the member. */
  readonly member: string;
  readonly list: string;
  /** A line that is added to the list; undefined if the list covers the member. */
  readonly line: string | undefined;
  /** A file of a separate project that a member must not have. */
  readonly absent?: string;
  readonly schema: string;
}

const MONOREPOS: readonly Monorepo[] = [
  {
    what: 'npm, listed already',
    files: { 'package.json': '{"workspaces":["packages/*"]}', 'package-lock.json': '{}' },
    args: [],
    member: 'packages/loan-worker',
    list: 'package.json',
    line: undefined,
    schema: '../../node_modules/create-kuflow-worker/schemas/kuflow.process.schema.json',
  },
  {
    what: 'npm, to be listed',
    files: { 'package.json': '{\n  "workspaces": ["web"]\n}\n', 'package-lock.json': '{}' },
    args: [],
    member: 'loan-worker',
    list: 'package.json',
    line: '+  "workspaces": ["web", "loan-worker"]',
    schema: '../node_modules/create-kuflow-worker/schemas/kuflow.process.schema.json',
  },
  {
    what: 'pnpm',
    files: { 'package.json': '{}', 'pnpm-workspace.yaml': "packages:\n  - 'services/*'\n", 'pnpm-lock.yaml': '' },
    args: [],
    member: 'services/loan-worker',
    list: 'pnpm-workspace.yaml',
    line: "+  '@swc/core': false",
    absent: 'pnpm-workspace.yaml',
    schema: './node_modules/create-kuflow-worker/schemas/kuflow.process.schema.json',
  },
  {
    what: 'Yarn 4',
    files: {
      'package.json': '{"packageManager":"yarn@4.9.0","workspaces":["apps/*"]}',
      '.yarnrc.yml': 'nodeLinker: node-modules\n',
    },
    args: [],
    member: 'apps/loan-worker',
    list: 'package.json',
    line: undefined,
    absent: '.yarnrc.yml',
    schema: '../../node_modules/create-kuflow-worker/schemas/kuflow.process.schema.json',
  },
  {
    what: 'Bun',
    files: { 'package.json': '{"workspaces":["apps/*"]}', 'bun.lock': '{}' },
    args: [],
    member: 'apps/loan-worker',
    list: 'package.json',
    line: undefined,
    schema: './node_modules/create-kuflow-worker/schemas/kuflow.process.schema.json',
  },
  {
    what: 'Maven',
    files: { 'pom.xml': '<project>\n  <packaging>pom</packaging>\n</project>\n' },
    args: ['--language', 'java'],
    member: 'loan-worker',
    list: 'pom.xml',
    line: '+    <module>loan-worker</module>',
    schema: './.kuflow/kuflow.process.schema.json',
  },
  {
    what: 'uv',
    files: { 'pyproject.toml': '[tool.uv.workspace]\nmembers = ["libs/*"]\n', 'uv.lock': '' },
    args: ['--language', 'python'],
    member: 'libs/loan-worker',
    list: 'pyproject.toml',
    line: undefined,
    schema: './.kuflow/kuflow.process.schema.json',
  },
];

describe('create in a repository with a workspace', () => {
  it.each(MONOREPOS)('names the commands, and the first one creates a member: $what', async (repo) => {
    const { files, args, member, list, line, absent, schema } = repo;
    writeAll({ ...files, '.git/HEAD': 'ref: refs/heads/main\n' });
    const before = stateOf(root);
    const refused = await createWorker(root, ['.', ...args, '--local', ...FILES_ONLY, '--json']);
    expect(refused.status).toBe(2);
    const { message, next } = failureOf(refused.stdout).error;
    expect(message).toMatch(/contains another project/);
    expect(next[0]).toContain(`npx create-kuflow-worker ${member} `);
    expect(next[1]).toMatch(
      /^Or create a separate project in a subfolder: npx create-kuflow-worker loan-worker .*--no-workspace/,
    );
    expect(stateOf(root)).toEqual(before);

    const command = (next[0] ?? '').split('npx create-kuflow-worker ')[1]?.split(' ') ?? [];
    const shown = await createWorker(root, [...command, '--dry-run', '--json']);
    expect(stateOf(root)).toEqual(before);
    const ran = await createWorker(root, [...command, '--json']);
    expect(ran.status, ran.stdout).toBe(0);
    const made = createdOf(ran.stdout) as JoinedJson;
    expect((createdOf(shown.stdout) as JoinedJson).outside).toEqual(made.outside);
    expect(made.workspace).toEqual({ root, file: list });
    expect(made.command).toContain('--workspace');
    const change = made.outside.find(({ path }) => path === join(root, list));
    expect(change?.diff.split('\n')).toEqual(line === undefined ? undefined : expect.arrayContaining([line]));
    if (line === undefined) expect(textOf(list)).toBe(files[list]);
    // The changes are in the text that a person sees, too.
    for (const { path, diff } of made.outside.filter((one) => !one.path.includes('/.kuflow/lib/')))
      expect(diff).toContain(path.slice(root.length + 1));

    if (absent !== undefined) expect(existsSync(join(root, member, absent))).toBe(false);
    expect(existsSync(join(root, member, '.github'))).toBe(false);
    expect(textOf(`${member}/kuflow.process.yaml`)).toContain(`$schema=${schema}`);
    const record = JSON.parse(textOf(`${member}/.kuflow/project.json`)) as { answers: { workspace: unknown } };
    expect(record.answers.workspace).toEqual({ root: member.includes('/') ? '../..' : '..' });

    const workflow = parse(textOf('.github/workflows/loan-worker.yml')) as Record<string, unknown>;
    expect(workflow).toMatchObject({
      name: 'loan-worker',
      on: { push: { paths: expect.arrayContaining([`${member}/**`, '.github/workflows/loan-worker.yml']) as unknown } },
      defaults: { run: { 'working-directory': member } },
    });
    expect(workflow['on']).toMatchObject({ pull_request: (workflow['on'] as { push: unknown }).push });

    // The same again proposes nothing new, and the project still follows from its record.
    const again = createdOf((await createWorker(root, [...command, '--json'])).stdout) as JoinedJson;
    expect(again.outside).toEqual([]);
    expect(again.files.every(({ action }) => action === 'identical')).toBe(true);
    const project = await openProject(join(root, member), {}, VERSION);
    expect(project.record).toMatchObject({ workspace: record.answers.workspace });
  });

  it('starts the worker in VS Code with the programs of the workspace', async () => {
    writeAll({
      'package.json': '{"workspaces":["packages/*"]}',
      'package-lock.json': '{}',
      'pyproject.toml': '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
    });
    await created(['packages/a', '--editor', 'vscode']);
    expect(textOf('packages/a/.vscode/launch.json')).toContain('"${workspaceFolder}/../../node_modules/.bin/kuflow"');
    await created(['packages/b', '--language', 'python', '--editor', 'vscode']);
    expect(textOf('packages/b/.vscode/tasks.json')).toContain('"${workspaceFolder}/../../.venv/bin/python"');
    expect(textOf('packages/b/.vscode/settings.json')).toContain('"python.defaultInterpreterPath": "../../.venv"');
    await created(['c', '--language', 'python', '--package-manager', 'uv', '--editor', 'vscode', '--no-workspace']);
    expect(textOf('c/.vscode/tasks.json')).toContain('"${workspaceFolder}/.venv/bin/python"');
  });

  it('makes a listed folder a member by default, and another folder only with --workspace', async () => {
    writeAll({
      'package.json': '{"workspaces":["packages/*"]}',
      'pnpm-workspace.yaml': 'packages: ["packages/*"]\n',
      'pnpm-lock.yaml': '',
    });
    expect((await created(['packages/a'])).workspace).toEqual({ root, file: 'pnpm-workspace.yaml' });
    expect((await created(['packages/b', '--no-workspace'])).workspace).toBeUndefined();
    expect(existsSync(join(root, 'packages/b/pnpm-workspace.yaml'))).toBe(true);
    expect((await created(['tools/c'])).workspace).toBeUndefined();
    expect(textOf('pnpm-workspace.yaml')).not.toContain('tools');
    expect((await created(['tools/d', '--workspace'])).workspace).toEqual({ root, file: 'pnpm-workspace.yaml' });
    expect(textOf('pnpm-workspace.yaml')).toContain('packages: ["packages/*", "tools/d"]');
  });

  it('creates a list of members only with --workspace', async () => {
    writeAll({ 'package.json': '{ "name": "acme" }\n' });
    expect((await created(['a'])).workspace).toBeUndefined();
    const made = await created(['b', '--workspace']);
    const manifest = made.outside.find(({ path }) => path === join(root, 'package.json'));
    expect(manifest?.diff).toContain('+  "workspaces": [\n+    "b"\n+  ]\n');
  });

  it('adapts the workflow of an own template, or says why it cannot', async () => {
    writeAll({
      'package.json': '{"workspaces":["packages/*"]}',
      'tpl/.github/workflows/ci.yml': 'name: Build\non: [push]\njobs:\n  a: {}\n',
      'bad/.github/workflows/ci.yml': 'on: [push]\ndefaults:\n  run: { shell: bash }\njobs:\n  a: {}\n',
    });
    await created(['packages/a', '--template', 'tpl']);
    expect(parse(textOf('.github/workflows/a.yml'))).toEqual({
      name: 'Build',
      on: ['push'],
      defaults: { run: { 'working-directory': 'packages/a' } },
      jobs: { a: {} },
    });
    const refused = await createWorker(root, ['packages/b', '--template', 'bad', '--local', ...FILES_ONLY, '--json']);
    expect(failureOf(refused.stdout).error).toMatchObject({
      message: ".github/workflows/ci.yml of the template can't be adapted to a member of a workspace",
      seen: expect.stringContaining('must have "jobs" and not "defaults"') as unknown,
    });
    expect(existsSync(join(root, 'packages/b'))).toBe(false);
  });

  it('keeps a worker in another language separate', async () => {
    writeAll({ 'package.json': '{"workspaces":["packages/*"]}' });
    expect((await created(['packages/a', '--language', 'java'])).workspace).toBeUndefined();
    const refused = await createWorker(root, ['b', '--language', 'java', '--workspace', '--local', ...FILES_ONLY]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/--workspace: no Java project found above \S+b/);
  });

  it('does not mix package managers', async () => {
    writeAll({ 'package.json': '{"workspaces":["packages/*"]}', 'yarn.lock': '# yarn lockfile v1\n' });
    expect((await created(['packages/a', '--package-manager', 'npm'])).workspace).toBeUndefined();
    const refused = await createWorker(root, [
      'packages/b',
      '--workspace',
      '--package-manager',
      'npm',
      '--local',
      ...FILES_ONLY,
    ]);
    expect(refused.stderr).toContain(`--workspace: the workspace in ${root} uses yarn, not npm`);
  });

  it('says why a Maven project cannot have a module', async () => {
    writeAll({ 'pom.xml': '<project>\n  <artifactId>a</artifactId>\n</project>\n' });
    const refused = await createWorker(root, ['.', '--language', 'java', '--local', ...FILES_ONLY, '--json']);
    const { message, next } = failureOf(refused.stdout).error;
    expect(message).toContain('has the packaging jar, and only a project with the packaging pom can have modules');
    expect(next).toHaveLength(1);
  });

  it('changes nothing outside without a terminal and --yes', async () => {
    writeAll({ 'package.json': '{"workspaces":["a"]}' });
    const before = stateOf(root);
    const args = ['b', '--local', '--workspace', '--no-install', '--no-git', '--no-check'];
    const refused = await createWorker(root, [...args, '--json']);
    expect(refused.status).toBe(2);
    const { message, next } = failureOf(refused.stdout).error;
    expect(message).toContain(`change ${join(root, 'package.json')}`);
    expect(next[1]).toMatch(/^Make them: npx create-kuflow-worker b --local .*--workspace .*--yes$/);
    expect(stateOf(root)).toEqual(before);
    const ran = await createWorker(root, [...args, '--yes']);
    expect(ran.status).toBe(0);
    expect(ran.stderr).toContain('+{"workspaces":["a", "b"]}');
  });

  it.each([
    ['malformed', (): void => writeAll({ 'package.json': '{"workspaces":["a"' }), /it is not valid JSON/],
    [
      'a symbolic link',
      (): void => {
        writeAll({ 'other.json': '{"workspaces":["a"]}' });
        symlinkSync('other.json', join(root, 'package.json'));
      },
      /it is a symbolic link/,
    ],
    [
      'read-only',
      (): void => {
        writeAll({ 'package.json': '{"workspaces":["a"]}' });
        chmodSync(join(root, 'package.json'), 0o444);
      },
      /it is read-only/,
    ],
    [
      'binary',
      (): void => {
        writeAll({ 'package.json': '' });
        writeFileSync(join(root, 'package.json'), Buffer.from([0xff, 0xfe, 0x7b, 0]));
      },
      /it is UTF-16/,
    ],
  ] as const)('refuses to edit a list that is %s', async (_what, prepare, message) => {
    prepare();
    const before = stateOf(root);
    const refused = await createWorker(root, ['b', '--workspace', '--local', ...FILES_ONLY]);
    expect([1, 2]).toContain(refused.status);
    expect(refused.stderr).toMatch(message);
    expect(stateOf(root)).toEqual(before);
  });
});

describe('create in the folder of a new repository', () => {
  const FILES = {
    '.git/HEAD': 'ref: refs/heads/main\n',
    'README.md': '# Loans\n',
    LICENSE: 'MIT\n',
    '.gitignore': '# Ours\r\nnode_modules\r\n*.swp\r\n',
    '.github/workflows/ci.yml': 'on: push\njobs: {}\n',
    '.github/dependabot.yml':
      'version: 2\nupdates:\n- package-ecosystem: github-actions\n  directory: /\n  schedule: { interval: daily } # ours\n',
  };

  it('keeps its files, adds missing lines, and gives the others another name', async () => {
    writeAll(FILES);
    const made = await created(['.']);
    for (const path of ['README.md', 'LICENSE', '.github/workflows/ci.yml'] as const)
      expect(textOf(path)).toBe(FILES[path]);
    expect(textOf('WORKER.md')).toContain('kuflow');
    expect(parse(textOf(`.github/workflows/${made.name}.yml`))).toMatchObject({ name: made.name });
    const ignore = textOf('.gitignore');
    expect(ignore.startsWith(`${FILES['.gitignore']}\r\n# Added for the KuFlow worker\r\ndist/\r\n`)).toBe(true);
    expect(ignore.match(/node_modules/g)).toHaveLength(1);
    expect(ignore).toContain('application-local.yaml\r\n');
    expect(ignore.replaceAll('\r\n', '')).not.toContain('\n');
    const { updates } = parse(textOf('.github/dependabot.yml')) as { updates: readonly Record<string, unknown>[] };
    expect(updates.map((entry) => entry['package-ecosystem'])).toEqual(['github-actions', 'npm', 'docker']);
    expect(textOf('.github/dependabot.yml').startsWith(FILES['.github/dependabot.yml'])).toBe(true);
    expect(made.files.filter(({ action }) => action === 'merge')).toMatchObject([
      { path: '.github/dependabot.yml' },
      { path: '.gitignore', diff: expect.stringContaining('+application-local.yaml') as unknown },
    ]);
    expect(made.notes).toContain('README.md is unchanged; the worker uses WORKER.md instead');

    // The base has the text of the template, at the path in the project.
    const { base, record } = await openProject(root, {}, VERSION);
    expect(base.generated.has('README.md')).toBe(false);
    expect(base.generated.has('WORKER.md')).toBe(true);
    expect(Buffer.from(base.generated.get('.gitignore')?.contents ?? '').toString()).not.toContain('*.swp');
    expect(record.movedFiles).toEqual({
      'README.md': 'WORKER.md',
      '.github/workflows/ci.yml': `.github/workflows/${made.name}.yml`,
    });

    const again = await created(['.']);
    expect(again.files.filter(({ action }) => action !== 'identical')).toEqual([]);
    // In a project, a removed rule was removed by somebody, and is a conflict.
    writeFileSync(join(root, '.gitignore'), FILES['.gitignore']);
    const removed = await createWorker(root, ['.', '--local', ...FILES_ONLY]);
    expect(removed.stderr).toContain('.gitignore differs');
  });

  it('does not merge what it cannot read, and overwrites what is named', async () => {
    writeAll({ ...FILES, '.github/dependabot.yml': 'updates: [' });
    const refused = await createWorker(root, ['.', '--local', ...FILES_ONLY]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('.github/dependabot.yml differs');
    await created([
      '.',
      '--overwrite',
      '.github/dependabot.yml',
      '--overwrite',
      '.gitignore',
      '--overwrite',
      'README.md',
    ]);
    expect(textOf('.gitignore')).not.toContain('*.swp');
    expect(existsSync(join(root, 'WORKER.md'))).toBe(false);
  });

  it('does not read paths outside the project from an edited record', async () => {
    writeAll(FILES);
    await created(['.']);
    const record = textOf('.kuflow/project.json');
    for (const path of ['../README.md', '.git/config', 'src/main.ts']) {
      writeFileSync(join(root, '.kuflow/project.json'), record.replace('WORKER.md', path));
      await expect(openProject(root, {}, VERSION)).rejects.toMatchObject({
        seen: expect.stringContaining('movedFiles') as unknown,
      });
    }
  });
});

describe('create in a workspace that its repository ignores', () => {
  it('writes the files for GitHub to the workspace, and leaves the repository as it is', async () => {
    execFileSync('git', ['init', '--quiet'], { cwd: root });
    writeAll({ '.gitignore': '/output/\n', 'output/package.json': '{"workspaces":["*"]}' });
    const { name, outside } = await created(['output/loan-worker']);
    expect(outside).toMatchObject([
      { path: expect.stringContaining(join(root, 'output/.kuflow/lib/')) as string, action: 'create' },
      { path: join(root, 'output/.github/workflows', `${name}.yml`), action: 'create' },
    ]);
    expect(textOf(`output/.github/workflows/${name}.yml`)).toContain('working-directory: "loan-worker"');
    expect(existsSync(join(root, '.github'))).toBe(false);
  });
});

describe('the wizard in a workspace', () => {
  const NPM = { 'package.json': '{\n  "workspaces": ["web"]\n}\n' };

  it('offers a member and a subfolder, and shows the diff before the last question', async () => {
    writeAll(NPM);
    const before = stateOf(root);
    const call = { cwd: root, env: { HOME: temporaryFolder() }, folder: '.' };
    const script = (last: readonly [string, string]) =>
      [
        [WHICH, 'sample'],
        [
          'contains another project',
          'member',
          (asked) =>
            expect(asked.choices).toMatchObject([
              { name: `loan-worker, a member of the workspace in ${root}` },
              { name: 'loan-worker, a separate project' },
              { value: 'other-folder' },
              { value: 'end' },
            ]),
        ],
        last,
      ] satisfies Parameters<typeof makeByWizard>[0]['script'];
    await expect(makeByWizard({ ...call, script: script(['Create the project?', 'end']) })).rejects.toMatchObject({
      status: 130,
    });
    expect(stateOf(root)).toEqual(before);
    const made = await makeByWizard({ ...call, script: script(['Create the project?', 'create']) });
    expect(made.said).toContain('+ "workspaces": ["web", "loan-worker"]');
    expect(made.command).toContain('npx create-kuflow-worker loan-worker');
    expect(made.command).toContain('--workspace');
    expect(textOf('package.json')).toContain('"loan-worker"');
  });

  it('installs a member with the package manager of the workspace', async () => {
    writeAll({ ...NPM, 'package-lock.json': '{}' });
    const made = await makeByWizard({
      cwd: root,
      // pnpm runs this tool.
      env: { HOME: temporaryFolder(), PATH: process.env['PATH'], npm_config_user_agent: 'pnpm/10.0.0' },
      folder: 'tools/w',
      flags: { language: 'typescript', packageManager: undefined, install: true },
      script: [
        [WHICH, 'sample'],
        ['The folder is in a workspace', 'member'],
        ['Install dependencies with npm?', false],
        ['Create the project?', 'create'],
      ],
    });
    expect(made.said).toContain('Package manager npm; dependencies are not installed');
    expect(made.command).toContain('--package-manager npm');
  });

  it('asks even if all options are given, and before it changes the list', async () => {
    writeAll(NPM);
    const before = stateOf(root);
    const call = { cwd: root, env: { HOME: temporaryFolder() }, folder: 'b', flags: { local: true } };
    const question = 'The folder is in a workspace';
    await expect(makeByWizard({ ...call, script: [[question, 'end']] })).rejects.toMatchObject({ status: 130 });
    await expect(
      makeByWizard({
        ...call,
        script: [
          [question, 'member'],
          ['Change these files', false],
        ],
      }),
    ).rejects.toMatchObject({ status: 130 });
    expect(stateOf(root)).toEqual(before);
    await makeByWizard({
      ...call,
      script: [
        [question, 'member'],
        ['Change these files', true],
      ],
    });
    expect(textOf('package.json')).toContain('"b"');
  });
});
