/** The statements in the workflow of the sample process that `WorkflowChange.edits` replaces. */
const STATEMENTS = {
  TypeScript: {
    start: "log.info('Process started', { processId });",
    application: 'const loanApplication = await kuflow.humanTask(tasks.loanApplication);',
    check:
      'const checkCredit = await kuflow.systemTask(tasks.checkCredit, activities.checkCredit, {\n    processId,\n    loanApplication,\n  });',
    deadline: "deadline: '3 days',",
    onDeadline: "'No decision after three days'",
    approved: 'if (!approveLoan.approved) {',
    message: "await kuflow.message(tasks.loanResult, { text: 'Your loan was approved' });",
    thread: 'await kuflow.thread(tasks.loanDiscussion);',
    result: 'return { message: `Process ${processId} completed` };',
  },
  Python: {
    start: 'workflow.logger.info("Process started")',
    application: 'loan_application = await kuflow.human_task(tasks.LOAN_APPLICATION)',
    check:
      'check_credit = await kuflow.system_task(\n            tasks.CHECK_CREDIT,\n            LoanActivities.check_credit,\n            CheckCreditInput(process_id=process_id, loan_application=loan_application),\n        )',
    deadline: 'deadline=timedelta(days=3),',
    onDeadline: '"No decision after three days"',
    approved: 'if not approve_loan["approved"]:',
    message: 'await kuflow.message(tasks.LOAN_RESULT, text="Your loan was approved")',
    thread: 'await kuflow.thread(tasks.LOAN_DISCUSSION)',
    result: 'return {"message": f"Process {process_id} completed"}',
  },
  Java: {
    start: 'LOG.info("Process started");',
    application: 'LoanApplicationData loanApplication = kuflow.humanTask(LoanTasks.LOAN_APPLICATION);',
    check:
      'CheckCreditData checkCredit = kuflow.systemTask(\n                LoanTasks.CHECK_CREDIT, activities::checkCredit, new CheckCreditInput(processId, loanApplication));',
    deadline:
      ',\n                    options -> options.deadline(\n                            Duration.ofDays(3), task -> task.log("No decision after three days", LogLevel.WARN)));',
    onDeadline: '"No decision after three days"',
    approved: 'if (!approveLoan.approved()) {',
    message: 'kuflow.message(LoanTasks.LOAN_RESULT, "Your loan was approved");',
    thread: 'kuflow.thread(LoanTasks.LOAN_DISCUSSION);',
    result: 'return new WorkflowResponse("Process " + processId + " completed");',
  },
} as const;

export type WorkflowLanguage = keyof typeof STATEMENTS;
type Statement = keyof (typeof STATEMENTS)['TypeScript'];
/** The same code in each language. */
type Snippets = readonly [typescript: string, python: string, java: string];
/** A statement and the code that replaces it; `$&` is the statement. */
type Edit = readonly [Statement, Readonly<Record<WorkflowLanguage, string>>];

/** A change of the workflow of the sample process. */
export interface WorkflowChange {
  readonly title: string;
  readonly edits: readonly Edit[];
}

const inAll = (...[typescript, python, java]: Snippets): Edit[1] => ({
  TypeScript: typescript,
  Python: python,
  Java: java,
});

const before = (at: Statement, ...[typescript, python, java]: Snippets): Edit => [
  at,
  inAll(`${typescript}\n  $&`, `${python}\n        $&`, `${java}\n        $&`),
];

const ASK_FOR_APPROVAL = [
  'await kuflow.humanTask(tasks.approveLoan);',
  'await kuflow.human_task(tasks.APPROVE_LOAN)',
  'kuflow.humanTask(LoanTasks.APPROVE_LOAN);',
] as const;
const SEND_MESSAGE = [
  "await kuflow.message(tasks.loanResult, { text: 'Hello' });",
  'await kuflow.message(tasks.LOAN_RESULT, text="Hello")',
  'kuflow.message(LoanTasks.LOAN_RESULT, "Hello");',
] as const;
const OPEN_THREAD = [
  'await kuflow.thread(tasks.loanDiscussion);',
  'await kuflow.thread(tasks.LOAN_DISCUSSION)',
  'kuflow.thread(LoanTasks.LOAN_DISCUSSION);',
] as const;
const SLEEP = [
  "await temporal.sleep('1 day');",
  'await workflow.sleep(86_400)',
  'Workflow.sleep(Duration.ofDays(1));',
] as const;
const READ_METADATA = [
  'await kuflow.readMetadata();',
  'await kuflow.read_metadata()',
  'kuflow.readMetadata(Object.class);',
] as const;
const NO_APPLICATION = [
  'const loanApplication = {};',
  'loan_application = {}',
  'LoanApplicationData loanApplication = null;',
] as const;

/** Changes that break a process that waits for the application or the decision, or that has completed. */
export const BREAKING_CHANGES: readonly WorkflowChange[] = [
  { title: 'another task comes first', edits: [before('application', ...ASK_FOR_APPROVAL)] },
  { title: 'a message comes first', edits: [before('application', ...SEND_MESSAGE)] },
  { title: 'a thread comes first', edits: [before('application', ...OPEN_THREAD)] },
  {
    title: 'the first task is another one',
    edits: [
      [
        'application',
        inAll(
          `${NO_APPLICATION[0]} ${ASK_FOR_APPROVAL[0]}`,
          `${NO_APPLICATION[1]}\n        ${ASK_FOR_APPROVAL[1]}`,
          `${NO_APPLICATION[2]} ${ASK_FOR_APPROVAL[2]}`,
        ),
      ],
    ],
  },
  {
    title: 'the first task is gone',
    edits: [['application', inAll(...NO_APPLICATION)]],
  },
  { title: 'a task is added before the decision', edits: [before('check', ...ASK_FOR_APPROVAL)] },
  { title: 'a message is added before the credit check', edits: [before('check', ...SEND_MESSAGE)] },
  { title: 'the decision is made twice', edits: [before('approved', ...ASK_FOR_APPROVAL)] },
  {
    title: 'the credit check is gone',
    edits: [
      [
        'check',
        inAll(
          "const checkCredit = { decision: 'REVIEW' };",
          'check_credit = {"decision": "REVIEW"}',
          'CheckCreditData checkCredit = new CheckCreditData(1L, CheckCreditData.Decision.REVIEW, null);',
        ),
      ],
    ],
  },
  {
    title: 'the credit check comes first',
    edits: [
      before(
        'application',
        'await kuflow.systemTask(tasks.checkCredit, activities.checkCredit, { processId, loanApplication: {} });',
        'await kuflow.system_task(tasks.CHECK_CREDIT, LoanActivities.check_credit, CheckCreditInput(process_id=process_id, loan_application={}))',
        'kuflow.systemTask(LoanTasks.CHECK_CREDIT, activities::checkCredit, new CheckCreditInput(processId, null));',
      ),
    ],
  },
  { title: 'metadata is read at the start', edits: [before('start', ...READ_METADATA)] },
  { title: 'metadata is read after the application', edits: [before('check', ...READ_METADATA)] },
  { title: 'a pause is added at the start', edits: [before('start', ...SLEEP)] },
  { title: 'a pause is added after the application', edits: [before('check', ...SLEEP)] },
  { title: 'a pause is added after the decision', edits: [before('approved', ...SLEEP)] },
  { title: 'the deadline is gone', edits: [['deadline', inAll('', '', ');')]] },
  {
    title: 'a child workflow is started first',
    edits: [
      before(
        'start',
        "await temporal.executeChild('OtherWorkflow', { args: [] });",
        'await workflow.execute_child_workflow("OtherWorkflow")',
        'Workflow.newUntypedChildWorkflowStub("OtherWorkflow").execute(Void.class);',
      ),
    ],
  },
  {
    title: 'another workflow is signaled first',
    edits: [
      before(
        'start',
        "await temporal.getExternalWorkflowHandle('other').signal('hello');",
        'await workflow.get_external_workflow_handle("other").signal("hello")',
        'Workflow.newUntypedExternalWorkflowStub("other").signal("hello");',
      ),
    ],
  },
  {
    title: 'the workflow continues as a new one at the start',
    edits: [
      before(
        'start',
        'if (processId) await temporal.continueAsNew(request);',
        'workflow.continue_as_new(request)',
        'Workflow.continueAsNew(processId);',
      ),
    ],
  },
  {
    title: 'the workflow throws an error at the start',
    edits: [
      before(
        'start',
        "if (processId) throw new Error(`no amount for 'Jane Miller' in ${processId}`);",
        'raise RuntimeError(f"no amount for \'Jane Miller\' in {process_id}")',
        'if (processId != null) throw new IllegalStateException("no amount for \'Jane Miller\' in " + processId);',
      ),
    ],
  },
  {
    title: 'the workflow fails at the start',
    edits: [
      before(
        'start',
        "if (processId) throw temporal.ApplicationFailure.nonRetryable('Canceled');",
        'raise __import__("temporalio.exceptions").exceptions.ApplicationError("Canceled", non_retryable=True)',
        'if (processId != null) throw io.temporal.failure.ApplicationFailure.newNonRetryableFailure("Canceled", "Canceled");',
      ),
    ],
  },
  {
    title: 'the workflow ends at the start',
    edits: [
      before(
        'start',
        "if (processId) return { message: 'Nothing to do' };",
        'return {"message": "Nothing to do"}',
        'if (processId != null) return new WorkflowResponse("Nothing to do");',
      ),
    ],
  },
  {
    title: 'a random ID is generated at the start, so that items get other IDs',
    edits: [before('start', 'temporal.uuid4();', 'workflow.uuid4()', 'Workflow.randomUUID();')],
  },
  { title: 'the message at the end is gone', edits: [['message', inAll('', '', '')]] },
  {
    title: 'message and thread change places',
    edits: [
      ['thread', inAll(...SEND_MESSAGE)],
      ['message', inAll(...OPEN_THREAD)],
    ],
  },
];

/** Changes with which processes that are running can continue. */
export const COMPATIBLE_CHANGES: readonly WorkflowChange[] = [
  {
    title: 'another log line',
    edits: [before('check', "log.info('Checking');", 'workflow.logger.info("Checking")', 'LOG.info("Checking");')],
  },
  {
    title: 'another text of a message',
    edits: [['message', inAll(...SEND_MESSAGE)]],
  },
  {
    title: 'another result',
    edits: [
      [
        'result',
        inAll("return { message: 'Done' };", 'return {"message": "Done"}', 'return new WorkflowResponse("Done");'),
      ],
    ],
  },
  {
    title: 'a task behind a patch',
    edits: [
      before(
        'application',
        `if (temporal.patched('ask-first')) ${ASK_FOR_APPROVAL[0]}`,
        `if workflow.patched("ask-first"):\n            ${ASK_FOR_APPROVAL[1]}`,
        `if (Workflow.getVersion("ask-first", Workflow.DEFAULT_VERSION, 1) == 1) ${ASK_FOR_APPROVAL[2]}`,
      ),
    ],
  },
  { title: 'a task after the decision', edits: [before('message', ...ASK_FOR_APPROVAL)] },
  { title: 'a pause at the end', edits: [before('result', ...SLEEP)] },
  { title: 'another log line after the deadline', edits: [['onDeadline', inAll("'Late'", '"Late"', '"Late"')]] },
  {
    title: 'a computation',
    edits: [
      before(
        'check',
        "const words = String(processId).split('-').length; log.info(String(words));",
        'workflow.logger.info(str(len(str(process_id).split("-"))))',
        'LOG.info("{}", processId.toString().split("-").length);',
      ),
    ],
  },
  {
    title: 'a handler of another signal',
    edits: [
      before(
        'start',
        "temporal.setHandler(temporal.defineSignal('hello'), () => undefined);",
        'workflow.set_signal_handler("hello", lambda: None)',
        'kuflow.onSignal("hello", String.class, LOG::info);',
      ),
    ],
  },
  {
    title: 'a wait that is already over',
    edits: [
      before(
        'start',
        'await temporal.condition(() => true);',
        'await workflow.wait_condition(lambda: True)',
        'Workflow.await(() -> true);',
      ),
    ],
  },
];

/** Makes a change in the code of a workflow. Throws if the code does not have the statements. */
export function changeWorkflow(language: WorkflowLanguage, code: string, { title, edits }: WorkflowChange): string {
  const imported =
    language === 'TypeScript' ? code.replace(/^/, "import * as temporal from '@temporalio/workflow';\n") : code;
  return edits.reduce((text, [statement, replacement]) => {
    const wanted = STATEMENTS[language][statement];
    if (!text.includes(wanted)) throw new Error(`${title}: the workflow does not contain ${wanted}`);
    return text.replace(wanted, replacement[language]);
  }, imported);
}
