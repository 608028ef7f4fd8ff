import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeZip } from './zip.ts';

/** Files by path, as in the archive of the KuFlow app. Written from its documentation, because no real archive was available. */
export type SampleTree = Readonly<Record<string, string>>;

/** Values that somebody added to a sample and that must not get anywhere. */
export const SAMPLE_SECRETS = {
  secret: 'canary-sample-secret',
  key: 'canary-sample-key',
  local: 'canary-sample-local',
  application: '5f1d7a52-6c8b-4f5e-9a43-0d6fcb3a9e11',
} as const;

export interface SampleParts {
  /** Value of `kuflow-queue`, as written in YAML. */
  readonly queue?: string;
  readonly type?: string;
}

function settings(parent: readonly string[], queue: string): string {
  return [
    'kuflow:',
    '  api:',
    '    # ID of the APPLICATION configured in KuFlow.',
    `    client-id: "${SAMPLE_SECRETS.application}"`,
    `    client-secret: ${SAMPLE_SECRETS.secret}`,
    ...parent.map((key, depth) => `${'  '.repeat(depth)}${key}:`),
    `${'  '.repeat(parent.length)}# The queue of the process definition in the KuFlow app.`,
    `${'  '.repeat(parent.length)}kuflow-queue: ${queue}`,
    `${'  '.repeat(parent.length)}mutual-tls:`,
    `${'  '.repeat(parent.length + 1)}key-data: |`,
    `${'  '.repeat(parent.length + 2)}${SAMPLE_SECRETS.key}`,
    '',
  ].join('\n');
}

const LOCAL = `kuflow:\n  api:\n    client-secret: ${SAMPLE_SECRETS.local}\ntemporal:\n  kuflow-queue: LOCAL_QUEUE\n`;

/** The tasks of all three: the workflow creates them in another order than that of its constants and methods. */
export const SAMPLE_TASKS = [
  { code: 'FILL_INFO', name: 'Submit Expense Claim' },
  { code: 'APPROVAL', name: 'Approve "large" claim' },
  { code: 'THE-PAYMENT', name: 'Pago €' },
] as const;

/** A Java sample; its tasks are created by methods of the workflow. */
export function javaSample({ queue = '"EXPENSES_QUEUE"', type = 'ExpenseWorkflow' }: SampleParts = {}): SampleTree {
  const java = 'src/main/java/com/kuflow/engine/samples/worker';
  const method = (name: string, title: string, constant: string): string => `
    /**
     * Create task "${title}" in KuFlow and wait for its completion
     *
     * @param request workflow request; its code is not "IN_A_COMMENT"
     */
    private Task createTask${name}(WorkflowRequest request) {
        TaskDefinitionSummary tasksDefinition = new TaskDefinitionSummary();
        tasksDefinition.setCode(${constant});
        // tasksDefinition.setCode("COMMENTED_OUT");

        Task task = new Task();
        task.setTaskDefinition(tasksDefinition);
        if (task.getId() == null) {
            throw new IllegalStateException("no id } of {0}".formatted('"'));
        }
        return this.await(new CreateTaskRequest(task));
    }
`;
  return {
    'README.md': '# Sample implementation of your Workflow\n',
    'pom.xml': '<project/>\n',
    'src/main/resources/config/application.yml':
      "spring:\n  config:\n    import: 'classpath:config/application-fillme.yml'\n",
    'src/main/resources/config/application-fillme.yml': settings(['application', 'temporal'], queue),
    'src/main/resources/config/application-local.yml': LOCAL,
    [`${java}/SampleEngineWorkerApp.java`]: 'public class SampleEngineWorkerApp {}\n',
    [`${java}/SampleWorkflow.java`]: `package com.kuflow.engine.samples.worker;

@WorkflowInterface
public interface SampleWorkflow {
    @WorkflowMethod(name = "${type}")
    WorkflowResponse runWorkflow(WorkflowRequest request);
}
`,
    [`${java}/SampleWorkflowImpl.java`]: `package com.kuflow.engine.samples.worker;

public class SampleWorkflowImpl implements SampleWorkflow {

    private static final String TASK_CODE_PAGO = "THE-PAYMENT";
    private static final String TASK_CODE_SUBMIT_EXPENSE_CLAIM = "FILL_INFO";
    private static final String TASK_CODE_APPROVE = "APPRO\\u0056AL";

    public SampleWorkflowImpl() {
        this.activities = Workflow.newActivityStub(KuFlowSyncActivities.class, options);
    }

    @Override
    public WorkflowResponse runWorkflow(WorkflowRequest request) {
        LOGGER.info("Process {} started", request.getProcessId());

        this.createTaskSubmit_Expense_Claim(request);
        for (;;) {
            this.createTaskApprove(request);
            break;
        }
        this.createTaskPago(request);

        return this.completeWorkflow(request);
    }
${method('Pago', SAMPLE_TASKS[2].name, 'TASK_CODE_PAGO')}${method('Submit_Expense_Claim', SAMPLE_TASKS[0].name, 'TASK_CODE_SUBMIT_EXPENSE_CLAIM')}${method('Approve', SAMPLE_TASKS[1].name, 'SampleWorkflowImpl.TASK_CODE_APPROVE')}}
`,
  };
}

/** A TypeScript sample; the codes are in the functions that create the tasks. */
export function typescriptSample({ queue = 'EXPENSES_QUEUE', type = 'ExpenseWorkflow' }: SampleParts = {}): SampleTree {
  const create = (name: string, title: string, code: string): string => `
/**
 * Create task "${title}" in KuFlow and wait for its completion
 *
 * @param workflowRequest workflow request
 * @return task created
 */
async function createTask${name}(workflowRequest: WorkflowRequest): Promise<Task> {
  const taskId = uuid4()

  await kuFlowAsyncActivities.KuFlow_Engine_createTaskAndWaitFinished({
    task: { objectType: 'TASK', id: taskId, taskDefinition: { code: '${code}' } },
  })
  // taskDefinition: { code: 'COMMENTED_OUT' }
  const { task } = await kuFlowSyncActivities.KuFlow_Engine_retrieveTask({ taskId })

  return task
}
`;
  return {
    'README.md': '# Sample implementation of your Workflow\n',
    'package.json': '{ "name": "@kuflow/kuflow-template-worker" }\n',
    'application.yaml': settings(['temporal'], queue),
    'application-local.yaml': LOCAL,
    'src/worker.ts': 'async function main(): Promise<void> {}\n',
    'src/workflows.ts': `import { proxyActivities, uuid4 } from '@temporalio/workflow'

const kuFlowAsyncActivities = proxyActivities<ReturnType<typeof createKuFlowAsyncActivities>>({
  startToCloseTimeout: '1 day',
})

/** A workflow that simply calls an activity: it's { the } entry */
export async function ${type}(workflowRequest: WorkflowRequest): Promise<WorkflowResponse> {
  logger.info(\`Started \${workflowRequest.processId}\`, {})

  await createTaskSubmitExpenseClaim(workflowRequest)
  if (workflowRequest.processId !== '{') {
    await createTaskApprove(workflowRequest)
  }
  await createTaskPago(workflowRequest)

  return { message: 'Completed' }
}
${create('Pago', SAMPLE_TASKS[2].name, SAMPLE_TASKS[2].code)}${create('SubmitExpenseClaim', SAMPLE_TASKS[0].name, SAMPLE_TASKS[0].code)}${create('Approve', SAMPLE_TASKS[1].name, SAMPLE_TASKS[1].code)}`,
  };
}

/** A Python sample of the newer kind, which creates process items. */
export function pythonSample({
  queue = "'EXPENSES_QUEUE' # set in the app",
  type = 'ExpenseWorkflow',
}: SampleParts = {}): SampleTree {
  const create = (name: string, title: string, constant: string): string => `
    async def create_process_item_${name}(self, process_id: str):
        """Create process item "${title}" in KuFlow and wait for its completion"""

        process_item_id = str(uuid7())

        request = models_activity.ProcessItemCreateRequest(
            id=process_item_id,
            type=models_rest.ProcessItemType.TASK,
            process_item_definition_code=SampleWorkflow.${constant},
        )

        # process_item_definition_code="COMMENTED_OUT"
        await workflow.execute_activity(KuFlowActivities.create_process_item, request)
        await workflow.wait_condition(lambda: process_item_id in self._kuflow_completed_task_ids)
`;
  return {
    'README.md': '# Sample implementation of your Workflow\n',
    'pyproject.toml': '[tool.poetry]\nname = "worker-sample"\n',
    'worker_sample/__init__.py': '',
    'worker_sample/application.yaml': settings(['temporal'], queue),
    'worker_sample/application-local.yaml': LOCAL,
    'worker_sample/worker.py': 'from worker_sample.workflow import SampleWorkflow\n',
    'worker_sample/workflow.py': `from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from kuflow_rest import models as models_rest


@workflow.defn(name="${type}")
class SampleWorkflow:
    TASK_CODE_SUBMIT_EXPENSE_CLAIM = "FILL_INFO"
    TASK_CODE_PAGO: str = "THE-PAYMENT"
    TASK_CODE_APPROVE = "APPROVAL"

    @workflow.signal(name=models_workflow.KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM)
    async def kuflow_engine_signal_process_item(self, signal: models_workflow.SignalProcessItem) -> None:
        if signal.type == models_workflow.SignalProcessItemType.TASK:
            self._kuflow_completed_task_ids.append(signal.id)

    @workflow.run
    async def run(
        self, request: models_workflow.WorkflowRequest
    ) -> models_workflow.WorkflowResponse:
        workflow.logger.info(f"Process {request.process_id} started")

        await self.create_process_item_submit__expense__claim(request.process_id)
        # It's approved by a person.
        await self.create_process_item_approve(request.process_id)
        await self.create_process_item_pago(request.process_id)

        return models_workflow.WorkflowResponse(f"Completed process {request.process_id}")
${create('pago', SAMPLE_TASKS[2].name, 'TASK_CODE_PAGO')}${create('submit__expense__claim', SAMPLE_TASKS[0].name, 'TASK_CODE_SUBMIT_EXPENSE_CLAIM')}${create('approve', SAMPLE_TASKS[1].name, 'TASK_CODE_APPROVE')}`,
  };
}

/** The sample in each language, by language. */
export const WORKER_SAMPLES = { java: javaSample, typescript: typescriptSample, python: pythonSample } as const;

/** Writes a sample as the archive `worker-sample.zip` in `folder`, and returns its path. */
export function writeSampleZip(folder: string, tree: SampleTree, inside = 'worker-sample/'): string {
  const path = join(folder, 'worker-sample.zip');
  writeFileSync(
    path,
    writeZip([
      { path: inside, mode: 0o040755 },
      ...Object.entries(tree).map(([name, content]) => ({ path: `${inside}${name}`, content })),
    ]),
  );
  return path;
}

/** Writes the files of a sample below `folder`. */
export function writeSampleFolder(folder: string, tree: SampleTree): void {
  for (const [name, content] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}
