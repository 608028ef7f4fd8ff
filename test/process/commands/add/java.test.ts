import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AddResult } from '../../../../src/commands/add/add-to-project.ts';
import { loanAdditions } from '../../../support/loan-additions.ts';

const MAIN = 'src/main/java/com/acme/loans/loan';
const WORKFLOW = `${MAIN}/LoanWorkflowImpl.java`;
const CODE = [
  ...['Workflow', 'WorkflowImpl', 'Activities', 'ActivitiesImpl', 'Tasks', 'Types'].map(
    (name) => `${MAIN}/Loan${name}.java`,
  ),
  'src/main/resources/kuflow/schemas/loan.json',
  'src/test/java/com/acme/loans/loan/LoanWorkflowTest.java',
  'src/test/resources/samples/loan.json',
];

const { add, actions, createdAgain, edit, project, read } = loanAdditions('java', 'com.acme.loans');

describe('adding to a Java project', () => {
  it('a task changes the code as if the project were created with it', async () => {
    expect((await add('task', 'REVIEW', '--after', 'LOAN_APPLICATION')).status).toBe(0);
    expect((await add('task', 'PAY_OUT:system')).status).toBe(0);
    const created = await createdAgain();
    // The new person's task is not passed to the system task that exists: its code may be in use.
    const differing = CODE.filter((path) => read(path) !== created(path));
    expect(differing).toEqual([WORKFLOW, `${MAIN}/LoanActivities.java`]);
    expect(read(WORKFLOW)).toContain('kuflow.humanTask(LoanTasks.REVIEW);');
    expect(read(WORKFLOW)).toContain('activities::payOut');
  });

  it('a task keeps local changes of the workflow, and asks before it changes the file', async () => {
    const own = '        // Our own step\n        LOG.info("Paid");\n';
    edit(
      WORKFLOW,
      '        kuflow.thread(LoanTasks.LOAN_DISCUSSION);\n',
      `${own}\n        kuflow.thread(LoanTasks.LOAN_DISCUSSION);\n`,
    );
    const ran = await add('task', 'REVIEW', '--after', 'LOAN_APPLICATION', '--json');
    expect(ran.status).toBe(3);
    expect(actions(ran)).toMatchObject({
      [WORKFLOW]: 'left edited-by-hand',
      [`${MAIN}/LoanTasks.java`]: 'written generated',
    });
    expect((await add('task', 'REVIEW', '--edit', WORKFLOW)).status).toBe(0);
    expect(read(WORKFLOW)).toContain(own);
    expect(read(WORKFLOW)).toContain('kuflow.humanTask(LoanTasks.REVIEW);');
  });

  it('a user action gets a constant and a handler, or a workflow with its activity and its test', async () => {
    const signal = await add('action', 'ESCALATE', '--name', 'Escalate it', '--json');
    expect(signal.status, signal.stderr).toBe(0);
    expect(actions(signal)).toMatchObject({
      [`${MAIN}/LoanActions.java`]: 'written generated',
      [WORKFLOW]: 'written generated',
    });
    expect(read(`${MAIN}/LoanActions.java`)).toContain('SignalAction.withoutInput("ESCALATE", "Escalate");');
    expect(read(WORKFLOW)).toContain('        kuflow.onAction(LoanActions.ESCALATE, input -> {\n');

    const document = await add('action', 'EXPORT:downloadable', '--json');
    expect(document.status, document.stderr).toBe(0);
    expect(actions(document)).toEqual({
      'kuflow.process.yaml': 'written definition',
      [`${MAIN}/LoanActionWorkflows.java`]: 'written new',
      [`${MAIN}/LoanActivities.java`]: 'written generated',
      [`${MAIN}/LoanActivitiesImpl.java`]: 'written generated',
      'src/test/java/com/acme/loans/loan/LoanWorkflowTest.java': 'written generated',
    });
    const created = await createdAgain();
    for (const path of Object.keys(actions(document))) expect(read(path), path).toBe(created(path));
    expect(read(`${MAIN}/LoanActionWorkflows.java`)).toContain('        @WorkflowMethod(name = "ExportWorkflow")\n');
    expect(read(`${MAIN}/LoanActivitiesImpl.java`)).toContain(' KuFlowFile createExportDocument(');
  });

  it('an activity extends the interface and the class, with their imports', async () => {
    const ran = await add('activity', 'sendMail', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(Object.keys(actions(ran))).toEqual([`${MAIN}/LoanActivities.java`, `${MAIN}/LoanActivitiesImpl.java`]);
    expect(read(`${MAIN}/LoanActivities.java`)).toContain('    @ActivityMethod(name = "sendMail")\n');
    for (const path of Object.keys(actions(ran))) {
      expect(read(path).match(/^import java\.util\.Map;$/gm), path).toHaveLength(1);
      expect(read(path)).toMatch(/\n {4}\}?(?:record SendMailInput\(UUID processId\) \{\})?\n\}\n$/);
    }
    expect((JSON.parse(ran.stdout) as AddResult).next[0]?.text).toContain(
      'activities.sendMail(new SendMailInput(processId))',
    );
    expect((await add('activity', 'sendMail')).stderr).toContain(
      'LoanActivities.java already has the activity sendMail',
    );
    expect((await add('activity', 'class')).stderr).toContain('reserved word');
    expect((await add('activity', 'wait')).stderr).toContain('reserved word');
  });

  it('a task whose place in the workflow is not certain is printed to paste', async () => {
    const end = '        return new WorkflowResponse("Process " + processId + " completed");';
    edit(
      WORKFLOW,
      end,
      `        return finish(processId);\n    }\n\n    private WorkflowResponse finish(UUID processId) {\n${end}`,
    );
    const before = read(WORKFLOW);
    const ran = await add('task', 'REVIEW', '--edit', WORKFLOW);
    expect(ran.status, ran.stderr).toBe(3);
    expect(read(WORKFLOW)).toBe(before);
    const line =
      before.split('\n').indexOf('        kuflow.message(LoanTasks.LOAN_RESULT, "Your loan was approved");') + 1;
    expect(ran.stdout).toContain(`\nAdd below ${WORKFLOW}:${line}:\n        kuflow.humanTask(LoanTasks.REVIEW);\n`);
  });

  it('an activity is added to a class that other classes follow', async () => {
    for (const name of ['Activities', 'ActivitiesImpl']) {
      const path = `${MAIN}/Loan${name}.java`;
      writeFileSync(join(project(), path), `${read(path)}\nclass Helper${name} {\n\n    int one = 1;\n}\n`);
    }
    const edits = ['--edit', `${MAIN}/LoanActivities.java`, '--edit', `${MAIN}/LoanActivitiesImpl.java`];
    const ran = await add('activity', 'sendMail', ...edits);
    expect(ran.status, ran.stderr).toBe(0);
    for (const name of ['Activities', 'ActivitiesImpl']) {
      const [own, helper] = read(`${MAIN}/Loan${name}.java`).split(`\nclass Helper${name}`);
      expect(own).toMatch(/sendMail[^]*\n\}\n$/);
      expect(helper).toBe(' {\n\n    int one = 1;\n}\n');
    }
  });

  it('an activity is printed to paste into a file that no longer has its structure', async () => {
    const impl = `${MAIN}/LoanActivitiesImpl.java`;
    edit(impl, 'KuFlowClient kuflow;', 'KuFlowClient client;');
    const before = read(impl);
    const ran = await add('activity', 'sendMail');
    expect(ran.status, ran.stderr).toBe(3);
    expect(read(impl)).toBe(before);
    expect(read(`${MAIN}/LoanActivities.java`)).toContain('sendMail');
    const line = before.trimEnd().split('\n').length - 1;
    expect(ran.stdout).toContain(
      `\nAdd below ${impl}:${line}:\n    @Override\n    public Map<String, Object> sendMail(`,
    );
    expect(ran.stderr).toContain('paste the lines shown above');
  });

  it('a process gets its own package and edits no other file', async () => {
    const options = ['--task', 'REQUEST', '--task', 'CHECK_CREDIT:system', '--task-queue', 'LOAN_QUEUE'];
    const ran = await add('process', 'LEAVE', ...options, '--workflow-type', 'Leave "1"', '--json');
    expect(ran.status, ran.stderr).toBe(0);
    expect(Object.values(actions(ran)).filter((action) => action !== 'written new')).toEqual([]);
    const leave = 'src/main/java/com/acme/loans/leave';
    expect(read(`${leave}/LeaveWorkflow.java`)).toContain('@WorkflowMethod(name = "Leave \\"1\\"")');
    // Activity names are unique within a worker.
    expect(read(`${leave}/LeaveActivities.java`)).toContain('@ActivityMethod(name = "leaveCheckCredit")');
    const again = await add('process', 'OTHER', '--task', 'A', '--workflow-type', 'Leave "1"');
    expect(again.status).toBe(2);
    expect(again.stderr).toContain('is already used by process LEAVE');
    expect(existsSync(join(project(), 'src/main/java/com/acme/loans/other'))).toBe(false);
  });

  it('rejects a record whose package was edited to something else', async () => {
    edit('.kuflow/project.json', '"com.acme.loans"', '"com.acme; class X {}"');
    const ran = await add('task', 'REVIEW');
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('.kuflow/project.json is not valid');
  });
});
