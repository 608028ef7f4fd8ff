import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AddResult } from '../../../../src/commands/add/add-to-project.ts';
import { loanAdditions } from '../../../support/loan-additions.ts';

const MAIN = 'src/acme_loans/loan';
const WORKFLOW = `${MAIN}/workflow.py`;
const ACTIVITIES = `${MAIN}/activities.py`;
const PROCESSES = 'src/acme_loans/processes.py';
const CODE = [
  ...['__init__.py', 'workflow.py', 'activities.py', 'tasks.py', 'types.py', 'schemas.json'].map(
    (name) => `${MAIN}/${name}`,
  ),
  'tests/test_loan_workflow.py',
  'tests/samples/loan.json',
];

const { add, actions, createdAgain, edit, project, read } = loanAdditions('python', 'acme_loans');

describe('adding to a Python project', () => {
  it('a task changes the code as if the project were created with it', async () => {
    expect((await add('task', 'REVIEW', '--after', 'LOAN_APPLICATION')).status).toBe(0);
    expect((await add('task', 'PAY_OUT:system')).status).toBe(0);
    const created = await createdAgain();
    // The data of the new human task is not passed to the existing system task, because its code may be in use.
    const differing = CODE.filter((path) => read(path) !== created(path));
    expect(differing).toEqual([WORKFLOW, ACTIVITIES]);
    expect(read(WORKFLOW)).toContain('await kuflow.human_task(tasks.REVIEW)');
    expect(read(WORKFLOW)).toContain('LoanActivities.pay_out');
  });

  it('a task keeps local changes of the workflow, and asks before it changes the file', async () => {
    const own = '        # Our own step\n        workflow.logger.info("Paid")\n';
    edit(
      WORKFLOW,
      '        await kuflow.thread(tasks.LOAN_DISCUSSION)\n',
      `${own}\n        await kuflow.thread(tasks.LOAN_DISCUSSION)\n`,
    );
    const ran = await add('task', 'REVIEW', '--after', 'LOAN_APPLICATION', '--json');
    expect(ran.status).toBe(3);
    expect(actions(ran)).toMatchObject({
      [WORKFLOW]: 'left edited-by-hand',
      [`${MAIN}/tasks.py`]: 'written generated',
    });
    expect((await add('task', 'REVIEW', '--edit', WORKFLOW)).status).toBe(0);
    expect(read(WORKFLOW)).toContain(own);
    expect(read(WORKFLOW)).toContain('await kuflow.human_task(tasks.REVIEW)');
  });

  it('a task whose code was written by hand is not written twice', async () => {
    edit(
      WORKFLOW,
      '        await kuflow.thread(tasks.LOAN_DISCUSSION)\n',
      '        await kuflow.human_task(tasks.REVIEW)\n\n        await kuflow.thread(tasks.LOAN_DISCUSSION)\n',
    );
    edit(`${MAIN}/tasks.py`, 'LOAN_DISCUSSION = ', 'REVIEW = HumanTask[dict[str, str]]("REVIEW")\nLOAN_DISCUSSION = ');
    const ran = await add('task', 'REVIEW');
    expect(ran.status, ran.stderr).toBe(0);
    expect(read(WORKFLOW).match(/tasks\.REVIEW\b/g)).toHaveLength(1);
    expect(read(`${MAIN}/tasks.py`).match(/\("REVIEW"\)/g)).toHaveLength(1);
  });

  it('an activity extends the class, with a type for its input', async () => {
    const ran = await add('activity', 'send_mail', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(Object.keys(actions(ran))).toEqual([ACTIVITIES]);
    const text = read(ACTIVITIES);
    expect(text).toContain('\n\n\nclass SendMailInput(TypedDict):\n    process_id: str\n\n\nclass LoanActivities:\n');
    expect(text).toMatch(
      /\n\n {4}@activity\.defn\n {4}async def send_mail\(self, input: SendMailInput\) -> None:\n(?: {8}.*\n)+$/,
    );
    expect((JSON.parse(ran.stdout) as AddResult).next[0]?.text).toContain(
      'await run_activity(LoanActivities.send_mail, SendMailInput(process_id=process_id))',
    );
    expect((await add('activity', 'send_mail')).stderr).toContain('activities.py already has the activity send_mail');
    expect((await add('activity', 'class')).stderr).toContain('reserved word');
    expect((await add('activity', 'match')).stderr).toContain('For example: match_activity');
  });

  it('an activity with another name in Temporal is found by both of its names', async () => {
    edit(ACTIVITIES, '    @activity.defn\n', '    @activity.defn(name="send\\u005fmail")\n');
    // The class cannot have two methods of one name either.
    for (const name of ['send_mail', 'check_credit'])
      expect((await add('activity', name)).stderr).toContain(`already has the activity ${name}`);
  });

  it('a task whose place in the workflow is not certain is printed to paste', async () => {
    const end = '        return {"message": f"Process {process_id} completed"}\n';
    edit(
      WORKFLOW,
      end,
      `        return self.finish(process_id)\n\n    def finish(self, process_id: str) -> WorkflowResponse:\n${end}`,
    );
    const before = read(WORKFLOW);
    const ran = await add('task', 'REVIEW', '--edit', WORKFLOW);
    expect(ran.status, ran.stderr).toBe(3);
    expect(read(WORKFLOW)).toBe(before);
    const line =
      before.split('\n').indexOf('        await kuflow.message(tasks.LOAN_RESULT, text="Your loan was approved")') + 1;
    expect(ran.stdout).toContain(`\nAdd below ${WORKFLOW}:${line}:\n        await kuflow.human_task(tasks.REVIEW)\n`);
  });

  it('an activity is added to a class that other code follows', async () => {
    const rest = '\n\ndef helper() -> str:\n    return "class"\n';
    writeFileSync(join(project(), ACTIVITIES), read(ACTIVITIES) + rest);
    const ran = await add('activity', 'send_mail', '--edit', ACTIVITIES);
    expect(ran.status, ran.stderr).toBe(0);
    expect(read(ACTIVITIES)).toMatch(
      /\n\n {4}@activity\.defn\n {4}async def send_mail\(self, input: SendMailInput\) -> None:\n(?: {8}.*\n)+\n\ndef helper/,
    );
    expect(read(ACTIVITIES).endsWith(rest)).toBe(true);
  });

  it.each([
    ['whose constructor changed', 'kuflow: KuFlowClient', 'client: KuFlowClient'],
    [
      'with a text that may end it',
      '        # TODO: replace this',
      "        note = '''\nclass\n'''\n        # TODO: replace this",
    ],
  ])('an activity is printed to paste into a class %s', async (_what, from, to) => {
    edit(ACTIVITIES, from, to);
    const before = read(ACTIVITIES);
    const ran = await add('activity', 'send_mail', '--edit', ACTIVITIES);
    expect(ran.status, ran.stderr).toBe(3);
    expect(read(ACTIVITIES)).toBe(before);
    const [method, input] = [
      /Add below .*:(\d+):\n {4}@activity\.defn\n {4}async def send_mail/,
      /class SendMailInput/,
    ];
    expect(ran.stdout).toMatch(input);
    expect(Number(method.exec(ran.stdout)?.[1])).toBe(before.trimEnd().split('\n').length);
  });

  it('a process gets its own package, and the list of processes has its classes', async () => {
    const options = ['--task', 'REQUEST', '--task', 'CHECK_CREDIT:system', '--task-queue', 'LOAN_QUEUE'];
    const ran = await add('process', 'LEAVE', ...options, '--workflow-type', 'Leave "1"', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(Object.entries(actions(ran)).filter(([, action]) => action !== 'written new')).toEqual([
      [PROCESSES, 'written generated'],
    ]);
    const leave = 'src/acme_loans/leave';
    expect(read(`${leave}/workflow.py`)).toContain(`@workflow.defn(name='Leave "1"')`);
    // Activity names are unique within a worker.
    expect(read(`${leave}/activities.py`)).toContain('async def leave_check_credit(self');
    expect(read(PROCESSES)).toContain(
      '    Process(LoanWorkflow, [LoanActivities]),\n    Process(LeaveWorkflow, [LeaveActivities]),\n',
    );
    const again = await add('process', 'OTHER', '--task', 'A', '--workflow-type', 'Leave "1"');
    expect(again.status).toBe(2);
    expect(again.stderr).toContain('is already used by process LEAVE');
    expect(existsSync(join(project(), 'src/acme_loans/other'))).toBe(false);
  });

  it('a process is added to a list of processes that was edited', async () => {
    edit(PROCESSES, '[LoanActivities]),\n', '[LoanActivities]),\n    Process(OwnWorkflow),\n');
    edit(PROCESSES, 'from .loan.workflow', 'from .own import OwnWorkflow\nfrom .loan.workflow');
    const ran = await add('process', 'LEAVE', '--task', 'A', '--workflow-type', 'Leave', '--edit', PROCESSES);
    expect(ran.status, ran.stderr).toBe(0);
    const text = read(PROCESSES);
    for (const name of ['LoanWorkflow', 'OwnWorkflow', 'LeaveWorkflow']) expect(text).toContain(`    Process(${name}`);
  });

  it('rejects a record whose package was edited to something else', async () => {
    edit('.kuflow/project.json', '"acme_loans"', '"acme; import os"');
    const ran = await add('task', 'REVIEW');
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('.kuflow/project.json is not valid');
  });
});
