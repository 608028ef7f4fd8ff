import { printableJson } from '../../base/printable-json.ts';
import type { ProcessToRender } from '../process-parts.ts';
import {
  declaredData,
  processActivities,
  processTasks,
  systemTaskSchemas,
  TASK_CLASSES,
  testSample,
  type ProcessTask,
} from '../process-tasks.ts';
import { Code } from '../templates/code.ts';
import { activityMethod, inputClass, pythonInputType } from './activities.ts';
import { declarePythonTypes } from './declarations.ts';
import { printImports, pythonImportsOf, type Import } from './imports.ts';
import { pythonCall } from './calls.ts';
import { pyComment, pyDoc, pyString } from './literals.ts';
import type { PythonLayout } from './process-layout.ts';
import { PYTHON_TASK_NAMING, UNTYPED_DICT } from './tasks.ts';
import { pythonStatement } from './workflow-statements.ts';

/** What workflow code imports from the library. */
const WORKFLOW_MODULE = 'kuflow_worker.workflow';

/** The context of the templates of one process. */
export function pythonProcessContext(process: ProcessToRender<PythonLayout>): object {
  const { definition, layout, isFirst } = process;
  const { prefix, packageName, part } = layout;
  const tasks = processTasks(process, PYTHON_TASK_NAMING);
  const human = tasks.filter(({ kind }) => kind === 'human');
  const system = tasks.filter(({ kind }) => kind === 'system');
  const activities = processActivities(definition, tasks);
  const activityTypes = [
    ...system.map(({ dataType }) => dataType),
    ...activities.flatMap(({ inputs }) => inputs.map(({ type }) => type)),
  ];
  const { code: types, imports: typeImports } = declarePythonTypes(declaredData(definition, tasks));
  const inputs = activities.map(inputClass).join('\n\n');
  const methods = activities.map(activityMethod).join('\n');
  const constants = tasks.map(taskConstant).join('\n');
  const withApproval = human.some(({ approval }) => approval !== undefined);
  const hasActivities = isFirst || system.length > 0;

  return {
    prefix: new Code(prefix),
    definitionFile: layout.definitionFile,
    processCode: definition.process.code,
    processDoc: new Code(pyDoc(definition.process.code, 50)),
    processTitle: definition.process.name ?? definition.process.code,
    workflowType: definition.workflow.type,
    taskQueue: definition.workflow.taskQueue,
    hasTasks: tasks.length > 0,
    hasHumanTasks: human.length > 0,
    hasSystemTasks: system.length > 0,
    hasActivities,
    withApproval,
    workflowImports: new Code(
      importText([
        ...(withApproval ? [{ module: 'datetime', name: 'timedelta' }] : []),
        ...['KuFlowProcess', 'WorkflowRequest', 'WorkflowResponse'].map((name) => ({ module: WORKFLOW_MODULE, name })),
        { module: 'temporalio', name: 'workflow' },
        ...(tasks.length === 0 ? [] : [{ module: '.', name: 'tasks' }]),
        ...(system.length === 0 ? [] : [{ module: '.activities', name: `${prefix}Activities` }]),
        ...system.map(({ activity }) => ({ module: '.activities', name: pythonInputType(activity) })),
        { module: '.types', name: 'Metadata' },
      ]),
    ),
    workflowDecorator: new Code(pythonCall('', '@workflow.defn', [`name=${pyString(definition.workflow.type)}`], 0)),
    steps: tasks.map((task) => ({
      title: new Code(pyComment(task.title)),
      statement: new Code(pythonStatement(task, prefix)),
    })),
    activityImports: new Code(
      importText([
        ...pythonImportsOf(inputs + methods),
        { module: 'temporalio', name: 'activity' },
        { module: 'kuflow_worker', name: 'KuFlowClient' },
        ...fromTypes(activityTypes),
      ]),
    ),
    activityInputs: new Code(inputs.trimEnd()),
    activityMethods: new Code(methods.trimEnd()),
    taskImports: new Code(importText(taskImports(tasks, constants))),
    taskConstants: new Code(constants),
    typeImports: new Code(importText(typeImports)),
    hasTypeImports: typeImports.length > 0,
    declarations: new Code(types.trimEnd()),
    schemas: new Code(printableJson(systemTaskSchemas(definition), true)),
    approvals: human.filter(({ approval }) => approval !== undefined),
    testImports: new Code(
      testImports({ withApproval, hasHumanTasks: human.length > 0 }, [
        ...(hasActivities ? [{ module: `${packageName}.${part}.activities`, name: `${prefix}Activities` }] : []),
        { module: `${packageName}.${part}.workflow`, name: `${prefix}Workflow` },
      ]),
    ),
    sampleFile: `${layout.sampleName}.json`,
    sample: new Code(printableJson(testSample(definition), true)),
  };
}

function taskImports(tasks: readonly ProcessTask[], constants: string): readonly Import[] {
  return [
    ...pythonImportsOf(constants),
    ...tasks.map(({ kind }) => ({ module: WORKFLOW_MODULE, name: TASK_CLASSES[kind] })),
    ...fromTypes(
      tasks.flatMap(({ kind, dataType, contextType }) => (kind === 'message' ? [] : [dataType, contextType])),
    ),
  ];
}

/** The imports of a test module: Python's, those of packages, and those of the project. */
function testImports(
  { withApproval, hasHumanTasks }: { readonly withApproval: boolean; readonly hasHumanTasks: boolean },
  own: readonly Import[],
): string {
  const tools = ['FakeKuFlow', 'ProcessRun', 'read_sample', 'replay', 'start_process'];
  const groups = [
    importText([
      { module: 'pathlib', name: 'Path' },
      ...(withApproval ? [{ module: 'collections.abc', name: 'Sequence' }] : []),
    ]),
    (hasHumanTasks ? 'import pytest\n' : '') +
      importText([
        ...[...tools, ...(withApproval ? ['Answer', 'TaskLog'] : [])].map((name) => ({
          ...{ module: 'kuflow_worker.testing', name },
        })),
        { module: 'temporalio.testing', name: 'WorkflowEnvironment' },
        ...(hasHumanTasks
          ? [
              { module: 'temporalio.client', name: 'WorkflowFailureError' },
              { module: 'temporalio.exceptions', name: 'ApplicationError' },
            ]
          : []),
      ]),
    importText(own),
  ];
  return groups.join('\n\n');
}

function fromTypes(names: readonly (string | undefined)[]): readonly Import[] {
  return names.flatMap((name) => (name === undefined ? [] : [{ module: '.types', name }]));
}

const importText = (imports: readonly Import[]): string => printImports(imports).trimEnd();

function taskConstant({ kind, title, constant, code, dataType, contextType }: ProcessTask): string {
  const name = TASK_CLASSES[kind];
  const types = [dataType ?? UNTYPED_DICT, ...(contextType === undefined ? [] : [contextType])];
  const callee = kind === 'human' || kind === 'system' ? `${name}[${types.join(', ')}]` : name;
  return [`# ${pyComment(title)}`, pythonCall(`${constant} = `, callee, [pyString(code)], 0)].join('\n');
}
