import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWorker as create, type Ran } from '../../../support/create-worker.ts';
import { readBaseTexts } from '../../../support/project-base.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

interface Created {
  readonly folder: string;
  readonly process: { readonly code: string; readonly source: string; readonly tasks: number };
  readonly files: readonly { readonly path: string; readonly action: string }[];
  readonly install: { readonly kind: string };
  readonly check: { readonly kind: string; readonly status?: number; readonly reason?: string };
  readonly next: readonly { readonly command?: string; readonly text: string }[];
  readonly command: string;
  readonly status: number;
}

const QUIET = ['--no-install', '--no-git', '--yes'];
const json = (ran: Ran): Created => JSON.parse(ran.stdout) as Created;

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const UUID = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const DESCRIBED = ['--process', 'LOAN', '--task', 'A', '--task-queue', 'Q', '--workflow-type', 'W', '--yes'];

describe('create', () => {
  it('creates a project for the local KuFlow from the sample process, without endpoint and secret', async () => {
    const cwd = temporaryFolder();
    const ran = await create(cwd, ['loan-worker', '--local', '--no-check', ...QUIET]);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toBe('');
    const folder = join(cwd, 'loan-worker');
    for (const file of [
      'package.json',
      'kuflow.process.yaml',
      '.gitignore',
      '.kuflow/project.json',
      '.kuflow/base.tgz',
      'src/workflows.ts',
    ]) {
      expect(existsSync(join(folder, file)), file).toBe(true);
    }
    expect(existsSync(join(folder, 'application-local.yaml'))).toBe(false);
    expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toMatchObject({ name: 'loan-worker' });
    expect(ran.stderr).toContain('npm run dev');
    expect(ran.stderr.indexOf('npm install')).toBeLessThan(ran.stderr.indexOf('npm run dev'));
  });

  it('keeps comments, anchors and formatting of a definition file', async () => {
    const cwd = temporaryFolder();
    const rest = [
      "process: { code: EXP, name: 'Expenses' } # the code in the app",
      'workflow: { type: W, task-queue: Q }',
      'tasks:',
      '  # filled in by the employee',
      '  - { code: A, kind: human, data: { schema: &form { type: object } } }',
      '  - { code: B, kind: human, data: { schema: *form } }',
      '',
    ].join('\n');
    const modeline = '# yaml-language-server: $schema=';
    const [own, ours] = ['./elsewhere.json', './node_modules/create-kuflow-worker/schemas/kuflow.process.schema.json'];
    for (const [name, given, kept] of [
      ['plain', `# Owner: finance\n${rest}`, `${modeline}${ours}\n\n# Owner: finance\n${rest}`],
      ['windows', `\ufeff${rest}`.replaceAll('\n', '\r\n'), `${modeline}${ours}\n\n${rest}`],
      ['own-schema', `# Owner: finance\n${modeline}${own}\n${rest}`, `# Owner: finance\n${modeline}${ours}\n${rest}`],
    ] as const) {
      writeFileSync(join(cwd, `${name}.yaml`), given);
      const ran = await create(cwd, [name, '--definition', `${name}.yaml`, '--local', '--no-check', ...QUIET]);
      expect(ran.status, ran.stderr).toBe(0);
      expect(readFileSync(join(cwd, name, 'kuflow.process.yaml'), 'utf8')).toBe(kept);
    }
  });

  it.each([
    ['JSON', '{"process":{"code":"EXP"},"workflow":{"type":"W","task-queue":"Q"}}', []],
    ['hidden characters', 'process: { code: EXP, name: "a\u202eb" }\nworkflow: { type: W, task-queue: Q }\n', []],
    ['options that change it', 'process: { code: EXP }\nworkflow: { type: W, task-queue: X }\n', ['--task-queue', 'Q']],
  ])('writes a definition file with %s again', async (_what, text, options) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'd.yaml'), text);
    const ran = await create(cwd, ['x', '--definition', 'd.yaml', ...options, '--local', '--no-check', ...QUIET]);
    expect(ran.status, ran.stderr).toBe(0);
    const written = readFileSync(join(cwd, 'x', 'kuflow.process.yaml'), 'utf8');
    expect(written).toMatch(/^# yaml-language-server: .*\n\nprocess:\n {2}code: EXP\n/);
    expect(written).toContain('workflow:\n  type: W\n  task-queue: Q\n');
    expect(written).not.toContain('\u202e');
  });

  it('refuses the definition of a process without a workflow', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'd.yaml'), 'process: { code: EXP }\nwebhook: { url: "http://localhost:8880" }\n');
    const ran = await create(cwd, ['x', '--definition', 'd.yaml', '--local', '--no-check', ...QUIET]);
    expect([ran.status, ran.stderr]).toEqual([
      2,
      expect.stringContaining('Process EXP does not have a workflow, so a worker cannot run it'),
    ]);
  });

  it('records answers, what was generated and the command that repeats the run, which creates the same project', async () => {
    const cwd = temporaryFolder();
    const args = [
      'one',
      '--process',
      'LOAN',
      '--task',
      'APPLY',
      '--task',
      'SCORE:system',
      '--task-queue',
      'Q 1',
      '--workflow-type',
      'W',
    ];
    const made = json(await create(cwd, [...args, '--json', '--no-check', ...QUIET]));
    expect(made).toMatchObject({ process: { code: 'LOAN', source: 'flags', tasks: 2 }, status: 0 });
    expect(made.command).toBe(
      "npx create-kuflow-worker one --process LOAN --task APPLY --task SCORE:system --task-queue 'Q 1' --workflow-type W --package-manager npm --no-install --no-git --no-check --yes",
    );
    const record = JSON.parse(readFileSync(join(cwd, 'one', '.kuflow', 'project.json'), 'utf8')) as {
      command: string;
      template: unknown;
    };
    expect(record.command).toBe(made.command);
    expect(record.template).toEqual({ language: 'typescript', version: '9.9.9' });
    const { generated } = await readBaseTexts(join(cwd, 'one'));
    for (const path of ['src/workflows.ts', 'kuflow.process.yaml'])
      expect(generated.get(path)).toBe(readFileSync(join(cwd, 'one', path), 'utf8'));
    const again = json(await create(cwd, [...args, '--json', '--no-check', ...QUIET]));
    expect(again.files.every(({ action }) => action === 'identical')).toBe(true);
  });

  it('refuses an editor that the language does not have, and records the others and the source of the library', async () => {
    const cwd = temporaryFolder();
    const refused = async (...args: readonly string[]): Promise<string> => {
      const { status, stderr } = await create(cwd, ['x', '--local', ...args, ...QUIET]);
      expect(status).toBe(2);
      return stderr;
    };
    expect(await refused('--editor', 'intellij')).toContain('--editor intellij does not apply to TypeScript workers');
    expect(await refused('--editor', 'vim')).toContain('--editor must be vscode or intellij');
    const options = ['--language', 'python', '--editor', 'vscode', '--library', 'registry'];
    const made = json(await create(cwd, ['x', '--local', ...options, '--json', '--no-check', ...QUIET]));
    expect(made.command).toContain(' --editor vscode --library registry ');
    expect(made.files.map(({ path }) => path)).toContain('.vscode/launch.json');
    const record = JSON.parse(readFileSync(join(cwd, 'x', '.kuflow', 'project.json'), 'utf8')) as { answers: unknown };
    expect(record.answers).toMatchObject({ editors: ['vscode'], library: 'registry' });
  });

  it('lists every missing option in one message with an example command, status 2', async () => {
    const cwd = temporaryFolder();
    const nothing = await create(cwd, ['--yes']);
    expect(nothing.status).toBe(2);
    for (const part of ['folder:', 'process:', '→ For example: npx create-kuflow-worker loan-worker --yes --local']) {
      expect(nothing.stderr).toContain(part);
    }
    const half = await create(cwd, ['x', '--task', 'A', '--client-id', '7c9e6679-7425-40de-944b-e07fc1f90ae7']);
    for (const part of [
      'process:',
      'task-queue:',
      'workflow-type:',
      '--client-secret-file or --client-secret-stdin:',
      '--process LOAN --task-queue LOAN_QUEUE',
    ]) {
      expect(half.stderr).toContain(part);
    }
    expect(half.status).toBe(2);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it.each([
    [
      ['x', '--definition', 'a.yaml', '--task', 'A'],
      'cannot be combined with --definition, which describes the whole process',
    ],
    [['x', '--local', '--process-id', 'nope'], '--process-id must be a UUID, not nope'],
    [['x', '--local', '--task-queue', ' Q '], "--task-queue ' Q ' starts or ends with whitespace"],
    [['x', '--language', 'cobol'], '--language must be typescript'],
    [['x', '--local', '--sample', '0'], 'whole number'],
    [['x', '--local', '--client-id', UUID, '--client-secret-stdin'], '--client-id cannot be combined with --local'],
    [['x', '--local', '--endpoint', 'http://127.0.0.1:9'], '--endpoint cannot be combined with --local'],
    [['x', '--local', '--target', 'engine:1'], '--target cannot be combined with --local'],
    [['x', '--local', '--ca', 'ca.pem'], '--ca cannot be combined with --local'],
    [['x', '--local', '--sample', '4'], '--sample cannot be combined with --local'],
    [['x', '--local', '--definition', 'a.yaml', '--ca', 'ca.pem'], '--ca cannot be combined with --local'],
    [['x', '--definition', 'a.yaml', '--sample', '4'], '--sample cannot be combined with --definition'],
    [['x', ...DESCRIBED, '--sample', '4'], '--sample cannot be combined with --task'],
    [['x', ...DESCRIBED, '--endpoint', 'foo'], 'kuflow.api.endpoint (--endpoint): the KuFlow endpoint is not a URL'],
    [['x', ...DESCRIBED, '--target', 'foo'], 'temporal.target (--target): it has no port; expected host:port'],
    [['x', ...DESCRIBED, '--target', 'foo:99999'], 'temporal.target (--target): '],
    [['x', ...DESCRIBED, '--ca', 'nofile'], 'kuflow.api.ca (--ca): expected a readable file'],
    [['x', ...DESCRIBED, '--ca', import.meta.filename], 'command.test.ts does not contain any'],
    [['x', 'y', '--local'], 'Unexpected argument "y"'],
    [['x', '--local', '--overwrite', 'pakage.json', '--no-check', ...QUIET], 'did you mean "package.json"?'],
  ])('rejects %j as a usage error', async (args, text) => {
    const cwd = temporaryFolder();
    const ran = await create(cwd, args);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain(text);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('reads a definition file, lets options override it, and reports mistakes by line', async () => {
    const cwd = temporaryFolder();
    writeFileSync(
      join(cwd, 'kuflow.process.yaml'),
      'process:\n  code: LOAN\nworkflow:\n  type: W\n  task-queue: Q\ntasks:\n  - code: A\n    kind: human\n',
    );
    const ran = await create(cwd, [
      'x',
      '--definition',
      'kuflow.process.yaml',
      '--task-queue',
      'OTHER',
      '--json',
      '--no-check',
      ...QUIET,
    ]);
    expect(json(ran).process).toEqual({ code: 'LOAN', source: 'file', tasks: 1 });
    expect(readFileSync(join(cwd, 'x', 'kuflow.process.yaml'), 'utf8')).toMatch(/task-queue: OTHER/);
    writeFileSync(join(cwd, 'bad.yaml'), 'process:\n  code: LOAN\nworkflow:\n  typ: W\n  task-queue: Q\n');
    const bad = await create(cwd, ['y', '--definition', 'bad.yaml', '--no-check', ...QUIET]);
    expect(bad.status).toBe(1);
    expect(bad.stderr).toContain('bad.yaml:4');
    expect(existsSync(join(cwd, 'y'))).toBe(false);
  });

  it('lists the files of a dry run and writes nothing', async () => {
    const cwd = temporaryFolder();
    const ran = await create(cwd, ['x', '--local', '--dry-run', ...QUIET]);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(/^create {4}package\.json$/m);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('keeps existing files, lists the conflicts, and overwrites the files that are named', async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'x'));
    writeFileSync(join(cwd, 'x', 'tsconfig.json'), '{}');
    writeFileSync(join(cwd, 'x', 'notes.txt'), 'mine');
    const refused = await create(cwd, ['x', '--local', '--no-check', ...QUIET]);
    const OVERWRITE = ['--overwrite', 'package.json', '--overwrite', 'tsconfig.json'];
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('tsconfig.json differs');
    expect(readdirSync(join(cwd, 'x')).sort()).toEqual(['notes.txt', 'tsconfig.json']);
    writeFileSync(join(cwd, 'x', 'package.json'), '{}');
    const made = await create(cwd, ['x', '--local', '--no-check', ...OVERWRITE, ...QUIET]);
    expect(made.status).toBe(0);
    expect(readFileSync(join(cwd, 'x', 'package.json'), 'utf8')).toContain('"x"');
    expect(readFileSync(join(cwd, 'x', 'notes.txt'), 'utf8')).toBe('mine');
  });

  it('keeps the project when the install fails, shows the output and lists the install as the first step, status 1', async () => {
    const cwd = temporaryFolder();
    const env = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      npm_config_offline: 'true',
      npm_config_cache: join(cwd, 'cache'),
    };
    const ran = await create(
      cwd,
      ['x', '--local', '--no-git', '--no-check', '--yes', '--cli-package', 'file:./absent.tgz'],
      env,
    );
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('npm error');
    expect(existsSync(join(cwd, 'x', 'package.json'))).toBe(true);
    expect(ran.stderr.lastIndexOf('npm install  ')).toBeLessThan(ran.stderr.lastIndexOf('npm run dev'));
  });
});

describe('the secret', () => {
  const SECRET = 'canary-5f1c0e';
  // Nothing is listening there: the check fails at its first step.
  const REMOTE = [
    '--definition',
    'd.yaml',
    '--client-id',
    '7c9e6679-7425-40de-944b-e07fc1f90ae7',
    '--client-secret-file',
    'secret.txt',
    '--endpoint',
    'http://127.0.0.1:9',
  ];

  function place(): string {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'd.yaml'), 'process:\n  code: LOAN\nworkflow:\n  type: W\n  task-queue: Q\n');
    writeFileSync(join(cwd, 'secret.txt'), `${SECRET}\n`, { mode: 0o600 });
    return cwd;
  }

  it('is only in application-local.yaml, with mode 0600', async () => {
    const cwd = place();
    const ran = await create(cwd, ['x', ...REMOTE, '--json', '--debug', ...QUIET]);
    expect(ran.stdout + ran.stderr).not.toContain(SECRET);
    const holders = filesBelow(join(cwd, 'x')).filter((file) => readFileSync(file, 'utf8').includes(SECRET));
    expect(holders).toEqual([join(cwd, 'x', 'application-local.yaml')]);
    if (process.platform !== 'win32') expect(lstatSync(holders[0] ?? '').mode & 0o777).toBe(0o600);
    expect(readFileSync(join(cwd, 'x', '.gitignore'), 'utf8').split('\n')).toContain('application-local.yaml');
  });

  it('is used for the check; a failed check keeps the project and prints what to do', async () => {
    const cwd = place();
    const ran = await create(cwd, ['x', ...REMOTE, '--json', ...QUIET]);
    const made = json(ran);
    expect(made.check).toMatchObject({ kind: 'checked', status: 1 });
    expect(ran.status).toBe(1);
    expect(made.next.map(({ command }) => command)).toContain('npm run check');
    expect(existsSync(join(cwd, 'x', 'package.json'))).toBe(true);
  });

  it('stays in the environment if it comes from there', async () => {
    const cwd = place();
    const env = { KUFLOW_API_CLIENTID: '7c9e6679-7425-40de-944b-e07fc1f90ae7', KUFLOW_API_CLIENTSECRET: SECRET };
    const ran = await create(cwd, ['x', '--definition', 'd.yaml', '--no-check', '--json', ...QUIET], env);
    expect(ran.status).toBe(0);
    expect(filesBelow(join(cwd, 'x')).filter((file) => readFileSync(file, 'utf8').includes(SECRET))).toEqual([]);
    expect(json(ran).next.some(({ text }) => text.includes('client ID and secret'))).toBe(false);
  });

  it('is optional: without one the check is skipped, and the next steps ask for it', async () => {
    const cwd = place();
    const made = json(await create(cwd, ['x', '--definition', 'd.yaml', '--json', ...QUIET]));
    expect(made.check).toEqual({ kind: 'not-run', reason: 'no client ID and secret yet' });
    expect(made.next.some(({ text }) => text.includes('KUFLOW_API_CLIENTID'))).toBe(true);
    expect(made.status).toBe(0);
  });
});
