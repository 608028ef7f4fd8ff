import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../../../src/cli/context.ts';
import { runSync } from '../../../../src/commands/sync/run.ts';
import type { SyncResult } from '../../../../src/commands/sync/view.ts';
import type { ProcessDefinition, TaskDefinition } from '../../../../src/process/definition.ts';
import { openTerminal } from '../../../../src/terminal/terminal.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';
import type { Ran } from '../../../support/create-worker.ts';
import { fakeHost } from '../../../support/fake-host.ts';
import { projectFiles } from '../../../support/project-files.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { scriptedAnswers, type ScriptedAnswer } from '../../../support/scripted-answers.ts';
import { treeOf } from '../../../support/tree.ts';
import { CANARY, startLiveKuFlow, type LiveItem, type LiveKuFlow } from './live-kuflow.ts';

let live: LiveKuFlow;
const { read, edit } = projectFiles(() => live.folder);
const resultOf = (ran: Ran): SyncResult => JSON.parse(ran.stdout) as SyncResult;
const short = (ran: Ran): readonly string[] =>
  resultOf(ran).processes.flatMap(({ findings }) =>
    findings.map((one) => {
      const about = 'task' in one ? one.task : 'pointer' in one ? one.pointer : '';
      return `${one.kind} ${about}${one.drift ? '' : ' (information)'}`;
    }),
  );

const APPLICATION = {
  firstName: `${CANARY} first`,
  lastName: `${CANARY} last`,
  email: `${CANARY}@example.org`,
  currency: 'EUR',
  amount: 7_770_001,
};
const OLD: readonly LiveItem[] = [
  { code: 'LOAN_APPLICATION', data: { ...APPLICATION, amount: 777_000 } },
  { code: 'CHECK_CREDIT', kind: 'system', data: { score: 1, decision: 'ACCEPT' } },
  { code: 'LOAN_DISCUSSION', kind: 'thread' },
  { code: 'APPROVE_LOAN', data: { approved: true, comments: CANARY } },
  { code: 'LOAN_RESULT', kind: 'message' },
];
const without = (data: object, name: string): object =>
  Object.fromEntries(Object.entries(data).filter(([key]) => key !== name));
const NEW: readonly LiveItem[] = [
  {
    code: 'LOAN_APPLICATION',
    data: {
      ...without(APPLICATION, 'email'),
      amount: `${CANARY} 1`,
      income: 7_770_002,
      byPerson: { [`${CANARY}@example.org`]: { calls: 1 } },
    },
  },
  { code: 'CHECK_CREDIT', data: { score: 1, decision: 'ACCEPT' } },
  { code: 'SIGN', data: { signedBy: CANARY } },
  { code: 'APPROVE_LOAN', data: { approved: true, comments: CANARY } },
  { code: 'LOAN_RESULT', kind: 'message' },
];

/** The sample process with a task added, one removed and one retyped, and fields added, removed, retyped and no longer required. */
function changedDefinition(): ProcessDefinition {
  const sample = sampleDefinition();
  const tasks = sample.tasks.flatMap((task): readonly TaskDefinition[] => {
    if (task.code === 'LOAN_DISCUSSION') return [];
    if (task.code === 'CHECK_CREDIT')
      return [
        { ...task, kind: 'human' },
        { code: 'SIGN', kind: 'human' },
      ];
    if (task.code !== 'LOAN_APPLICATION') return [task];
    return [{ ...task, data: { schema: { type: 'object' } } }];
  });
  return { ...sample, metadata: { schema: { type: 'object' } }, tasks };
}

/** Processes of the sample, and then enough of the changed definition to prove what changed. */
async function startChangedKuFlow(): Promise<LiveKuFlow> {
  const started = await startLiveKuFlow();
  await started.complete(2, OLD, { firstName: CANARY });
  started.change(changedDefinition());
  await started.complete(4, NEW, { firstName: CANARY, channel: CANARY });
  const [application, ...others] = NEW;
  const short = without(application?.data ?? {}, 'lastName');
  await started.complete(1, [{ code: 'LOAN_APPLICATION', data: short }, ...others], { channel: CANARY });
  return started;
}

describe('kuflow sync without changes', () => {
  beforeAll(async () => {
    live = await startLiveKuFlow();
    await live.newProject();
    await live.complete(3, OLD, { firstName: CANARY });
  });
  afterAll(() => live.close());

  it('reports that the definition matches, and writes nothing', async () => {
    const before = treeOf(live.folder);
    for (const args of [['--check'], ['--yes'], ['--dry-run']]) {
      const { status, stdout, stderr } = await live.sync(...args, '--sample', '30');
      expect({ status, stdout }, stderr).toEqual({
        status: 0,
        stdout: 'LOAN  kuflow.process.yaml\n  ✔ The definition matches the live process\n',
      });
      expect(stderr).toContain('Fields were compared with the keys and types of 15 instances');
    }
    expect(treeOf(live.folder)).toEqual(before);
  });

  it('compares only tasks and kinds without --sample, and says that', async () => {
    for (const args of [[], ['--sample', '0']]) {
      const ran = await live.sync('--check', ...args);
      expect(ran.status).toBe(0);
      expect(ran.stdout).toBe(
        'LOAN  kuflow.process.yaml\n  ✔ The tasks match the live process; fields were not compared\n',
      );
      expect(ran.stderr).toContain('The tasks match; fields were not compared');
      expect(ran.stderr).toContain(
        'Fields were not compared, because no instance was read. To compare them, pass --sample',
      );
    }
    expect(resultOf(await live.sync('--check', '--json')).processes).toMatchObject([{ fieldsCompared: false }]);
  });

  it('reads the files of options from the working directory, which may be below the project', async () => {
    const { KUFLOW_API_CLIENTID: id = '', KUFLOW_API_CLIENTSECRET: secret = '', ...env } = live.env;
    const folder = join(live.folder, 'src');
    writeFileSync(join(folder, 'secret.txt'), secret, { mode: 0o600 });
    writeFileSync(join(folder, 'ca.pem'), (await makeTestAuthority()).cert);
    const files = ['--client-secret-file', 'secret.txt', '--ca', 'ca.pem'];
    const ran = await runKuflow(folder, ['sync', '--check', '--client-id', id, ...files], env);
    expect(ran.status, ran.stderr).toBe(0);
  });
});

describe('kuflow sync with a changed definition', () => {
  beforeAll(async () => {
    live = await startChangedKuFlow();
  });
  beforeEach(() => live.newProject());
  afterAll(() => live.close());

  const EXPECTED = [
    'version-changed',
    'task-added SIGN',
    'task-retyped CHECK_CREDIT',
    'task-removed LOAN_DISCUSSION',
    'field-added /channel',
    'field-added /byPerson',
    'field-added /income',
    'field-optional /lastName',
    'field-removed /email',
    'field-retyped /amount',
  ];

  it('reports each change with its evidence, and changes nothing with --check or --dry-run', async () => {
    const before = treeOf(live.folder);
    const ran = await live.sync('--check', '--sample', '100', '--json');
    expect(ran.status, ran.stderr).toBe(1);
    expect(short(ran).toSorted()).toEqual(EXPECTED.filter((one) => one !== 'version-changed').toSorted());
    const texts = resultOf(ran).processes.flatMap(({ findings }) => findings.map(({ text }) => text));
    expect(texts).toEqual(
      expect.arrayContaining([
        'Task SIGN (human) was added: 5 items in 5 processes',
        'Task LOAN_DISCUSSION was removed: 0 of 5 completed processes of the newest version have it, and 2 of 2 of older versions do',
        expect.stringContaining(
          'Task CHECK_CREDIT changed from kind system to human: people own most of its items',
        ) as string,
        'Field /channel (string) of the metadata was added: 5 of 5 instances of the newest version have it',
        'Field /income (integer) of task LOAN_APPLICATION was added: 5 of 5 instances of the newest version have it',
        'Field /email of task LOAN_APPLICATION was removed: 0 of 5 completed instances of the newest version have it, and 2 of 2 of older versions do',
        'Field /amount of task LOAN_APPLICATION changed from number to string: string in 5 of 5 instances of the newest version',
        'Field /lastName of task LOAN_APPLICATION is not required: 4 of 5 completed instances of the newest version have it',
      ]),
    );
    const dry = await live.sync('--dry-run', '--sample', '100');
    expect(dry.status).toBe(0);
    expect(dry.stdout).toContain('+  - code: SIGN');
    expect(dry.stderr).toContain('Dry run: nothing was written');
    expect(treeOf(live.folder)).toEqual(before);
  });

  it('writes the definition and the code, and finds nothing the next time', async () => {
    const comment = '# Our own remark\n';
    writeFileSync(join(live.folder, 'kuflow.process.yaml'), comment + read('kuflow.process.yaml'));
    edit('kuflow.process.yaml', 'kind: message', 'kind:   message   # spaces stay');
    const ran = await live.sync('--yes', '--sample', '100');
    expect(ran.status, ran.stderr).toBe(0);
    const definition = read('kuflow.process.yaml');
    expect(definition).toContain(comment);
    expect(definition).toContain('kind:   message   # spaces stay');
    expect(definition).toContain('title: First name');
    expect(definition).not.toContain('LOAN_DISCUSSION');
    expect(read('src/process/tasks.ts')).toContain("'SIGN'");
    expect(read('src/workflows.ts')).toContain('kuflow.humanTask(tasks.sign)');
    expect(read('src/workflows.ts')).toContain('kuflow.humanTask(tasks.checkCredit)');
    expect(read('src/workflows.ts')).not.toContain('loanDiscussion');
    const again = await live.sync('--yes', '--sample', '100');
    expect(again.status, again.stderr).toBe(0);
    expect(again.stderr).toContain('Nothing to change');
    expect((await live.sync('--check', '--sample', '100')).status).toBe(0);
  });

  it('keeps values of instances out of every file, output and error', async () => {
    const outputs = [];
    for (const args of [['--check'], ['--check', '--json'], ['--dry-run'], ['--yes', '--debug']])
      outputs.push(await live.sync(...args, '--sample', '100'));
    const secret = live.env['KUFLOW_API_CLIENTSECRET'] ?? '';
    for (const { stdout, stderr } of outputs) {
      expect(stdout + stderr).not.toMatch(new RegExp(`${CANARY}|77700|@example`));
      expect(stdout + stderr).not.toContain(secret);
    }
    const files = treeOf(live.env['HOME'] ?? '');
    expect(files.size).toBeGreaterThan(20);
    for (const [path, compressed] of files) {
      const text = path.endsWith('.tgz') ? gunzipSync(Buffer.from(compressed, 'latin1')).toString('utf8') : compressed;
      expect(text, path).not.toMatch(new RegExp(`${CANARY}|77700`));
      expect(text, path).not.toContain(secret);
    }
  });

  it('leaves a file with local changes unless --edit names it, and completes it then', async () => {
    edit('src/workflows.ts', 'export async function', '// Ours\nexport async function');
    const ran = await live.sync('--yes', '--json');
    expect(ran.status).toBe(3);
    const { files, next } = resultOf(ran);
    expect(files.find(({ path }) => path === 'src/workflows.ts')).toMatchObject({
      action: 'left',
      how: 'edited-by-hand',
    });
    expect(next[0]?.command).toBe('npx kuflow sync --yes --edit src/workflows.ts');
    const completed = await live.sync('--yes', '--edit', 'src/workflows.ts');
    expect(completed.status, completed.stderr).toBe(0);
    expect(read('src/workflows.ts')).toMatch(/\/\/ Ours\n[\s\S]*tasks\.sign/);
  });

  it('leaves fields of composed schemas, and says which', async () => {
    edit(
      'kuflow.process.yaml',
      '          amount:\n            type: number\n            title: Amount\n            minimum: 1\n            maximum: 1000000\n',
      '          amount: { allOf: [{ type: number }] }\n',
    );
    const ran = await live.sync('--yes', '--sample', '100', '--json');
    expect(ran.status, ran.stderr).toBe(3);
    expect(resultOf(ran).next).toContainEqual({
      text: 'correct by hand in kuflow.process.yaml: /amount of task LOAN_APPLICATION. Their schemas cannot be changed automatically',
    });
    expect(resultOf(ran).processes[0]?.left.map(({ text }) => text)).toEqual([
      expect.stringContaining('/amount of task LOAN_APPLICATION') as string,
    ]);
  });

  it.each([
    ['maven', 'java', ['--package', 'com.acme.loan'], /^(?:src|pom)/],
    ['uv', 'python', ['--package', 'acme_loans'], /^(?:src|tests)/],
    ['npm', 'typescript', [], /^(?:src|test)/],
  ] as const)('writes the code that a new project has, with %s', async (manager, language, more, isCode) => {
    await live.newProject(manager);
    const ran = await live.sync('--yes', '--sample', '100', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(resultOf(ran).files.map(({ action }) => action)).not.toContain('left');
    const options = ['--language', language, ...more, '--definition', 'kuflow.process.yaml', '--local'];
    const made = await runKuflow(live.folder, [
      'create',
      'worker',
      ...options,
      '--no-install',
      '--no-git',
      '--no-check',
      '--yes',
    ]);
    expect(made.status, made.stderr).toBe(0);
    const created = treeOf(join(live.folder, 'worker'));
    const differing = [...created].filter(
      ([path, text]) => isCode.test(path) && text !== readLatin(join(live.folder, path)),
    );
    expect(differing.map(([path]) => path)).toEqual([]);
  });

  const SAMPLING = 'Read up to 25 instances to infer the shape of their data?';

  function onTerminal() {
    const { host, stdout, stderr } = fakeHost([], { cwd: live.folder, env: live.env, tty: true, columns: 200 });
    let status = 0;
    const context: CommandContext = {
      ...{ terminal: openTerminal(host, { NO_COLOR: '1' }), env: live.env, cwd: live.folder, version: '9.9.9' },
      ...{ invocation: 'npx kuflow', commands: [], argv: [] },
      interruption: () => new AbortController().signal,
      passSignals: () => undefined,
      setStatus: (value) => void (status = value),
    };
    return { context, ran: () => ({ status, out: stdout(), err: stderr() }) };
  }

  async function answer(script: readonly ScriptedAnswer[]): Promise<{ status: number; out: string; err: string }> {
    const { context, ran } = onTerminal();
    const { ask, left } = scriptedAnswers(script);
    await runSync({}, context, () => Promise.resolve(ask));
    expect(left()).toEqual([]);
    return ran();
  }

  it('says on a terminal which option turns off prompts', async () => {
    for (const [flags, option] of [
      [{ json: true }, '--json'],
      [{ clientSecretStdin: true }, '--client-secret-stdin'],
    ] as const)
      await expect(runSync(flags, onTerminal().context)).rejects.toMatchObject({
        message: `The changes cannot be confirmed with ${option}, which turns off prompts`,
        status: 2,
      });
  });

  it('asks on a terminal before it reads instances and before it writes, and shows each diff once', async () => {
    edit('src/workflows.ts', 'export async function', '// Ours\nexport async function');
    const { status, out, err } = await answer([
      [SAMPLING, false],
      ['Write changes to 7 files?', true],
      ['src/workflows.ts has local changes. Apply this change?', true],
    ]);
    expect(status).toBe(0);
    expect(out).toContain('! Task SIGN (human) was added');
    expect(out).not.toContain('Field /');
    expect((out + err).split('--- a/src/workflows.ts')).toHaveLength(2);
    expect((out + err).split('--- a/kuflow.process.yaml')).toHaveLength(2);
    expect(read('kuflow.process.yaml')).toContain('code: SIGN');
    expect(read('src/workflows.ts')).toMatch(/\/\/ Ours\n[\s\S]*tasks\.sign/);
  });

  it('writes nothing if the changes are declined on a terminal, and exits with 3', async () => {
    const before = treeOf(live.folder);
    const { status, out, err } = await answer([
      [SAMPLING, true],
      ['Write changes to', false],
    ]);
    expect(status).toBe(3);
    expect(out).toContain('Field /income (integer) of task LOAN_APPLICATION was added');
    expect(out).toMatch(/skipped +kuflow\.process\.yaml +\(you declined the changes\)/);
    expect(err).toContain('were left unchanged');
    expect(treeOf(live.folder)).toEqual(before);
  });
});

const readLatin = (path: string): string => readFileSync(path, 'latin1');

describe('kuflow sync with wrong or missing input', () => {
  beforeAll(async () => {
    live = await startLiveKuFlow();
  });
  beforeEach(() => live.newProject());
  afterAll(() => live.close());

  it('requires an option that says what to do without a terminal, before it sends a request', async () => {
    const { status, stdout, stderr } = await live.sync();
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('kuflow sync needs a terminal to confirm the changes');
    expect(stderr).toMatch(/--yes[\s\S]*--dry-run[\s\S]*--check/);
  });

  it.each([
    [['--check', '--yes'], '--yes cannot be combined with --check'],
    [['--check', '--edit', 'a'], '--edit cannot be combined with --check'],
    [['--check', '--process', 'LOAM'], '--process LOAM: the project does not have this process; did you mean "LOAN"?'],
    [['--check', '--sample', '-1'], '--sample must be a whole number from 0 to 1000'],
    [['--check', '--sample', '1001'], '--sample must be a whole number from 0 to 1000'],
  ])('refuses %j', async (args, message) => {
    const { status, stderr } = await live.sync(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  it('cannot tell if nothing is visible: status 4, and nothing is written', async () => {
    const before = treeOf(live.folder);
    const check = await live.sync('--check', '--json');
    expect(check.status).toBe(4);
    expect(resultOf(check).processes).toMatchObject([
      { drift: false, unknown: ['No process is visible to this application, so LOAN cannot be read'] },
    ]);
    const yes = await live.sync('--yes');
    expect(yes.status).toBe(4);
    expect(yes.stderr).toContain('give the application a role');
    expect(treeOf(live.folder)).toEqual(before);
  });

  it('does not report a failure of KuFlow as drift', async () => {
    const broken = { ...live.env, KUFLOW_API_CLIENTSECRET: 'wrong' };
    expect((await runKuflow(live.folder, ['sync', '--check'], broken)).status).toBe(4);
    expect((await runKuflow(live.folder, ['sync', '--yes'], broken)).status).toBe(1);
    const missing = await runKuflow(live.folder, ['sync', '--check'], { HOME: live.folder });
    expect(missing.status).toBe(2);
    expect(missing.stderr).toContain('KUFLOW_API_CLIENTID');
  });

  it('compares all processes of a project with --check, and asks for one otherwise', async () => {
    const more = ['--task', 'ASK', '--workflow-type', 'LeaveWorkflow', '--yes'];
    expect((await runKuflow(live.folder, ['add', 'process', 'LEAVE', ...more])).status).toBe(0);
    await live.complete(3, OLD);
    const check = await live.sync('--check', '--json');
    expect(check.status).toBe(4);
    expect(resultOf(check).processes.map(({ code, unknown }) => `${code} ${unknown.length}`)).toEqual([
      'LOAN 0',
      'LEAVE 1',
    ]);
    const yes = await live.sync('--yes');
    expect(yes.status).toBe(2);
    expect(yes.stderr).toContain('choose one with --process');
    expect((await live.sync('--yes', '--process', 'LOAN')).status).toBe(0);
    expect((await live.sync('--check', '--process', 'LOAN')).status).toBe(0);
  });

  it('reports a missing connection before it asks for --yes', async () => {
    const { status, stderr } = await runKuflow(live.folder, ['sync'], {
      HOME: live.folder,
      XDG_CONFIG_HOME: live.folder,
    });
    expect(status).toBe(2);
    expect(stderr).toContain(
      "kuflow sync needs a connection to KuFlow's service, because it cannot compare with the local KuFlow\n",
    );
    expect(stderr).toContain('kuflow.api.client-id: missing; set KUFLOW_API_CLIENTID to the client ID');
    expect(stderr).toMatch(/\n  → Store the credentials once: \S.* login\n/);
    expect(stderr).toContain('without credentials: npx kuflow sync --from worker-sample.zip\n');
    expect(stderr).not.toContain('--yes');
  });

  it('does not write a definition that it cannot read, or outside a project', async () => {
    edit('kuflow.process.yaml', 'kind: human', 'kind: humane');
    expect((await live.sync('--check')).stderr).toContain('kuflow.process.yaml');
    const outside = await runKuflow(dirname(live.folder), ['sync', '--check'], live.env);
    expect(outside.status).toBe(2);
    expect(outside.stderr).toContain('No worker project here');
  });
});
