import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSession } from '../../scripts/terminal-session.mjs';
import { installedBin } from '../support/generated-project.ts';
import { hasShell } from '../support/interactive-shell.ts';
import { runAlone } from '../support/lanes.ts';
import { startLargeTenant, WORKER_APPLICATION, type LargeTenant } from '../support/large-tenant.ts';
import { packedCommand } from '../support/packed-command.ts';
import { treeOf } from '../support/tree.ts';
import { bareEnvironment } from '../support/worker-process.ts';

runAlone('ports');

const DOWN = '\u001b[B';
const UP = '\u001b[A';
const ENTER = '\r';
const ESC = '\u001b';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_Z = '\u001a';
const SECRET = 'canary-81d2';

type TerminalSession = ReturnType<typeof openSession>;

let folder: string;
let session: TerminalSession | undefined;

beforeEach(() => {
  // Outside this repository, because the wizard does not offer a git repository inside another one.
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'kuflow-wizard-')));
});

afterEach(() => {
  session?.kill();
  rmSync(folder, { recursive: true, force: true });
});

function start(
  args: readonly string[] = [],
  options: { readonly env?: Readonly<Record<string, string>>; readonly columns?: number } = {},
): TerminalSession {
  session = openSession(process.execPath, [installedBin('create-kuflow-worker'), ...args], {
    cwd: folder,
    columns: options.columns ?? 100,
    rows: 50,
    env: { ...bareEnvironment(), HOME: folder, TERM: 'xterm-256color', ...options.env },
  });
  return session;
}

/** The current prompt in one line, however narrow the terminal is. */
function prompt(screen: string): string {
  const at = screen.lastIndexOf('\n? ');
  return at < 0 ? '' : screen.slice(at + 1).replace(/\n/g, '');
}

/** Waits for a question, then types the keys. */
async function answer(at: TerminalSession, question: string, ...keys: readonly string[]): Promise<void> {
  const wanted = question.replaceAll(' ', '');
  await at.until((screen) => prompt(screen).replaceAll(' ', '').includes(wanted));
  for (const key of keys) at.type(key);
}

/** The options, the answers given first, and the question at which `key` (default: Ctrl-C) is pressed. */
interface Canceled {
  readonly at: string;
  readonly key?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly way?: readonly (readonly [question: string, ...keys: readonly string[]])[];
}

async function cancels({ at: question, key = CTRL_C, args = [], way = [], env = {} }: Canceled): Promise<void> {
  const before = treeOf(folder);
  const at = start(args, { env });
  for (const [asked, ...keys] of way) await answer(at, asked, ...keys);
  await answer(at, question, key);
  expect(await at.ended, question).toEqual({ status: 130 });
  expect(at.cursorHidden(), question).toBe(false);
  expect(at.everything(), question).not.toContain('    at ');
  expect(treeOf(folder), question).toEqual(before);
}

const FLAGS = [
  ...['--process', 'LOAN', '--task', 'APPLY:human', '--task', 'SCORE:system', '--task-schema', 'APPLY=apply.json'],
  ...['--task-queue', 'LOAN_QUEUE', '--workflow-type', 'LoanWorkflow', '--local'],
  ...['--language', 'typescript', '--package-manager', 'npm'],
  ...['--no-git', '--no-install', '--no-check', '--yes'],
];

describe.runIf(process.platform !== 'win32')('the wizard', () => {
  it('creates a project from the keyboard, going back to earlier questions, and flags create the same project', async () => {
    writeFileSync(join(folder, 'apply.json'), '{"type":"object","properties":{"amount":{"type":"number"}}}');
    writeFileSync(join(folder, 'broken.json'), '{"type":"objekt"}');
    writeFileSync(join(folder, 'taken'), '');
    const at = start(['--no-check']);
    await answer(at, 'Which process is the worker for?', DOWN, DOWN, ENTER);
    await answer(at, 'Where will the worker run first?', ENTER);
    // After Esc, the earlier question shows the wrong answer again, to be corrected.
    await answer(at, 'Process definition code', 'LOAM', ENTER);
    await answer(at, 'Code of the first task', ESC);
    await answer(at, 'Process definition code (LOAM)', 'LOAN', ENTER);
    await answer(at, 'Code of the first task', 'APPLY', ENTER);
    await answer(at, 'What kind of task is APPLY?', ENTER);
    await answer(at, 'JSON Schema file for the data of APPLY', 'no.json');
    await at.until('> The file does not exist');
    at.type('\u007f'.repeat(7));
    at.type(`broken.json${ENTER}`);
    await at.until(/^> .*type/m);
    at.type('\u007f'.repeat(11));
    at.type(`apply.json${ENTER}`);
    await answer(at, 'Code of task 2', 'APPLY');
    await at.until('> Task APPLY already exists');
    at.type(`\u007f\u007f\u007f\u007f\u007fSCORE${ENTER}`);
    await answer(at, 'What kind of task is SCORE?', DOWN, ENTER);
    await answer(at, 'JSON Schema file for the data of SCORE', ENTER);
    await answer(at, 'Code of task 3', ENTER);
    await answer(at, 'Task queue (LOAN_QUEUE)', ENTER);
    await answer(at, 'Workflow type (LoanWorkflow)', ENTER);
    await answer(at, 'Folder for the new project (loan-worker)', 'taken');
    await at.until('> A file with this name exists');
    at.type(`\u007f\u007f\u007f\u007f\u007fby-wizard${ENTER}`);
    await answer(at, 'Language of the worker', ENTER);
    await answer(at, 'Package manager', ENTER);
    await answer(at, 'Create a git repository', 'n', ENTER);
    await answer(at, 'Install dependencies with npm?', 'n', ENTER);
    await answer(at, 'Create the project?');
    expect(at.screen()).toMatch(/Tasks +APPLY \(human\), SCORE \(system\)/);
    expect(at.screen()).toMatch(/Files +\d+ new/);
    expect(readdirSync(folder)).not.toContain('by-wizard');
    at.type(ENTER);
    expect(await at.ended).toEqual({ status: 0 });
    expect(at.cursorHidden()).toBe(false);
    expect(at.everything()).toContain('npx create-kuflow-worker by-wizard --process LOAN --task APPLY:human');

    const made = treeOf(join(folder, 'by-wizard'));
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'elsewhere', 'apply.json'), readFileSync(join(folder, 'apply.json')));
    const elsewhere = join(folder, 'elsewhere');
    const first = await packedCommand('create-kuflow-worker', ['by-wizard', ...FLAGS], { cwd: elsewhere });
    expect(first.status, first.err).toBe(0);
    expect(treeOf(join(elsewhere, 'by-wizard'))).toEqual(made);
    const again = await packedCommand('create-kuflow-worker', ['by-wizard', ...FLAGS], { cwd: folder });
    expect(again.status, again.err).toBe(0);
    expect(again.err).toMatch(/Wrote 0 files, \d+ unchanged/);
    expect(treeOf(join(folder, 'by-wizard'))).toEqual(made);
  });

  describe('for a process that runs in KuFlow', () => {
    let tenant: LargeTenant;
    let refuse = false;

    beforeEach(async () => {
      tenant = await startLargeTenant({
        processes: 3000,
        intercept: (operation) => {
          if (refuse) return { status: 401, body: '{"status":401,"message":"Unauthorized"}' };
          return operation === 'principals/{id}'
            ? {
                status: 200,
                body: JSON.stringify({ id: WORKER_APPLICATION, type: 'APPLICATION', name: 'Loan worker' }),
              }
            : undefined;
        },
      });
    });

    afterEach(() => tenant.close());

    it('asks for credentials and checks them at once, searches, asks before it reads instances, and accepts corrections', async () => {
      refuse = true;
      const at = start(['--endpoint', tenant.endpoint, '--no-check', '--no-install', '--no-git']);
      await answer(at, 'Which process is the worker for?', DOWN, ENTER);
      // An input that may be the secret is masked, and cleared when it is rejected.
      await answer(at, 'Client ID of the application', `Z${SECRET}`);
      await at.until((screen) => prompt(screen).includes(`${'*'.repeat(SECRET.length + 1)}> This is not a UUID`));
      at.type(ENTER);
      await at.until((screen) => !prompt(screen).includes('*'));
      at.type(`${WORKER_APPLICATION}${ENTER}`);
      await answer(at, 'Client secret', 'wrong', ENTER);
      await answer(at, 'What would you like to do?');
      expect(at.screen()).toMatch(/401/);
      refuse = false;
      at.type(ENTER);
      await answer(at, 'Client ID of the application', ENTER);
      await answer(at, 'Client secret', SECRET, ENTER);
      await at.until('Credentials accepted for the application "Loan worker"');
      const before = tenant.requests.length;
      await answer(at, 'Process (type to search)', 'loa');
      await at.until((screen) => screen.includes('❯ LOAN') && !screen.includes('EXPENSE'));
      at.type(ENTER);
      await answer(at, 'Read up to 25 instances');
      // Only lists, which contain no values, were requested before the answer.
      expect(tenant.requests.slice(before).filter((line) => /^GET \/[^?]*\/processes\/|items\/0/.test(line))).toEqual(
        [],
      );
      at.type(`y${ENTER}`);
      await answer(at, 'Are the tasks, their kinds and their order correct?', DOWN, ENTER);
      await answer(at, 'Which task?', 'SCO');
      await at.until((screen) => screen.includes('❯ SCORE (system)'));
      at.type(ENTER);
      await answer(at, 'Kind of SCORE', ENTER);
      await at.until(/2\. SCORE +human/);
      await answer(at, 'Are the tasks, their kinds and their order correct?', DOWN, DOWN, ENTER);
      await answer(at, 'Which task comes first?', DOWN, ENTER);
      for (const after of ['SCORE', 'APPLY', 'APPROVE']) await answer(at, `Which task comes after ${after}?`, ENTER);
      await answer(at, 'Are the tasks, their kinds and their order correct?', ENTER);
      await answer(at, 'Task queue', 'Q', ENTER);
      await answer(at, 'Workflow type', 'W', ENTER);
      await answer(at, 'Folder for the new project', ENTER);
      await answer(at, 'Language of the worker', ENTER);
      await answer(at, 'Package manager', ENTER);
      await answer(at, 'Create the project?', ENTER);
      expect(await at.ended).toEqual({ status: 0 });
      expect(at.output()).not.toContain(SECRET);

      const project = join(folder, 'loan-worker');
      const local = join(project, 'application-local.yaml');
      expect(readFileSync(local, 'utf8')).toContain(SECRET);
      expect(statSync(local).mode & 0o777).toBe(0o600);
      const definition = readFileSync(join(project, 'kuflow.process.yaml'), 'utf8');
      expect(
        [...definition.matchAll(/- code: (\w+)\n +kind: (\w+)/g)].map(([, code, kind]) => `${code}:${kind}`),
      ).toEqual(['SCORE:human', 'APPLY:human', 'APPROVE:human', 'NOTIFY:message', 'TALK:thread']);

      const repeat = (JSON.parse(readFileSync(join(project, '.kuflow/project.json'), 'utf8')) as { command: string })
        .command;
      expect(repeat).toContain('--sample 25');
      const elsewhere = join(folder, 'elsewhere');
      mkdirSync(elsewhere);
      writeFileSync(join(folder, 'secret'), SECRET, { mode: 0o600 });
      const words = repeat.split(' ').slice(2);
      const sameWay = openSession(
        '/bin/sh',
        ['-c', `cat ../secret | "$0" "$@"`, process.execPath, installedBin('create-kuflow-worker'), ...words],
        {
          cwd: elsewhere,
          env: { ...bareEnvironment(), HOME: folder, TERM: 'xterm-256color' },
        },
      );
      expect(await sameWay.ended, sameWay.everything()).toEqual({ status: 0 });
      expect(treeOf(join(elsewhere, 'loan-worker'))).toEqual(treeOf(project));
    });

    it('treats Ctrl-C as a cancellation at the prompts that read from KuFlow too', async () => {
      refuse = false;
      writeFileSync(join(folder, 'secret'), SECRET, { mode: 0o600 });
      const inFile = `{ client-id: ${WORKER_APPLICATION}, client-secret: ${SECRET} }`;
      writeFileSync(join(folder, 'application-local.yaml'), `kuflow: { api: ${inFile} }`, { mode: 0o600 });
      const account = ['--client-id', WORKER_APPLICATION, '--client-secret-file', 'secret'];
      const args = ['--endpoint', tenant.endpoint, ...account];
      const loan = ['--process', 'LOAN', '--sample', '2', '--task-queue', 'Q', ...args];
      for (const canceled of [
        { at: 'Process (type to search)', args, way: [['Which process is the worker for?', ENTER]] },
        { at: 'Read up to 25 instances', args: ['--process', 'LOAN', ...args] },
        { at: 'Are the tasks, their kinds and their order correct?', args: loan },
        { at: 'Which task?', args: loan, way: [['Are the tasks, their kinds and their order correct?', DOWN, ENTER]] },
        {
          at: 'Kind of APPLY',
          args: loan,
          way: [
            ['Are the tasks, their kinds and their order correct?', DOWN, ENTER],
            ['Which task?', ENTER],
          ],
        },
        {
          at: 'Which task comes first?',
          args: loan,
          way: [['Are the tasks, their kinds and their order correct?', DOWN, DOWN, ENTER]],
        },
        { at: 'What would you like to do?', args: ['--process', 'NONE', ...args], way: [['Read up to 25', ENTER]] },
        {
          at: 'Copy the client ID and secret from application-local.yaml here',
          args: [
            '--endpoint',
            tenant.endpoint,
            '--process',
            'LOAN',
            '--task',
            'A',
            '--task-queue',
            'Q',
            '--workflow-type',
            'W',
          ],
          way: [
            ['Where will the worker run first?', DOWN, ENTER],
            ['Folder for the new project', ENTER],
          ],
        },
      ] satisfies readonly Canceled[])
        await cancels(canceled);
    });
  });

  it('writes nothing, exits with 130 and restores the cursor on Ctrl-C at every prompt', async () => {
    writeFileSync(join(folder, 'd.yaml'), 'process:\n  code: LOAN\nworkflow:\n  type: W\n  task-queue: Q\n');
    const described = ['--process', 'LOAN', '--task', 'A', '--local'];
    const tasks = ['--process', 'LOAN', '--metadata-schema', 'm.json', '--local'];
    const placed = ['--local', '--package-manager', 'npm', '--no-git', '--no-install'];
    const closed = ['--client-id', WORKER_APPLICATION, '--endpoint', 'http://127.0.0.1:9'];
    const folderGiven = [['Folder for the new project', ENTER]] as const;
    const which = 'Which process is the worker for?';
    for (const canceled of [
      { at: which },
      { at: 'Definition file', way: [[which, DOWN, DOWN, DOWN, ENTER]] },
      { at: 'Where will the worker run first?', args: ['--definition', 'd.yaml'] },
      { at: 'Client ID of the application', way: [[which, DOWN, ENTER]] },
      {
        at: 'How do you want to use the profile acme?',
        env: { KUFLOW_PROFILE: 'acme' },
        way: [[which, DOWN, ENTER]],
      },
      { at: 'Client secret', args: ['--definition', 'd.yaml', '--client-id', WORKER_APPLICATION] },
      {
        at: 'What would you like to do?',
        args: ['--process', 'LOAN', ...closed],
        way: [['Client secret', 's', ENTER]],
      },
      {
        at: "Address of KuFlow's REST API",
        args: ['--process', 'LOAN', ...closed],
        way: [
          ['Client secret', 's', ENTER],
          ['What would you like to do?', DOWN, DOWN, ENTER],
        ],
      },
      { at: 'Process definition code', args: ['--task', 'A', '--local'] },
      { at: 'Code of the first task', args: tasks },
      { at: 'What kind of task is A?', args: tasks, way: [['Code of the first task', 'A', ENTER]] },
      {
        at: 'JSON Schema file for the data of A',
        args: tasks,
        way: [
          ['Code of the first task', 'A', ENTER],
          ['What kind of task is A?', ENTER],
        ],
      },
      { at: 'Task queue', args: described },
      { at: 'Workflow type', args: [...described, '--task-queue', 'Q'] },
      { at: 'Folder for the new project', args: ['--local'] },
      { at: 'Language of the worker', args: ['--local'], way: folderGiven },
      { at: 'Package name', args: ['--local', '--language', 'java'], way: folderGiven },
      { at: 'Package manager', args: ['--local', '--language', 'typescript'], way: folderGiven },
      {
        at: 'Create a git repository',
        args: ['--local', '--package-manager', 'npm'],
        way: folderGiven,
      },
      {
        at: 'Install dependencies',
        args: ['--local', '--package-manager', 'npm', '--no-git'],
        way: folderGiven,
      },
      { at: 'Create the project?', args: placed, way: folderGiven },
    ] satisfies readonly Canceled[])
      await cancels(canceled);
  });

  it('writes nothing and exits with 130 when the input ends, at every kind of prompt', async () => {
    const placed = ['x', '--package-manager', 'npm'];
    const which = 'Which process is the worker for?';
    for (const canceled of [
      { at: which },
      { at: which, args: placed },
      { at: 'Folder for the new project', args: ['--local'] },
      { at: 'Create a git repository', args: placed, way: [[which, ENTER]] },
      {
        at: 'Client secret',
        args: ['--process', 'LOAN', '--task', 'A', '--client-id', WORKER_APPLICATION],
      },
    ] satisfies readonly Canceled[])
      await cancels({ ...canceled, key: CTRL_D });
  });

  it.runIf(hasShell('bash'))('continues at the same prompt after Ctrl-Z and fg', async () => {
    const bin = installedBin('create-kuflow-worker');
    const at = openSession('bash', ['--norc', '--noprofile', '-i'], {
      cwd: folder,
      rows: 50,
      columns: 200,
      env: { ...bareEnvironment(), HOME: folder, TERM: 'xterm-256color', PS1: '\\$ ' },
    });
    session = at;
    at.type(`'${process.execPath}' '${bin}' --local --no-check --no-install --no-git --package-manager npm\r`);
    const typed = (screen: string): string => prompt(screen).trim();
    for (const [keys, whole, stops] of [
      ['mi', 'mi', 1],
      ['ne', 'mine', 2],
    ] as const) {
      await answer(at, 'Folder for the new project', keys);
      await at.until((screen) => typed(screen).endsWith(` ${whole}`));
      at.type(CTRL_Z);
      await at.until((screen) => screen.split('Stopped').length - 1 === stops);
      at.type('fg\r');
      // The prompt appears again below the shell's output, with the typed text.
      await at.until((screen) => typed(screen).endsWith(` ${whole}`));
    }
    at.type(ENTER);
    await answer(at, 'Create the project?', ENTER);
    await at.until('To repeat this without prompts:');
    at.type('exit $?\r');
    expect(await at.ended).toEqual({ status: 0 });
    expect(readdirSync(folder)).toContain('mine');
  });

  it('works in 40 columns and without colors, and asks for the package of a Java worker', async () => {
    const at = start(['--no-check', '--no-install'], { columns: 40, env: { NO_COLOR: '1' } });
    await answer(at, 'Which process is the worker for?', DOWN, DOWN, DOWN);
    // Lines are wrapped between words.
    await at.until('kuflow.process.yaml: tasks and JSON\nSchemas for their data');
    at.type(`${UP}${UP}${UP}${ENTER}`);
    await at.until('✔ Which process is the worker for? A\nsample process');
    await answer(at, 'Folder for the new project', ENTER);
    await answer(at, 'Language of the worker', DOWN, ENTER);
    await answer(at, 'Package name (com.example.loanworker)', 'com.kuflow.x');
    await at.until('> The name belongs to KuFlow');
    at.type(`${'\u007f'.repeat(12)}${ENTER}`);
    await answer(at, 'Create a git repository', 'n', ENTER);
    await answer(at, 'Create the project?', ESC);
    await at.until('? Create a git repository with a first\ncommit? (y/N)');
    at.type(ENTER);
    await answer(at, 'Create the project?');
    expect(at.screen()).toContain('Task queue: LOAN_QUEUE');
    at.type(ENTER);
    expect(await at.ended).toEqual({ status: 0 });
    expect(at.output().match(/\u001b\[[0-9;]*m/g)).toBeNull();
    expect(readdirSync(join(folder, 'loan-worker'))).toContain('pom.xml');
  });

  it('works with a screen reader: choices are numbered, and nothing is drawn twice', async () => {
    const at = start(['x', '--no-check', '--no-install', '--no-git', '--package-manager', 'npm'], {
      env: { ACCESSIBLE: '1' },
    });
    await answer(at, 'Which process is the worker for?');
    expect(at.screen()).toMatch(/1\) A sample process\n +2\) A process in KuFlow/);
    at.type(`1${ENTER}`);
    await answer(at, 'Create the project?', `1${ENTER}`);
    expect(await at.ended).toEqual({ status: 0 });
    expect(at.everything()).toMatch(/· Writing \d+ files to x…\n✔ Wrote \d+ files/);
  });

  it('writes nothing when the last answer is no, and lists conflicting files', async () => {
    mkdirSync(join(folder, 'mine'));
    writeFileSync(join(folder, 'mine', 'tsconfig.json'), 'mine');
    const args = ['mine', '--package-manager', 'npm', '--no-git', '--no-install'];
    const at = start(args);
    await answer(at, 'Which process is the worker for?', ENTER);
    await answer(at, 'The project cannot be created like this.');
    expect(at.screen()).toContain('Existing files conflict with the project: tsconfig.json differs');
    expect(at.screen()).toContain('Choose another folder');
    at.type(`${DOWN}${DOWN}${ENTER}`);
    expect(await at.ended).toEqual({ status: 130 });
    expect(at.screen()).toContain('✖ Nothing was written');
    const chosen = start(args.slice(1));
    await answer(chosen, 'Which process is the worker for?', ENTER);
    await answer(chosen, 'Folder for the new project', 'mine', ENTER);
    await chosen.until('> Existing files conflict with the project: tsconfig.json differs');
    chosen.type(CTRL_C);
    expect(await chosen.ended).toEqual({ status: 130 });
    expect([...treeOf(folder)]).toEqual([['mine/tsconfig.json', 'mine']]);
  });

  it('does not ask anything with --yes', async () => {
    const at = start(['--yes']);
    expect(await at.ended).toEqual({ status: 2 });
    expect(at.everything()).toContain('Missing required arguments or options');
  });
});
