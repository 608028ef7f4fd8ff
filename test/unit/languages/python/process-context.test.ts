import { expect, it } from 'vitest';
import type { WorkerDefinition } from '../../../../src/process/definition.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import { renderProject } from '../../../../src/project/render.ts';

const object = (field: string) => ({
  schema: { type: 'object', required: [field], properties: { [field]: { type: 'string' } } },
});

const DEFINITION: WorkerDefinition = {
  process: { code: 'LOAN' },
  workflow: { type: 'LoanWorkflow', taskQueue: 'LOAN_QUEUE' },
  metadata: object('name'),
  tasks: [{ code: 'SIGN', kind: 'human', data: object('place'), contextData: object('limit') }],
};

const files = async (definition: WorkerDefinition): Promise<ReadonlyMap<string, string>> => {
  const rendered = await renderProject({
    ...{ name: 'loan-worker', language: 'python', packageManager: 'uv', packageName: 'loan_worker', slug: 'loan' },
    ...{ local: true, cliPackage: '1.0.0', processes: [{ definition, source: 'file' }] },
  });
  return new Map(rendered.map((file) => [file.path, Buffer.from(file.contents).toString()]));
};

it('tasks have the type of their context data, and all fields of metadata are optional', async () => {
  const rendered = await files(DEFINITION);
  const tasks = rendered.get('src/loan_worker/loan/tasks.py');
  expect(tasks).toContain('from .types import SignContext, SignData');
  expect(tasks).toContain('SIGN = HumanTask[SignData, SignContext]("SIGN")');
  const types = rendered.get('src/loan_worker/loan/types.py');
  expect(types).toMatch(/class Metadata\(TypedDict\):\n(?: {4}#.*\n)* {4}name: NotRequired\[str\]\n/);
  expect(types).toMatch(/class SignContext\(TypedDict\):\n(?: {4}#.*\n)* {4}limit: str\n/);
});

it('actions that send a signal are constants with the tasks, with unique names and the type of their input', async () => {
  const rendered = await files({
    ...DEFINITION,
    actions: [
      { code: 'SIGN', type: 'send-workflow-signal', signal: 'Sign', input: object('reason') },
      { code: 'STOP', type: 'send-workflow-signal', signal: 'Sign', name: 'Stop it' },
    ],
  });
  const tasks = rendered.get('src/loan_worker/loan/tasks.py');
  expect(tasks).toContain(
    'SIGN_2 = SignalAction[SignInput]("SIGN", "Sign")\n# Stop it\nSTOP = SignalAction("STOP", "Sign")',
  );
  expect(tasks).toContain('from .types import SignContext, SignData, SignInput');
  expect(rendered.get('src/loan_worker/loan/types.py')).toContain('class SignInput(TypedDict):\n    reason: str\n');
  expect(rendered.get('src/loan_worker/loan/workflow.py')).toContain(
    'self._kuflow.on_action(tasks.STOP, lambda _input: workflow.logger.info("User action: Stop it"))',
  );
  expect([...rendered.keys()]).not.toContain('src/loan_worker/loan/actions.py');
});

it('actions with a workflow have a class, which is registered, and a downloadable one has an activity for its document', async () => {
  const workflow = (type: string) => ({ type, taskQueue: 'LOAN_QUEUE' });
  const rendered = await files({
    ...DEFINITION,
    actions: [
      { code: 'EXPORT', type: 'downloadable', workflow: workflow('ExportWorkflow') },
      { code: 'COUNT', type: 'start-workflow', workflow: workflow('CountWorkflow') },
      { code: 'SIGN', type: 'create-task', task: 'SIGN' },
    ],
  });
  const actions = rendered.get('src/loan_worker/loan/actions.py') ?? '';
  expect(actions.match(/^@workflow.*\nclass .*/gm)).toEqual([
    '@workflow.defn(name="ExportWorkflow")\nclass ExportAction:',
    '@workflow.defn(name="CountWorkflow")\nclass CountAction:',
  ]);
  expect(actions).toContain('with_options(LoanActivities.create_export_document, TRANSFER)');
  expect(rendered.get('src/loan_worker/loan/activities.py')).toContain('async def create_export_document(');
  expect(rendered.get('src/loan_worker/processes.py')).toContain(
    '    Process(LoanWorkflow, [LoanActivities]),\n    Process(ExportAction),\n    Process(CountAction),\n',
  );
});

it('a later task does not get the data of a decision that is not always made', async () => {
  const { tasks, ...sample } = sampleDefinition();
  const rendered = await files({ ...sample, tasks: [...tasks, { code: 'SEND_CONTRACT', kind: 'system' }] });
  expect(rendered.get('src/loan_worker/loan/workflow.py')).toContain(
    'SendContractInput(process_id=process_id, loan_application=loan_application)',
  );
});
