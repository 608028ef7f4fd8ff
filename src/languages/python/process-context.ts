import { printableJson } from '../../base/printable-json.ts';
import type { ProcessToRender } from '../process-parts.ts';
import {
  declaredData,
  definitionContext,
  processActivities,
  processTasks,
  systemTaskSchemas,
  TASK_CLASSES,
  testSample,
  type ProcessTask,
} from '../process-tasks.ts';
import { Code } from '../templates/code.ts';
import { repeatsName } from '../titles.ts';
import { hasActivities, type SignalActionInCode } from '../process-actions.ts';
import {
  actionClass,
  actionTest,
  actionWork,
  logAction,
  pythonActions,
  signalConstant,
  signalHandler,
} from './actions.ts';
import { pythonCall } from './layout.ts';
import { activityMethod, DOCUMENT_IMPORTS, inputClass, overridingMethod, pythonInputType } from './activities.ts';
import { declarePythonTypes } from './declarations.ts';
import { printImports, pythonImportsOf, type Import } from './imports.ts';
import { pyComment, pyDoc, pyString } from './literals.ts';
import type { PythonLayout } from './process-layout.ts';
import { PYTHON_NAMING, UNTYPED_DICT } from './tasks.ts';
import { pythonStatement } from './workflow-statements.ts';

/** What workflow code imports from the library. */
const WORKFLOW_MODULE = 'kuflow_worker.workflow';

/** The context of the templates of one process. */
export function pythonProcessContext(process: ProcessToRender<PythonLayout>): object {
  const { definition, layout, isFirst } = process;
  const { prefix, packageName, part } = layout;
  const processModule = `${packageName}.${part}`;
  const tasks = processTasks(process, PYTHON_NAMING);
  const { signals, workflows } = pythonActions(definition, process.choices);
  const documents = workflows.filter(({ activity }) => activity !== undefined);
  const human = tasks.filter(({ kind }) => kind === 'human');
  const system = tasks.filter(({ kind }) => kind === 'system');
  const activities = processActivities(definition, tasks, workflows);
  const activityTypes = [
    ...system.map(({ dataType }) => dataType),
    ...activities.flatMap(({ inputs }) => inputs.map(({ type }) => type)),
  ];
  const { code: types, imports: typeImports } = declarePythonTypes(declaredData(definition, tasks, signals));
  const inputs = activities.map(inputClass).join('\n\n');
  const methods = activities.map(activityMethod).join('\n');
  const constants = [...tasks.map(taskConstant), ...signals.map(signalConstant)].join('\n');
  const approvals = human.filter(({ approval }) => approval !== undefined);
  const withApproval = approvals.length > 0;
  const checks = approvals.flatMap(({ code, approval }) => {
    const check = system.find(({ variable }) => variable === approval?.check);
    const activity = activities.find(({ name }) => name === check?.activity);
    return activity === undefined ? [] : [{ approval: code, activity }];
  });
  const accepting = checks.map(({ activity }) => overridingMethod(activity, { decision: 'ACCEPT' })).join('\n');
  const withdrawals = signals.filter(({ isWithdrawal }) => isWithdrawal);
  const isUsingTasks = tasks.length + signals.length > 0;
  const isUsingActivities = isFirst || hasActivities(definition);

  return {
    prefix: new Code(prefix),
    definitionFile: layout.definitionFile,
    processDoc: new Code(pyDoc(definition.process.code, 50)),
    ...definitionContext(definition),
    hasHumanTasks: human.length > 0,
    hasActivities: isUsingActivities,
    hasSignals: signals.length > 0,
    hasConstants: isUsingTasks,
    handledActions: signals
      .filter(({ isWithdrawal }) => !isWithdrawal)
      .map((action) => ({ handler: new Code(signalHandler(action)) })),
    withdrawals: withdrawals.map(({ constant }) => ({
      constant: new Code(constant),
      results: approvals.flatMap(({ approval }) =>
        approval?.rejection === undefined ? [] : [{ constant: new Code(approval.rejection) }],
      ),
    })),
    hasActionWorkflows: workflows.length > 0,
    actionWorkflows: workflows.map((action) => ({
      title: action.title,
      log: new Code(logAction(action.title)),
      className: new Code(actionClass(action)),
      decorator: new Code(workflowDecorator(action.workflowType)),
      work: new Code(actionWork(action, prefix)),
      ...actionTest(action, isUsingActivities ? `${prefix}Activities` : undefined),
    })),
    actionImports: new Code(
      importText([
        { module: 'temporalio', name: 'workflow' },
        ...[
          'ActionRequest',
          'ActionResponse',
          ...(documents.length === 0 ? [] : ['TRANSFER', 'run_activity', 'with_options']),
        ].map((name) => ({ module: WORKFLOW_MODULE, name })),
        ...documents.flatMap(({ activity = '' }) =>
          [`${prefix}Activities`, pythonInputType(activity)].map((name) => ({ module: '.activities', name })),
        ),
      ]),
    ),
    workflowImports: new Code(
      importText([
        ...(withdrawals.length === 0 ? [] : [{ module: 'asyncio' }]),
        ...(withApproval ? [{ module: 'datetime', name: 'timedelta' }] : []),
        ...['KuFlowProcess', 'WorkflowRequest', 'WorkflowResponse'].map((name) => ({ module: WORKFLOW_MODULE, name })),
        { module: 'temporalio', name: 'workflow' },
        ...(isUsingTasks ? [{ module: '.', name: 'tasks' }] : []),
        ...(system.length === 0 ? [] : [{ module: '.activities', name: `${prefix}Activities` }]),
        ...system.map(({ activity }) => ({ module: '.activities', name: pythonInputType(activity) })),
        { module: '.types', name: 'Metadata' },
      ]),
    ),
    workflowDecorator: new Code(workflowDecorator(definition.workflow.type)),
    steps: tasks.map((task) => ({
      hasComment: !repeatsName(task.title, task.variable),
      title: new Code(pyComment(task.title)),
      statement: new Code(pythonStatement(task, prefix)),
    })),
    activityImports: new Code(
      importText([
        ...pythonImportsOf(inputs + methods),
        { module: 'temporalio', name: 'activity' },
        { module: 'kuflow_worker', name: 'KuFlowClient' },
        ...(documents.length === 0 ? [] : DOCUMENT_IMPORTS),
        ...fromTypes(activityTypes),
      ]),
    ),
    activityInputs: new Code(inputs.trimEnd()),
    activityMethods: new Code(methods.trimEnd()),
    taskImports: new Code(importText(taskImports(tasks, signals, constants))),
    taskConstants: new Code(constants),
    typeImports: new Code(importText(typeImports)),
    hasTypeImports: typeImports.length > 0,
    declarations: new Code(types.trimEnd()),
    schemas: new Code(printableJson(systemTaskSchemas(definition), true)),
    approvals: approvals.map(({ code }) => ({ code })),
    checks: checks.map(({ approval }) => ({ approval, prefix: new Code(prefix), accepting: new Code(accepting) })),
    testImports: new Code(
      [
        importText([
          ...pythonImportsOf(accepting).filter(({ module }) => module === 'typing'),
          { module: 'pathlib', name: 'Path' },
          ...(withApproval ? [{ module: 'collections.abc', name: 'Sequence' }] : []),
          ...(withdrawals.length === 0 ? [] : [{ module: 'datetime', name: 'timedelta' }]),
          ...[
            ...['FakeKuFlow', 'ProcessRun', 'read_sample', 'replay', 'start_process'],
            ...(withApproval ? ['Answer', 'TaskLog'] : []),
            ...(workflows.length === 0 ? [] : ['start_action']),
          ].map((name) => ({ module: 'kuflow_worker.testing', name })),
          { module: 'temporalio.testing', name: 'WorkflowEnvironment' },
          ...(checks.length === 0 ? [] : [{ module: 'temporalio', name: 'activity' }]),
          ...(human.length === 0
            ? []
            : [
                { module: 'pytest' },
                { module: 'temporalio.client', name: 'WorkflowFailureError' },
                { module: 'temporalio.exceptions', name: 'ApplicationError' },
              ]),
        ]),
        importText([
          ...(withdrawals.length === 0 ? [] : [{ module: processModule, name: 'tasks' }]),
          ...(isUsingActivities ? [{ module: `${processModule}.activities`, name: `${prefix}Activities` }] : []),
          ...checks.flatMap(({ activity: { name, result } }) => [
            { module: `${processModule}.activities`, name: pythonInputType(name) },
            ...(result?.type === undefined ? [] : [{ module: `${processModule}.types`, name: result.type.name }]),
          ]),
          ...workflows.map((action) => ({ module: `${processModule}.actions`, name: actionClass(action) })),
          { module: `${processModule}.workflow`, name: `${prefix}Workflow` },
        ]),
      ].join('\n\n'),
    ),
    sampleFile: `${layout.sampleName}.json`,
    sample: new Code(printableJson(testSample(definition), true)),
  };
}

function taskImports(
  tasks: readonly ProcessTask[],
  signals: readonly SignalActionInCode[],
  constants: string,
): readonly Import[] {
  return [
    ...pythonImportsOf(constants),
    ...tasks.map(({ kind }) => ({ module: WORKFLOW_MODULE, name: TASK_CLASSES[kind] })),
    ...signals.map(() => ({ module: WORKFLOW_MODULE, name: 'SignalAction' })),
    ...fromTypes(signals.map(({ input }) => input?.name)),
    ...fromTypes(
      tasks.flatMap(({ kind, dataType, contextType }) => (kind === 'message' ? [] : [dataType, contextType])),
    ),
  ];
}

function fromTypes(names: readonly (string | undefined)[]): readonly Import[] {
  return names.flatMap((name) => (name === undefined ? [] : [{ module: '.types', name }]));
}

const workflowDecorator = (type: string): string => pythonCall('', '@workflow.defn', [`name=${pyString(type)}`], 0);

const importText = (imports: readonly Import[]): string => printImports(imports).trimEnd();

function taskConstant({ kind, title, constant, code, dataType, contextType }: ProcessTask): string {
  const name = TASK_CLASSES[kind];
  const types = [dataType ?? UNTYPED_DICT, ...(contextType === undefined ? [] : [contextType])];
  const callee = kind === 'human' || kind === 'system' ? `${name}[${types.join(', ')}]` : name;
  const comment = repeatsName(title, constant) ? [] : [`# ${pyComment(title)}`];
  return [...comment, pythonCall(`${constant} = `, callee, [pyString(code)], 0)].join('\n');
}
