import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessItem } from '../../../../src/kuflow/contract/process-items.ts';
import { LOAN } from '../../platform/domain/world.ts';
import { startRunningKuFlow, type RunningKuFlow } from '../running-kuflow.ts';

let local: RunningKuFlow;
beforeAll(async () => {
  local = await startRunningKuFlow();
});
afterAll(() => local.close());

interface OneTask {
  readonly task: ProcessItem;
}

const show = async (id: string): Promise<ProcessItem> => (await local.json<OneTask>(['task', 'show', id])).task;

describe('kuflow task save', () => {
  it('claims the task and saves data in which required properties are missing', async () => {
    const { id } = await local.createTask();
    const { status, stdout, stderr } = await local.kuflow([
      'task',
      'save',
      id,
      '--set',
      'TEAM=kuflow-group:LOCAL_USERS',
    ]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toBe(`Saved APPLICATION (${id}). The data does not match its schema yet: /AMOUNT required\n`);
    expect(await show(id)).toMatchObject({
      ownerId: local.rest.world.identity.user.principalId,
      task: {
        state: 'CLAIMED',
        data: { valid: false, value: { TEAM: expect.stringContaining('kuflow-group:id=') as string } },
      },
    });
  });

  it('prints the process item as JSON, and keeps saved data that is not set again', async () => {
    const { id } = await local.createTask();
    await local.json(['task', 'save', id, '--set', 'AMOUNT=1']);
    const { task } = await local.json<OneTask>(['task', 'save', 'latest', '--set', 'TEAM=kuflow-group:LOCAL_USERS']);
    expect(task).toMatchObject({ id, task: { state: 'CLAIMED', data: { valid: true, value: { AMOUNT: '1' } } } });
  });

  it('fills in example data', async () => {
    const { id } = await local.createTask();
    const { task } = await local.json<OneTask>(['task', 'save', id, '--fake']);
    expect(task).toMatchObject({ task: { state: 'CLAIMED', data: { valid: true } } });
  });

  it.each([
    ['no data', [], 'Pass the data to save with --data, --set or --fake'],
    ['two sources', ['--fake', '--set', 'AMOUNT=1'], '--fake cannot be combined with --data or --set'],
    ['a wrong type', ['--data', 'wrong.json'], 'Data does not match the schema of task APPLICATION: /AMOUNT type'],
    [
      'a misspelled property',
      ['--set', 'amout=1', '--set', 'zzz=1'],
      'Task APPLICATION has no properties "amout" (did you mean "AMOUNT"?), "zzz"',
    ],
  ])('refuses %s before the task is claimed', async (_what, args, message) => {
    writeFileSync(join(local.folder, 'wrong.json'), '{"AMOUNT":{}}');
    const { id } = await local.createTask();
    const { status, stderr } = await local.kuflow(['task', 'save', id, ...args]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect((await show(id)).task?.state).toBe('READY');
  });

  it('saves any data with --allow-invalid', async () => {
    const { id } = await local.createTask();
    const args = ['--set', 'amout=1', '--set', 'TEAM=none', '--allow-invalid'];
    const { task } = await local.json<OneTask>(['task', 'save', id, ...args]);
    expect(task).toMatchObject({ task: { data: { valid: false, value: { amout: 1, TEAM: 'none' } } } });
  });
});

describe('kuflow task complete', () => {
  it('leaves a task open whose data the local KuFlow finds invalid', async () => {
    const { id } = await local.createTask();
    const gone = 'kuflow-principal:id=018f3a1c-0000-7000-8000-0000000000aa;type=USER;name=Gone;';
    const args = ['task', 'complete', id, '--set', 'AMOUNT=1', '--set', `REVIEWER=${gone}`];
    const { status, stderr } = await local.kuflow(args);
    expect(status).toBe(1);
    expect(stderr).toContain('/REVIEWER notFound');
    expect((await show(id)).task?.state).toBe('CLAIMED');
    expect((await local.kuflow([...args, '--allow-invalid'])).stderr).toContain(
      `Completed APPLICATION (${id}) with data that does not match its schema`,
    );
  });
});

describe('the code of a task', () => {
  it('identifies a task if no other open task has it, and otherwise lists these tasks', async () => {
    const other = await startRunningKuFlow();
    const first = await other.createTask();
    const shown = await other.json<OneTask>(['task', 'show', 'APPLICATION']);
    const second = await other.createTask();
    const ambiguous = await other.kuflow(['task', 'complete', 'APPLICATION', '--fake']);
    await other.json(['task', 'complete', first.id, '--fake']);
    const claimed = await other.json<OneTask>(['task', 'claim', 'APPLICATION']);
    const completed = await other.kuflow(['task', 'complete', 'APPLICATION', '--fake']);
    await other.close();
    expect(shown.task.id).toBe(first.id);
    expect(ambiguous).toMatchObject({
      status: 2,
      stderr: `✖ Several open tasks have the code APPLICATION: pass the ID of one\n  → ${second.id}\n  → ${first.id}\n`,
    });
    expect(claimed.task.id).toBe(second.id);
    expect(completed).toMatchObject({
      status: 0,
      stderr: `Completed APPLICATION (${second.id})\n! No worker is polling LOAN_QUEUE\n  → Start the worker: npx kuflow dev exec -- <command>\n`,
    });
  });
});

describe('kuflow task list', () => {
  it('says that no worker is polling the queue of a running process, and how to start one', async () => {
    const other = await startRunningKuFlow();
    const idle = await other.kuflow(['task', 'list']);
    await other.kuflow(['process', 'start', '--fake']);
    const waiting = await other.kuflow(['task', 'list']);
    const notFound = await other.kuflow(['task', 'complete', 'APPLICATION']);
    other.rest.pollers.set('LOAN_QUEUE', ['1@host']);
    const polled = await other.kuflow(['task', 'list']);
    await other.close();
    expect([idle.stderr, polled.stderr]).toEqual(['No open tasks\n', 'No open tasks\n']);
    expect(waiting.stderr).toBe(
      'No open tasks\n! No worker is polling LOAN_QUEUE\n  → Start the worker: npx kuflow dev exec -- <command>\n',
    );
    expect(notFound.stderr).toBe(
      '✖ No open task has the code APPLICATION\n' +
        '  → No worker is polling LOAN_QUEUE, so start the worker: npx kuflow dev exec -- <command>\n',
    );
  });
});

describe('kuflow task assign', () => {
  it('gives a task to a user, or to the application by its ID', async () => {
    const { id } = await local.createTask();
    const { user, application } = local.rest.world.identity;
    expect(await local.kuflow(['task', 'assign', id, user.email.toUpperCase()])).toEqual({
      status: 0,
      stdout: '',
      stderr: `Assigned APPLICATION (${id})\n`,
    });
    expect((await show(id)).ownerId).toBe(user.principalId);
    const { task } = await local.json<OneTask>(['task', 'assign', id, application.id]);
    expect(task).toMatchObject({ ownerId: application.id, task: { state: 'CLAIMED' } });
  });

  it('lists the users if nobody has the email address', async () => {
    const { id } = await local.createTask();
    const { status, stderr } = await local.kuflow(['task', 'assign', id, 'local.usr@example.com']);
    expect(status).toBe(2);
    expect(stderr).toContain(
      'local.usr@example.com is not a user of the local KuFlow; did you mean "local.user@example.com"?',
    );
    expect((await show(id)).task?.state).toBe('READY');
  });
});

describe('kuflow task release', () => {
  it('gives a claimed task back', async () => {
    const { id } = await local.createTask();
    await local.json(['task', 'claim', id]);
    expect(await local.kuflow(['task', 'release', id])).toEqual({
      status: 0,
      stdout: '',
      stderr: `Released APPLICATION (${id})\n`,
    });
    expect(await show(id)).not.toHaveProperty('ownerId');
    await local.json(['task', 'claim', id]);
    const { task } = await local.json<OneTask>(['task', 'release', id]);
    expect(task).toMatchObject({ id, task: { state: 'READY' } });
  });

  it('says why a task cannot be released', async () => {
    const { id } = await local.createTask();
    const { status, stderr } = await local.kuflow(['task', 'release', id]);
    expect(status).toBe(1);
    expect(stderr).toContain(`Task ${id} is READY and can't be released`);
  });
});

describe('a task that somebody else has claimed', () => {
  it.each([['save', '--fake'], ['complete', '--fake'], ['release']])(
    'is not changed by %s, which names the owner',
    async (command, ...more) => {
      const { id } = await local.createTask();
      await local.json(['task', 'assign', id, local.rest.world.other.principal.id]);
      const { status, stderr } = await local.kuflow(['task', command, id, ...more]);
      expect(status).toBe(1);
      expect(stderr).toContain(`APPLICATION (${id}) is claimed by Other user`);
      expect(stderr).toContain(`Act as the owner: --as ${local.rest.world.other.principal.email}`);
      expect((await show(id)).task).toMatchObject({ state: 'CLAIMED', data: { value: {} } });
    },
  );
});

describe('--as', () => {
  it('acts as another user, who can complete what they have claimed', async () => {
    const { id } = await local.createTask();
    const as = ['--as', 'other@example.com'];
    await local.json(['task', 'claim', id, ...as]);
    expect(await local.json(['task', 'complete', id, '--fake', ...as])).toMatchObject({
      task: { ownerId: local.rest.world.other.principal.id, task: { state: 'COMPLETED' } },
    });
  });

  it('lists the users if nobody has the email address', async () => {
    const { id } = await local.createTask();
    const { status, stderr } = await local.kuflow(['task', 'claim', id, '--as', 'nobody@example.com']);
    expect(status).toBe(2);
    expect(stderr).toContain('nobody@example.com is not a user of the local KuFlow');
    expect(stderr).toContain('local.user@example.com');
  });
});

describe('the definition in the folder', () => {
  it('does not matter: the local KuFlow knows with which definition a process was started', async () => {
    const other = await startRunningKuFlow();
    const { id } = await other.createTask();
    writeFileSync(join(other.folder, 'kuflow.process.yaml'), 'broken: [');
    const misspelled = await other.kuflow(['task', 'save', id, '--set', 'amout=1']);
    const completed = await other.kuflow(['task', 'complete', id, '--fake']);
    await other.close();
    expect(misspelled.stderr).toContain('(did you mean "AMOUNT"?)');
    expect(completed.status).toBe(0);
  });
});

describe('a task with candidates', () => {
  it('is claimed by one of them; the error for others names --as', async () => {
    const tasks = LOAN.tasks.map((task) =>
      task.kind === 'human' ? { ...task, candidates: ['other@example.com'] } : task,
    );
    const other = await startRunningKuFlow({ ...LOAN, tasks });
    const { id } = await other.createTask();
    const { status, stderr } = await other.kuflow(['task', 'complete', id, '--fake']);
    const allowed = await other.kuflow(['task', 'complete', id, '--fake', '--as', 'other@example.com']);
    await other.close();
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`✖ .+ may not claim APPLICATION \\(${id}\\)`));
    expect(stderr).toContain('It can be claimed by other@example.com');
    expect(stderr).toContain('Act as a candidate: --as <email>');
    expect(allowed.status).toBe(0);
  });
});

describe('kuflow task show', () => {
  it('prints the task log, the oldest entry first, with every line escaped', async () => {
    const { id } = await local.createTask();
    for (const [level, message] of [
      ['INFO', 'Checked the amount'],
      ['ERROR', 'Payment failed:\n\u001b[2J no account'],
    ])
      await local.rest.call('POST', `/process-items/${id}/task/~actions/append-log`, { payload: { message, level } });
    const { stdout } = await local.kuflow(['task', 'show', id]);
    const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`;
    expect(stdout).toMatch(
      new RegExp(
        `\nLog:\n  ${time}  INFO {3}Checked the amount\n  ${time}  ERROR {2}Payment failed:\n.* \\\\u\\{1b\\}\\[2J no account\n$`,
      ),
    );
  });

  it('leaves out an empty log', async () => {
    const { id } = await local.createTask();
    expect((await local.kuflow(['task', 'show', id])).stdout).not.toContain('Log');
  });
});

it.each([
  [['dev', 'history', 'ffffffff'], 'No recent process has an ID that ends with ffffffff'],
  [
    ['task', 'show', 'abc'],
    'abc is too short: pass at least the last 6 characters of the ID\n  → Pass the task ID (at least the last 6 characters), or latest',
  ],
  [
    ['task', 'show', 'NOPE'],
    'No process here has a task with the code NOPE; did you mean "NOTE"?\n  → Available: APPLICATION, SCORE, NOTE, TALK',
  ],
  [
    ['process', 'show', 'LOAN'],
    'LOAN is not an ID: IDs contain only digits, hyphens and the letters a to f\n  → Pass the process ID',
  ],
  [['process', 'show', 'ffffffff'], 'No recent process has an ID that ends with ffffffff'],
  [
    ['task', 'list', '--state', 'open'],
    '--state must be ready, claimed, completed or canceled, not "open"\n  → Help: ',
  ],
  [['task', 'assign', 'latest', 'ada'], 'ada is not an email address or an ID'],
  [['process', 'start', 'LOAN', '--fake', '--set', 'a=1'], '--fake cannot be combined with --metadata or --set'],
  [['process', 'start', 'LOAN', '--set', 'a'], 'Expected --set <name>=<value>, not "a"'],
])('%j exits with 2 and says why', async (args, message) => {
  const { status, stdout, stderr } = await local.kuflow(args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(message);
});
