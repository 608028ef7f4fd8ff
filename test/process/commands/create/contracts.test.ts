import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { escapeForTerminal } from '../../../../src/base/escape.ts';
import { startAnsweringServer } from '../../../support/answering-server.ts';
import {
  createdOf,
  createWorker,
  failureOf,
  FILES_ONLY,
  stateOf,
  type CreatedJson,
  type ErrorJson,
} from '../../../support/create-worker.ts';
import { startLargeTenant } from '../../../support/large-tenant.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';

const temporaryFolder = temporaryFolders();

const CLIENT_ID = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const SECRET = 'canary-93be2f';
const FLAGS = ['--process', 'LOAN', '--task', 'APPLY', '--task', 'SCORE:system'];
const WORKFLOW = ['--task-queue', 'Q 1', '--workflow-type', 'W'];
const DEFINITION =
  'process:\n  code: LOAN\nworkflow:\n  type: W\n  task-queue: Q\ntasks:\n  - code: A\n    kind: human\n';
const SCHEMA = '{ "type": "object", "properties": { "amount": { "type": "number" } } }';

/** The words of a command as a shell takes it. */
function wordsOf(command: string): readonly string[] {
  return execFileSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);
}

describe('--dry-run', () => {
  it('lists what the run would do with each file, and changes nothing', async () => {
    const cwd = temporaryFolder();
    expect((await createWorker(cwd, ['x', '--local', ...FILES_ONLY])).status).toBe(0);
    const x = join(cwd, 'x');
    writeFileSync(join(x, 'README.md'), 'mine');
    writeFileSync(join(x, 'Dockerfile'), 'mine too');
    writeFileSync(join(x, 'notes.txt'), 'not of the plan');
    const again = ['x', '--local', ...FILES_ONLY, '--overwrite', 'Dockerfile'];
    // The command is part of the record of the project.
    writeFileSync(join(x, '.kuflow', 'project.json'), 'of another run');
    const before = stateOf(cwd);
    const ran = await createWorker(cwd, [...again, '--overwrite', '.kuflow/project.json', '--dry-run']);
    expect(stateOf(cwd)).toEqual(before);
    const rows = ran.stdout.trimEnd().split('\n');
    expect(rows).toContain('conflict  README.md differs');
    expect(rows).toContain('overwrite Dockerfile');
    expect(rows).toContain('identical package.json');
    expect(rows).toEqual(rows.toSorted((one, other) => (one.slice(10) < other.slice(10) ? -1 : 1)));
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('nothing was written');
    expect(ran.stderr).toContain('1 file conflicts');
    expect(ran.stderr).toContain('--overwrite README.md');

    const real = await createWorker(cwd, [...again, '--overwrite', '.kuflow/project.json']);
    expect(real.status).toBe(1);
    expect(real.stderr).toContain('README.md differs');
    expect(stateOf(cwd)).toEqual(before);
  });

  it.each([
    ['a new folder', (): void => undefined, 0],
    [
      'a file where a folder is wanted',
      (cwd: string): void => {
        mkdirSync(join(cwd, 'x'));
        writeFileSync(join(cwd, 'x', 'src'), '');
      },
      1,
    ],
    [
      'a folder where a file is wanted',
      (cwd: string): void => void mkdirSync(join(cwd, 'x', 'package.json'), { recursive: true }),
      1,
    ],
  ])('exits with the status that the run would have: %s', async (_what, prepare, status) => {
    const cwd = temporaryFolder();
    prepare(cwd);
    const before = stateOf(cwd);
    const ran = await createWorker(cwd, ['x', '--local', ...FILES_ONLY, '--dry-run', '--json']);
    const made = createdOf(ran.stdout);
    expect({ ran: ran.status, told: made.status }).toEqual({ ran: status, told: status });
    expect(made.files.some(({ action }) => action === 'conflict')).toBe(status === 1);
    expect(stateOf(cwd)).toEqual(before);
    expect((await createWorker(cwd, ['x', '--local', ...FILES_ONLY])).status).toBe(status);
  });

  it('does not use the network if the process does not come from the API, whatever the connection is', async () => {
    const server = await startAnsweringServer((_request, response) => response.end());
    try {
      const cwd = temporaryFolder();
      writeFileSync(join(cwd, 'd.yaml'), DEFINITION);
      writeFileSync(join(cwd, 'secret.txt'), SECRET, { mode: 0o600 });
      const endpoint = ['--endpoint', server.url];
      const connection = ['--client-id', CLIENT_ID, '--client-secret-file', 'secret.txt', ...endpoint];
      const env = { HTTPS_PROXY: server.url, HTTP_PROXY: server.url, npm_config_registry: server.url };
      for (const source of [
        ['--definition', 'd.yaml', ...connection],
        [...FLAGS, ...WORKFLOW, ...connection],
        ['--local'],
      ]) {
        const ran = await createWorker(cwd, ['x', ...source, '--dry-run', '--yes'], env);
        expect(ran.stderr).toContain('nothing was written');
        expect(ran.status).toBe(0);
      }
      expect(server.requests).toEqual([]);
      expect(existsSync(join(cwd, 'x'))).toBe(false);
    } finally {
      await server.close();
    }
  });

  it('reads the process from the API without writing anything', async () => {
    const tenant = await startLargeTenant();
    try {
      const cwd = temporaryFolder();
      const env = {
        KUFLOW_API_ENDPOINT: tenant.endpoint,
        KUFLOW_API_CLIENTID: CLIENT_ID,
        KUFLOW_API_CLIENTSECRET: SECRET,
      };
      const ran = await createWorker(cwd, ['x', '--process', 'LOAN', ...WORKFLOW, '--dry-run', '--json', '--yes'], env);
      expect(createdOf(ran.stdout)).toMatchObject({
        dryRun: true,
        process: { source: 'api' },
        status: 0,
      });
      expect(tenant.requests.length).toBeGreaterThan(0);
      expect(readdirSync(cwd)).toEqual([]);
    } finally {
      await tenant.close();
    }
  });
});

describe('--json', () => {
  it.each([
    ['done', ['x', '--local', ...FILES_ONLY], 0],
    ['a dry run', ['x', '--local', '--dry-run', '--yes'], 0],
    ['an answer missing', ['x'], 2],
    ['no argument at all', [], 2],
    ['an unknown option', ['x', '--local', '--no-instal'], 2],
    ['a value missing', ['x', '--definition'], 2],
    ['an invalid choice', ['x', '--local', '--language', 'cobol'], 2],
    ['too many arguments', ['x', 'y', '--local'], 2],
    ['two definitions', ['x', '--definition', 'a', '--task', 'A'], 2],
    ['no definition file', ['x', '--definition', 'absent.yaml', ...FILES_ONLY], 1],
    ['a target that is a file', ['file', '--local', ...FILES_ONLY], 1],
    ['a name of no file', ['x', '--local', '--overwrite', 'absent', ...FILES_ONLY], 2],
    [
      'an invalid endpoint',
      [
        'x',
        '--process',
        'L',
        ...WORKFLOW,
        '--endpoint',
        'ftp://x',
        '--client-id',
        CLIENT_ID,
        '--client-secret-file',
        'secret.txt',
      ],
      2,
    ],
  ])('prints one document for %s, including its status', async (_what, args, status) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'file'), '');
    writeFileSync(join(cwd, 'secret.txt'), SECRET, { mode: 0o600 });
    const ran = await createWorker(cwd, ['--json', ...args]);
    expect(ran.status, ran.stderr).toBe(status);
    const found = JSON.parse(ran.stdout) as CreatedJson & ErrorJson;
    expect(status === 0 ? found.status : found.error.status).toBe(status);
    if (status !== 0) expect(ran.stderr).toContain(found.error.message.split('\n')[0]);
  });

  it('leaves stdout to --help', async () => {
    const ran = await createWorker(temporaryFolder(), ['--help', '--json']);
    expect({ status: ran.status, isHelp: ran.stdout.includes('\nUsage: ') }).toEqual({ status: 0, isHelp: true });
  });

  it('includes the suggestion of a usage error in the next steps', async () => {
    const { stdout } = await createWorker(temporaryFolder(), ['x', '--jso', '--json']);
    expect(failureOf(stdout)).toEqual({
      error: {
        message: 'Unknown option --jso',
        next: ['Did you mean --json?', 'Help: npx create-kuflow-worker --help'],
        status: 2,
      },
    });
  });
});

describe('a name with control characters', () => {
  const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
  const HOSTILE = 'a\u009b31m\u202eb\u200f';

  it.each([
    ['done', [HOSTILE, '--local', ...FILES_ONLY], 0],
    ['refused by what is there', [`${HOSTILE}2`, '--local', ...FILES_ONLY], 1],
    ['refused as usage', ['x', `--${HOSTILE}`], 2],
    ['refused as a choice', ['x', '--language', HOSTILE], 2],
    ['refused for what is missing', [HOSTILE, '--task', HOSTILE], 2],
  ])('is escaped in the terminal and unchanged in JSON: %s', async (_what, args, status) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, `${HOSTILE}2`), '');
    const ran = await createWorker(cwd, [...args, '--json']);
    expect(ran.status, ran.stderr).toBe(status);
    expect(ran.stdout).not.toMatch(OBEYED);
    expect(ran.stderr).not.toMatch(OBEYED);
    const found = JSON.parse(ran.stdout) as Partial<CreatedJson & ErrorJson>;
    // A command has it by its bytes.
    const [, command = "''"] = /^For example: (.*)$/.exec(found.error?.next[0] ?? '') ?? [];
    expect([JSON.stringify(found), ...wordsOf(command)].join('\n')).toContain(HOSTILE);
  });
});

describe('the command that overwrites conflicting files', () => {
  it.each([
    ['x', false],
    ['x', true],
    ['.', false],
    ['.', true],
  ])('works as printed: %s, dry run %j', async (target, isDry) => {
    const cwd = temporaryFolder();
    expect((await createWorker(cwd, ['x', '--local', ...FILES_ONLY])).status).toBe(0);
    const x = join(cwd, 'x');
    writeFileSync(join(x, 'README.md'), 'mine');
    writeFileSync(join(x, 'Dockerfile'), 'mine too');
    const from = target === '.' ? x : cwd;
    const args = [target, '--local', '--cli-package', '1.2.3', ...FILES_ONLY, ...(isDry ? ['--dry-run'] : [])];
    const refused = await createWorker(from, [...args, '--json']);
    expect(refused.status).toBe(1);
    const offered = isDry
      ? createdOf(refused.stdout).next.map(({ command = '' }) => command)
      : failureOf(refused.stdout).error.next.map((line) => line.slice(Math.max(line.indexOf('npx '), 0)));
    const command = offered.find((one) => one.includes('--overwrite')) ?? '';
    expect(command).toContain('--overwrite Dockerfile --overwrite README.md');
    expect(command).not.toContain('project.json');
    expect(readFileSync(join(x, 'README.md'), 'utf8')).toBe('mine');
    const ran = await createWorker(from, [...wordsOf(command).slice(2)]);
    expect(ran.status, ran.stderr).toBe(0);
    expect(readFileSync(join(x, 'README.md'), 'utf8')).not.toBe('mine');
    const record = JSON.parse(readFileSync(join(x, '.kuflow', 'project.json'), 'utf8')) as { command: string };
    expect(record.command).toContain('--overwrite Dockerfile');
  });

  it.each([
    ['of something else', (): string => '{}\n'],
    [
      'with a key that was added by hand',
      (text: string): string => text.replace('"format": 1,', '"format": 1,\n  "x": 1,'),
    ],
    ['in the form of an editor', (text: string): string => JSON.stringify(JSON.parse(text), undefined, 4)],
    [
      'that lists a further process',
      (text: string): string =>
        text.replace('"processes": {', '"processes": {\n    "processes/leave.process.yaml": {},'),
    ],
  ])('includes a project.json %s', async (_what, changed) => {
    const cwd = temporaryFolder();
    expect((await createWorker(cwd, ['x', '--local', ...FILES_ONLY])).status).toBe(0);
    const record = join(cwd, 'x', '.kuflow', 'project.json');
    const text = changed(readFileSync(record, 'utf8'));
    writeFileSync(record, text);
    const args = ['x', '--local', '--cli-package', '1.2.3', ...FILES_ONLY];
    const refused = await createWorker(cwd, args);
    expect(refused.stderr).toContain('.kuflow/project.json differs');
    expect(readFileSync(record, 'utf8')).toBe(text);
    const command = /Or overwrite the files that differ: (npx .*)/.exec(refused.stderr)?.[1] ?? '';
    const ran = await createWorker(cwd, wordsOf(command).slice(2));
    expect(ran.status, ran.stderr).toBe(0);
  });
});

describe('a long command', () => {
  it('is printed in full in the next steps of a dry run and of an error', async () => {
    const cwd = temporaryFolder();
    const tasks = Array.from({ length: 60 }, (_, at) => ['--task', `TASK_WITH_QUITE_A_LONG_CODE_${at}:system`]).flat();
    const args = ['x', '--process', 'LOAN', ...tasks, ...WORKFLOW, ...FILES_ONLY];
    mkdirSync(join(cwd, 'x'));
    writeFileSync(join(cwd, 'x', 'tsconfig.json'), 'mine');
    const { command } = createdOf((await createWorker(cwd, [...args, '--dry-run', '--json'])).stdout);
    expect(command.length).toBeGreaterThan(2000);
    expect((await createWorker(cwd, [...args, '--dry-run'])).stderr).toContain(
      `  ${command} --overwrite tsconfig.json  `,
    );
    expect((await createWorker(cwd, args)).stderr).toContain(`${command} --overwrite tsconfig.json\n`);
  });
});

describe('a skipped step', () => {
  it('is reported with the reason and does not run', async () => {
    const cwd = temporaryFolder();
    const bin = join(cwd, 'bin');
    mkdirSync(bin);
    // Were one of them run, it would not be found.
    const ran = await createWorker(cwd, ['x', '--local', ...FILES_ONLY, '--json'], { PATH: bin });
    expect(createdOf(ran.stdout)).toMatchObject({
      install: { kind: 'skipped' },
      git: { kind: 'skipped', reason: '--no-git' },
      check: { kind: 'not-run', reason: '--no-check' },
      status: 0,
    });
    expect(existsSync(join(cwd, 'x', 'node_modules'))).toBe(false);
    expect(existsSync(join(cwd, 'x', '.git'))).toBe(false);
  });
});

describe('a mistyped word', () => {
  it.each([
    [['x', '--lokal'], 'Did you mean --local?'],
    [['x', '--local', '--language', 'typescrpt'], '--language must be typescript, java or python'],
    [['x', '--local', '--language', 'TypeScript'], 'Did you mean typescript?'],
    [['x', '--local', '--package-manager', 'ppnm'], 'Did you mean pnpm?'],
    [['x', '--process', 'L', '--task', 'A:humn', ...WORKFLOW], 'did you mean "human"?'],
    [['x', '--process', 'L', '--task', 'APPLY', '--task-schema', 'APLY=s.json', ...WORKFLOW], 'did you mean "APPLY"?'],
    [['x', '--local', '--overwrite', 'src/workflow.ts'], 'did you mean "src/workflows.ts"?'],
  ])('%j gets a suggestion, status 2', async (args, text) => {
    const cwd = temporaryFolder();
    const ran = await createWorker(cwd, [...args, '--yes']);
    expect(ran.stderr).toContain(text);
    expect(ran.status).toBe(2);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('suggests a process code that the API shows', async () => {
    const tenant = await startLargeTenant({ processes: 3000 });
    try {
      const env = {
        KUFLOW_API_ENDPOINT: tenant.endpoint,
        KUFLOW_API_CLIENTID: CLIENT_ID,
        KUFLOW_API_CLIENTSECRET: SECRET,
      };
      const cwd = temporaryFolder();
      const ran = await createWorker(cwd, ['x', '--process', 'EXPENCE', ...WORKFLOW, ...FILES_ONLY, '--json'], env);
      const { error } = failureOf(ran.stdout);
      expect(error.message).toBe('No process with the code EXPENCE is visible');
      expect(error.next).toContain('Did you mean EXPENSE?');
      expect(error.seen).toContain('LOAN');
      expect(ran.status).toBe(1);
      expect(readdirSync(cwd)).toEqual([]);
    } finally {
      await tenant.close();
    }
  });
});

describe('the command that repeats a run', () => {
  it.each([
    ['the sample', ['--local']],
    [
      'a definition file, something over it',
      ['--definition', 'd.yaml', '--task-queue', 'Other', '--process-id', CLIENT_ID],
    ],
    [
      'options with schemas',
      [...FLAGS, ...WORKFLOW, '--task-schema', 'APPLY=apply.json', '--metadata-schema', 'apply.json'],
    ],
    [
      'a secret from a file',
      [
        '--definition',
        'd.yaml',
        '--client-id',
        CLIENT_ID,
        '--client-secret-file',
        'secret.txt',
        '--target',
        'engine:1',
      ],
    ],
    ['another package manager', ['--local', '--package-manager', 'pnpm', '--cli-package', 'file:../it is.tgz']],
    ['a file that was replaced', ['--local', '--overwrite', 'README.md', '--overwrite', 'package.json']],
  ])('is stored in the project and creates the same project elsewhere: %s', async (_what, source) => {
    const place = (): string => {
      const cwd = temporaryFolder();
      writeFileSync(join(cwd, 'd.yaml'), DEFINITION);
      writeFileSync(join(cwd, 'apply.json'), SCHEMA);
      writeFileSync(join(cwd, 'secret.txt'), SECRET, { mode: 0o600 });
      return cwd;
    };
    const [one, other] = [place(), place()];
    const name = "lo an's\u202e\n $HOME";
    const ran = await createWorker(one, [name, ...source, ...FILES_ONLY, '--json']);
    expect(ran.status, ran.stderr).toBe(0);
    const { command } = createdOf(ran.stdout);
    const record = JSON.parse(readFileSync(join(one, name, '.kuflow', 'project.json'), 'utf8')) as { command: string };
    expect(record.command).toBe(command);
    expect(command).not.toContain(SECRET);
    expect(command).toBe(escapeForTerminal(command, Infinity));
    const [npx, root, ...args] = wordsOf(command);
    expect([npx, root, args[0]]).toEqual(['npx', 'create-kuflow-worker', name]);
    const repeated = await createWorker(other, args);
    expect(repeated.status, repeated.stderr).toBe(0);
    expect(treeOf(join(other, name))).toEqual(treeOf(join(one, name)));
  });

  it('and the first step work for a name that looks like an option', async () => {
    const cwd = temporaryFolder();
    const ran = await createWorker(cwd, ['--local', ...FILES_ONLY, '--json', '--', '-x y']);
    const { command, next } = createdOf(ran.stdout);
    const cd = next[0]?.command ?? '';
    expect(execFileSync('sh', ['-c', `${cd} && pwd -P`], { cwd, encoding: 'utf8' })).toBe(
      `${realpathSync(join(cwd, '-x y'))}\n`,
    );
    const again = await createWorker(cwd, [...wordsOf(command).slice(2), '--json']);
    expect(createdOf(again.stdout).files.every(({ action }) => action === 'identical')).toBe(true);
  });

  it('names the detected package manager, because another machine may detect another one', async () => {
    const [one, other] = [temporaryFolder(), temporaryFolder()];
    const agent = { npm_config_user_agent: 'bun/1.1.0 npm/? node/v22.0.0 linux x64' };
    const ran = await createWorker(one, ['x', '--local', ...FILES_ONLY, '--json'], agent);
    const { command } = createdOf(ran.stdout);
    await createWorker(other, wordsOf(command).slice(2), { npm_config_user_agent: 'npm/11.0.0 node/v22.0.0' });
    expect(treeOf(join(other, 'x'))).toEqual(treeOf(join(one, 'x')));
  });

  it('creates the same project from the API', async () => {
    const tenant = await startLargeTenant({ processes: 3000 });
    try {
      const env = {
        KUFLOW_API_ENDPOINT: tenant.endpoint,
        KUFLOW_API_CLIENTID: CLIENT_ID,
        KUFLOW_API_CLIENTSECRET: SECRET,
      };
      const [one, other] = [temporaryFolder(), temporaryFolder()];
      const args = ['x', '--process', 'LOAN', ...WORKFLOW, '--sample', '5', ...FILES_ONLY, '--json'];
      const { command } = createdOf((await createWorker(one, args, env)).stdout);
      expect((await createWorker(other, wordsOf(command).slice(2), env)).status).toBe(0);
      expect(treeOf(join(other, 'x'))).toEqual(treeOf(join(one, 'x')));
    } finally {
      await tenant.close();
    }
  });

  it('in the message about missing options works', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'secret.txt'), SECRET, { mode: 0o600 });
    const { stdout, status } = await createWorker(cwd, [
      '--task',
      'A',
      '--client-id',
      CLIENT_ID,
      ...FILES_ONLY,
      '--dry-run',
      '--json',
    ]);
    expect(status).toBe(2);
    const { message, next } = failureOf(stdout).error;
    for (const answer of [
      'folder:',
      '--process:',
      '--task-queue:',
      '--workflow-type:',
      '--client-secret-file or --client-secret-stdin:',
    ])
      expect(message).toContain(`\n  ${answer}`);
    const [, command = ''] = /^For example: (.*)$/.exec(next[0] ?? '') ?? [];
    const args = wordsOf(command.replace('--client-secret-stdin', '--client-secret-file secret.txt')).slice(2);
    const dry = await createWorker(cwd, args);
    expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, status: 0 });
    const ran = await createWorker(
      cwd,
      args.filter((arg) => arg !== '--dry-run'),
    );
    expect(ran.status, ran.stderr).toBe(0);
    expect(existsSync(join(cwd, 'loan-worker', 'package.json'))).toBe(true);
  });
});

describe('--debug', () => {
  it('shows the stack and causes, but no secret', async () => {
    const cwd = temporaryFolder();
    const args = ['x', '--process', 'LOAN', ...WORKFLOW, '--endpoint', 'http://127.0.0.1:9', '--debug', '--yes'];
    const ran = await createWorker(cwd, args, { KUFLOW_API_CLIENTID: CLIENT_ID, KUFLOW_API_CLIENTSECRET: SECRET });
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(/KuFlowApiError: [^]*\n\s+at [^]*ECONNREFUSED/);
    expect(ran.stdout + ran.stderr).not.toContain(SECRET);
    expect(ran.stderr).not.toContain(Buffer.from(`${CLIENT_ID}:${SECRET}`).toString('base64'));
    const plain = await createWorker(
      cwd,
      args.filter((arg) => arg !== '--debug'),
      {
        KUFLOW_API_CLIENTID: CLIENT_ID,
        KUFLOW_API_CLIENTSECRET: SECRET,
      },
    );
    expect(plain.stderr).not.toContain('    at ');
  });
});
