import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '@temporalio/client';
import { stringify } from 'yaml';
import type { SimulateResult } from '../../src/commands/dev/simulate/view.ts';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { PlatformConnection } from '../../src/platform/temporal/connection.ts';
import {
  freePorts,
  kuflowDev,
  platformReady,
  portsOf,
  startCommand,
  type RunningCommand,
} from '../support/dev-command.ts';
import { runKuflow, type KuflowRun } from '../support/kuflow-run.ts';
import { asUser, userOf } from '../support/loan-process.ts';
import { newMark } from '../support/marked-processes.ts';
import { packedCommand } from '../support/packed-command.ts';
import { until } from '../support/until.ts';
import { workerProject } from '../support/worker-project.ts';

const ANY_PORTS = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
const WORKER = ['node', join('dist', 'main.js')];
const TASKS = ['LOAN_APPLICATION', 'CHECK_CREDIT', 'LOAN_DISCUSSION', 'APPROVE_LOAN', 'LOAN_RESULT'] as const;
const KINDS = ['human', 'system', 'thread', 'human', 'message'] as const;

/** The sample process with another code and its own task queue, and with `over` applied to some of its tasks. */
function loanLike(code: string, over: Readonly<Record<string, object>> = {}, type = 'LoanWorkflow'): object {
  return {
    process: { code },
    workflow: { type, 'task-queue': `${code}_QUEUE` },
    tasks: TASKS.map((task, at) => ({ code: task, kind: KINDS[at], ...over[task] })),
  };
}

const NEVER_VALID = {
  type: 'object',
  required: ['firstName'],
  properties: { firstName: { type: 'string', minLength: 3, maxLength: 2 } },
};
const PATTERNED = {
  type: 'object',
  required: ['nif', 'iban', 'born', 'parts'],
  properties: {
    nif: { type: 'string', pattern: '^\\d{8}[A-Z]$' },
    iban: { type: 'string', pattern: '^[A-Z]{2}\\d{2}( ?\\d{4}){5}$' },
    born: { type: 'string', format: 'date' },
    parts: { type: 'array', items: { type: 'number', multipleOf: 0.5, minimum: 1 }, minItems: 3, uniqueItems: true },
  },
};
const WITH_REFERENCES = {
  type: 'object',
  required: ['contract', 'photos', 'reviewer', 'team', 'applicant'],
  definitions: {
    document: { type: 'string', format: 'kuflow-file', accept: '.pdf', maxSize: 5000 },
    applicant: { type: 'object', required: ['passport'], properties: { passport: { $ref: '#/definitions/document' } } },
  },
  properties: {
    contract: { $ref: '#/definitions/document' },
    photos: {
      type: 'array',
      items: { type: 'string', format: 'kuflow-file', accept: 'image/*', maxSize: 100 },
      minItems: 2,
      uniqueItems: true,
    },
    reviewer: { type: 'string', format: 'kuflow-principal' },
    team: { type: 'string', format: 'kuflow-group' },
    applicant: { $ref: '#/definitions/applicant' },
  },
};
const DEFINITIONS: Readonly<Record<string, object>> = {
  GOOD: loanLike('GOOD', { LOAN_APPLICATION: { data: { schema: PATTERNED } } }),
  REFERENCES: loanLike('REFERENCES', { LOAN_APPLICATION: { data: { schema: WITH_REFERENCES } } }),
  POLICY: {
    ...loanLike('POLICY'),
    metadata: {
      schema: {
        type: 'object',
        required: ['policy'],
        properties: { policy: { type: 'string', pattern: '^[A-Z]{2}-\\d{6}$' } },
      },
    },
  },
  STUCK: loanLike('STUCK', { APPROVE_LOAN: { data: { schema: NEVER_VALID } } }),
  // Only the worker can complete a system task, but the sample's worker waits for a person to do it.
  WAITS: loanLike('WAITS', { APPROVE_LOAN: { kind: 'system' } }),
  UNKNOWN: loanLike('UNKNOWN', {}, 'NoSuchWorkflow'),
  BROKEN: loanLike('BROKEN', {}, 'BrokenWorkflow'),
  MISSPELLED: loanLike('MISSPELLED', {}, 'MisspelledWorkflow'),
  FAILS: loanLike('FAILS', {}, 'FailingWorkflow'),
  // The workflow creates items for a task that the process does not have.
  REFUSED: loanLike('REFUSED', {}, 'PostsWorkflow'),
};

const mark = newMark();
let folder: string;
let platform: RunningCommand;
let state: PlatformState;
const file = (code: string): string => join(folder, `${code}.yaml`);
const stateDir = (): string => join(folder, 'state');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kuflow-simulate-'));
  for (const [code, definition] of Object.entries(DEFINITIONS)) writeFileSync(file(code), stringify(definition));
  platform = startCommand(
    kuflowDev(
      '--state-dir',
      stateDir(),
      ...ANY_PORTS,
      ...Object.keys(DEFINITIONS).flatMap((code) => ['--definition', file(code)]),
    ),
    { cwd: folder, mark },
  );
  state = await platformReady(platform, stateDir());
});

afterAll(async () => {
  platform.kill('SIGTERM');
  await platform.ended;
  const left = mark.killLeft();
  rmSync(folder, { recursive: true, force: true });
  expect(left).toEqual([]);
});

interface Call {
  readonly code: string;
  readonly options?: readonly string[];
  readonly command?: readonly string[];
  readonly queue?: string;
}

function call({ code, options = [], command = WORKER }: Call): string[] {
  const where = ['--state-dir', stateDir(), '--definition', file(code), '--worker-log', join(folder, `${code}.log`)];
  return ['dev', 'simulate', code, ...where, ...options, '--', ...command];
}

const workerEnv = (queue: string): Record<string, string> => ({
  ...mark.env,
  TEMPORAL_KUFLOWQUEUE: queue,
});

/** Runs simulate on the running platform, by default with the built worker of the generated project. */
function simulate(how: Call): KuflowRun {
  return runKuflow(call(how), { cwd: workerProject(), env: workerEnv(how.queue ?? `${how.code}_QUEUE`) });
}

/** The state of a process and the status of its workflow. */
async function endOf(processId = ''): Promise<readonly [string, string]> {
  const { endpoints, namespace } = state;
  const connection = await PlatformConnection.connect({ address: endpoints.temporal });
  const user = userOf(state);
  try {
    const { status } = await new Client({ connection, namespace }).workflow.getHandle(processId).describe();
    return [(await user.retrieveProcess(processId)).state, status.name];
  } finally {
    await user.close();
    await connection.close();
  }
}

function simulateJson(how: Call): JsonRun {
  const { status, stdout } = simulate({ ...how, options: [...(how.options ?? []), '--json'] });
  return { status, result: JSON.parse(stdout) as SimulateResult };
}

interface JsonRun {
  readonly status: number | null;
  readonly result: SimulateResult;
}

/** Runs simulate with a time limit, in seconds, that is long enough for `reached`. A busy machine needs a longer one. */
function simulateWithLimit(
  how: Call,
  reached: (result: SimulateResult) => boolean,
): JsonRun & { readonly limit: number } {
  for (let limit = 6; ; limit *= 2) {
    const run = simulateJson({ ...how, options: ['--timeout', `${limit}s`] });
    if (reached(run.result) || limit > 100) return { ...run, limit };
  }
}

describe('kuflow dev simulate on a running platform', () => {
  it('completes a process with data generated from its schemas, prints the timeline and exits with 0', () => {
    const { status, stdout, stderr } = simulate({ code: 'GOOD' });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toContain('GOOD is COMPLETED with valid data');
    for (const line of [
      'process started by Local user',
      'LOAN_APPLICATION completed by Local user',
      'CHECK_CREDIT completed by Local application',
      'APPROVE_LOAN completed by Local user',
      'workflow ended',
      'process completed by KuFlow',
    ])
      expect(stdout).toContain(line);
    expect(stderr).toContain(`Using the local KuFlow that is already running (pid ${state.pid}`);
    expect(stderr).toContain('✔ Stopped the worker');
    // Without a terminal, there are no colors and no live updates.
    expect(stdout + stderr).not.toContain('\x1b');
    expect(readFileSync(join(folder, 'GOOD.log'), 'utf8')).toContain('Worker started');
  });

  it('avoids port conflicts with a running worker: any health port and no metrics, unless the caller sets them', () => {
    const print = 'console.error("ports", process.env.WORKER_HEALTHPORT, process.env.WORKER_METRICSPORT)';
    const ports = (env: Readonly<Record<string, string>>): string => {
      const args = ['dev', 'simulate', 'GOOD', '--state-dir', stateDir(), '--definition', file('GOOD')];
      return runKuflow([...args, '--', 'node', '-e', print], { cwd: folder, env }).stderr;
    };
    expect(ports({})).toContain('ports 0 0\n');
    expect(ports({ WORKER_METRICSPORT: '9464' })).toContain('ports 0 9464\n');
  });

  it('uses the answers from a file in order, and the metadata', () => {
    const answers = join(folder, 'answers.yaml');
    writeFileSync(answers, stringify({ tasks: { APPROVE_LOAN: [{ firstName: 'A' }, { firstName: 'B' }] } }));
    const { status, result } = simulateJson({ code: 'STUCK', options: ['--answers', answers] });
    expect(status).toBe(1);
    expect(result.problem).toMatch(
      /^Task APPROVE_LOAN \(.+\) is stuck: the answer does not match its schema \(\/firstName minLength\)$/,
    );
    expect(result.processState).toBe('RUNNING');
  });

  it('generates the metadata too', async () => {
    const { status, result } = simulateJson({ code: 'POLICY' });
    expect(status).toBe(0);
    const { metadata } = await asUser(state, (user) => user.retrieveProcess(result.processId ?? ''));
    expect(metadata).toMatchObject({
      valid: true,
      value: { policy: expect.stringMatching(/^[A-Z]{2}-\d{6}$/) as string },
    });
  });

  it('uploads documents, and names a principal and a group of the local KuFlow, where a task requires them', async () => {
    const { status, result } = simulateJson({ code: 'REFERENCES' });
    expect({ status, problem: result.problem }).toEqual({ status: 0, problem: undefined });
    const user = userOf(state);
    try {
      const { content } = await user.findProcessItems({
        processId: [result.processId ?? ''],
        processItemDefinitionCode: ['LOAN_APPLICATION'],
      });
      const { data } = (await user.retrieveProcessItem(content[0]?.id ?? '')).task ?? {};
      expect(data?.valid).toBe(true);
      const { contract, photos, reviewer, team, applicant } = data?.value as Record<string, string> & {
        photos: readonly string[];
        applicant: { readonly passport: string };
      };
      const { principalId, name } = state.user;
      expect(reviewer).toBe(`kuflow-principal:id=${principalId};type=USER;name=${encodeURIComponent(name)};`);
      const [group] = (await user.call('findGroups', {})).body.content;
      expect(team).toBe(`kuflow-group:id=${group?.id};type=OTHERS;name=${encodeURIComponent(group?.name ?? '')};`);
      for (const document of [contract, applicant.passport, ...photos]) {
        const bytes = await user.downloadProcessDocument(result.processId ?? '', document ?? '');
        expect(document).toContain(`;size=${bytes.length};`);
        const isImage = document !== contract && document !== applicant.passport;
        expect(document).toContain(isImage ? ';type=image/png;' : ';type=application/pdf;');
        expect(Buffer.from(bytes.subarray(1, 4)).toString()).toBe(isImage ? 'PNG' : 'PDF');
      }
      expect(new Set([contract, applicant.passport, ...photos]).size).toBe(4);
    } finally {
      await user.close();
    }
  });

  it('uploads the document that an answer names, and finds a principal by email and a group by code', () => {
    const answers = join(folder, 'references.yaml');
    const answer = (contract: string) => ({
      contract,
      photos: ['kuflow-file:one.png', 'kuflow-file:two.png'],
      reviewer: `kuflow-principal:${state.user.email}`,
      team: 'kuflow-group:LOCAL_USERS',
      applicant: { passport: 'kuflow-file:./passport.pdf' },
    });
    for (const name of ['one.png', 'two.png', 'passport.pdf']) writeFileSync(join(folder, name), name);
    writeFileSync(join(folder, 'large.pdf'), Buffer.alloc(5001));
    const run = (contract: string) => {
      writeFileSync(answers, stringify({ tasks: { LOAN_APPLICATION: answer(contract) } }));
      return simulateJson({ code: 'REFERENCES', options: ['--answers', answers] });
    };
    expect(run('kuflow-file:passport.pdf')).toMatchObject({ status: 0 });
    expect(run('kuflow-file:large.pdf').result.problem).toMatch(
      /the answer does not match its schema \(\/contract maxSize\)$/,
    );
  });

  it('fails with 1 if the metadata in the answers does not match its schema', () => {
    const run = (policy: string) => {
      const answers = join(folder, 'metadata.yaml');
      writeFileSync(answers, stringify({ metadata: { policy } }));
      return simulateJson({ code: 'POLICY', options: ['--answers', answers] });
    };
    expect(run('AB-123456')).toMatchObject({ status: 0 });
    expect(run('nonsense')).toMatchObject({
      status: 1,
      result: {
        processState: 'COMPLETED',
        problem: 'The process is COMPLETED, but its metadata does not match its schema: /policy pattern',
        next: ['Fix the metadata in the answers file, or check what metadata the workflow writes'],
      },
    });
  });

  it('fails with 1 if no valid data can be generated for a task', () => {
    const { status, result } = simulateJson({ code: 'STUCK' });
    expect(status).toBe(1);
    expect(result).toMatchObject({
      status: 1,
      code: 'STUCK',
      processState: 'RUNNING',
      item: { code: 'APPROVE_LOAN', id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string },
    });
    expect(result.problem).toContain('no valid example data could be generated (/firstName');
    expect(result.next).toEqual(['Pass its data in a file with --answers <file>: { tasks: { APPROVE_LOAN: { … } } }']);
    expect(result.timeline.map(({ kind, code }) => `${kind} ${code ?? ''}`)).toContain(
      'item-completed LOAN_APPLICATION',
    );
  });

  it('fails with 1 and the reason if the workflow fails', async () => {
    const { status, result } = simulateJson({ code: 'FAILS' });
    expect({ status, problem: result.problem }).toMatchObject({ status: 1 });
    expect(result.problem).toContain('The workflow failed: ');
    expect(result.problem).toContain('Out of paper');
    expect(await endOf(result.processId)).toEqual(['CANCELLED', 'FAILED']);
  });

  it('fails with 1 if the command ends early, and says how it ended', () => {
    const { status, stdout } = simulate({ code: 'GOOD', command: ['node', '-e', 'process.exit(3)'] });
    expect(status).toBe(1);
    expect(stdout).toContain('The command "node -e process.exit(3)" exited with status 3 before it polled GOOD_QUEUE');
  });

  it('exits with 4 if no worker is polling the queue, and names the queue that a worker registered for', () => {
    const { status, result, limit } = simulateWithLimit({ code: 'GOOD', queue: 'OTHER_QUEUE' }, ({ problem = '' }) =>
      problem.includes('registered'),
    );
    expect(status).toBe(4);
    expect(result.problem).toBe(
      `No worker polled the task queue GOOD_QUEUE within ${limit} s; a worker registered for OTHER_QUEUE instead`,
    );
    expect(result.next?.join()).toContain(
      'temporal.kuflow-queue of the worker (TEMPORAL_KUFLOWQUEUE) and in workflow.task-queue of the process definition',
    );
  });

  it('exits with 4 after the timeout, names the open task or what fails, and cancels the process', async () => {
    const waiting = simulateWithLimit({ code: 'WAITS' }, ({ item }) => item?.code === 'APPROVE_LOAN');
    expect(waiting).toMatchObject({ status: 4, result: { item: { code: 'APPROVE_LOAN', state: 'READY' } } });
    expect(waiting.result.problem).toMatch(
      new RegExp(`^The process did not complete within ${waiting.limit} s: APPROVE_LOAN \\(.+\\) is READY$`),
    );
    expect(waiting.result.processState).toBe('RUNNING');
    expect(await endOf(waiting.result.processId)).toEqual(['CANCELLED', 'CANCELLED']);
    const { status, result } = simulateWithLimit({ code: 'REFUSED' }, ({ problem = '' }) => problem.includes('failed'));
    expect(status).toBe(4);
    expect(result.problem).toMatch(/Activity KuFlow_Engine_createProcessItem failed (once|\d+ times): /);
    expect(result.next).toContain(`See the worker's output in ${join(folder, 'REFUSED.log')}`);
    expect(result.next?.join()).toMatch(
      new RegExp(
        `see the workflow history: npx (-p create-kuflow-worker )?kuflow dev history \\S+ --state-dir ${stateDir()}$`,
      ),
    );
  });

  it('ends at once with 1 when no retry can help, and names error, file and line, or the closest activity', async () => {
    const cases = [
      [
        'UNKNOWN',
        /^Workflow NoSuchWorkflow failed \d times: .*no such function is exported/,
        /^See the worker's output in /,
      ],
      [
        'BROKEN',
        /^Workflow BrokenWorkflow failed 3 times: Cannot read properties of undefined.* \(src\/trial-workflows\.ts:\d+\)$/,
        /^Fix src\/trial-workflows\.ts:\d+, or see the worker's output in /,
      ],
      [
        'MISSPELLED',
        /^Activity slowWrok is not registered with the worker; did you mean "slowWork"\?$/,
        /^Register the activity, or use a registered one: (\w+, )*shortWork, slowWork(, \w+)*$/,
      ],
    ] as const;
    // Side by side, because the engine needs 20 s for three attempts of a workflow task.
    await Promise.all(
      cases.map(async ([code, problem, advice]) => {
        const how = { cwd: workerProject(), env: workerEnv(`${code}_QUEUE`) };
        const dev = [...WORKER, '--dev'];
        const { status, out } = await packedCommand('kuflow', call({ code, options: ['--json'], command: dev }), how);
        const result = JSON.parse(out) as SimulateResult;
        expect({ status, problem: result.problem }, out).toEqual({
          status: 1,
          problem: expect.stringMatching(problem) as string,
        });
        expect(result.next?.[0]).toMatch(advice);
        expect(result.timeline.at(-1)?.kind).toBe('process-started');
        // A worker that never gets to the cancellation would fail again in the next run.
        const [processState, workflow] = await endOf(result.processId);
        expect(processState).toBe('CANCELLED');
        expect(workflow).toMatch(code === 'MISSPELLED' ? /^CANCELLED$/ : /^TERMINATED$/);
      }),
    );
    const log = readFileSync(join(folder, 'BROKEN.log'), 'utf8');
    expect(log).toMatch(
      /WARN  Workflow failed processId=\S+ workflowType=BrokenWorkflow error=.+\n {4}at \w+ \(.+src\/trial-workflows\.ts:\d+:\d+\)\n {4}at /,
    );
    expect(log).toMatch(/WARN  Failing workflow task processId=\S+ workflowType=BrokenWorkflow error=/);
    expect(log.match(/Workflow failed/g)).toHaveLength(1);
    expect(log.match(/trial-workflows\.ts/g)).toHaveLength(1);
  });

  it('says that another worker polls the same queue', async () => {
    const other = startCommand(kuflowDev('exec', '--state-dir', stateDir(), '--', ...WORKER), {
      cwd: workerProject(),
      mark,
      env: { ...workerEnv('GOOD_QUEUE'), WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' },
    });
    await until('the other worker runs', () => /"state":"RUNNING"/.test(other.output()));
    const { status, stderr } = simulate({ code: 'GOOD' });
    expect(status).toBe(0);
    expect(stderr).toMatch(/! Another worker polls GOOD_QUEUE and may get tasks from this process: \d+@/);
    other.kill('SIGTERM');
    await other.ended;
    expect(simulate({ code: 'GOOD' }).stderr).not.toContain('Another worker');
  });

  it.each([
    ['an unknown process', ['dev', 'simulate', 'NOPE', '--', 'true'], 'The local KuFlow does not serve NOPE'],
    ['a missing command', ['dev', 'simulate', 'GOOD'], 'The command that starts the worker is missing'],
    [
      'a command that does not exist',
      ['dev', 'simulate', 'GOOD', '--', 'no-such-program'],
      'Command not found: no-such-program',
    ],
    [
      'an answers file that does not exist',
      ['dev', 'simulate', 'GOOD', '--answers', 'none.yaml', '--', 'true'],
      'Cannot read the answers file none.yaml',
    ],
    [
      'an invalid duration',
      ['dev', 'simulate', '--timeout', 'soon', '--', 'true'],
      'must be a duration such as 30s, 5m, 1h or 7d, not ',
    ],
    [
      'a zero duration',
      ['dev', 'simulate', '--timeout', '0', '--', 'true'],
      'must be a duration of at least one second, not ',
    ],
  ])('exits with 2 for %s', (_, args, message) => {
    const [dev = '', command = '', ...rest] = args;
    const where = ['--state-dir', stateDir(), '--definition', file('GOOD')];
    const { status, stdout, stderr } = runKuflow([dev, command, ...where, ...rest], { cwd: folder });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('exits with 2 if the definition changed after the platform started', () => {
    const changed = join(folder, 'changed.yaml');
    writeFileSync(changed, stringify(loanLike('GOOD')));
    const args = ['dev', 'simulate', '--state-dir', stateDir(), '--definition', changed, '--', 'true'];
    const { status, stdout, stderr } = runKuflow(args, { cwd: folder });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`The running local KuFlow (pid ${state.pid}) serves a different definition of GOOD`);
  });

  it('exits with 2 if the answers name a task that no person completes', () => {
    const answers = join(folder, 'wrong.yaml');
    writeFileSync(answers, stringify({ tasks: { CHECK_CREDIT: {} } }));
    const { status, stderr } = simulate({ code: 'GOOD', options: ['--answers', answers] });
    expect(status).toBe(2);
    expect(stderr).toContain('Unknown human tasks in the answers file: CHECK_CREDIT');
    expect(stderr).toContain('Human tasks of GOOD: LOAN_APPLICATION, APPROVE_LOAN');
  });
});

describe.runIf(process.platform !== 'win32')('kuflow dev simulate with its own platform', () => {
  it('drains the worker, stops the platform and exits with 130 when it is interrupted', async () => {
    const own = newMark();
    const [program, script] = kuflowDev();
    const home = join(folder, 'own');
    const args = [
      'simulate',
      'WAITS',
      '--state-dir',
      home,
      '--definition',
      file('WAITS'),
      ...ANY_PORTS,
      '--',
      ...WORKER,
    ];
    const command = startCommand([program, script ?? '', 'dev', ...args], {
      cwd: workerProject(),
      mark: own,
      env: { ...workerEnv('WAITS_QUEUE'), ...own.env },
    });
    const running = await platformReady(command, home);
    await until(
      'the process is waiting for a person',
      () =>
        command.output().includes('"itemCode":"APPROVE_LOAN"') ||
        /Waiting for a person[^\n]*\n[^]*Waiting for a person/.test(command.output()),
    );
    command.kill('SIGINT');
    expect(await command.ended).toEqual({ code: 130, signal: null });
    expect(command.output()).toContain('✖ Interrupted');
    expect(command.output()).toContain('✔ Canceled the process, which had not completed');
    expect(command.output()).toContain('Shutting down');
    expect(command.output()).toContain('LOAN_APPLICATION completed by Local user');
    expect(own.alive()).toEqual([]);
    expect(await freePorts(portsOf(running))).toEqual(portsOf(running));
  });
});
