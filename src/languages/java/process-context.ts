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
import { callLines, declarationLines } from './calls.ts';
import { activityMembers, inputTypeOf } from './activities.ts';
import type { JavaLayout } from './layout.ts';
import { javaComment, javaDoc, javaString } from './literals.ts';
import { importLines } from './move-package.ts';
import { declareJavaTypes } from './record-types.ts';
import { JAVA_TASK_NAMING, UNTYPED } from './tasks.ts';
import { workflowStatement } from './workflow-statements.ts';
import { twoParts } from './wrap.ts';

/** The context of the templates of one process. */
export function javaProcessContext(process: ProcessToRender<JavaLayout>): object {
  const { definition, layout, isFirst } = process;
  const { prefix, processPackage } = layout;
  const tasks = processTasks(process, JAVA_TASK_NAMING);
  const typeImport = (type: string): string => `${processPackage}.${prefix}Types.${type}`;
  const typeImports = (types: readonly (string | undefined)[]): readonly string[] =>
    types.flatMap((type) => (type === undefined ? [] : [typeImport(type)]));
  const mapImport = (types: readonly (string | undefined)[]): readonly string[] =>
    types.includes(undefined) ? ['java.util.Map'] : [];

  const human = tasks.filter(({ kind }) => kind === 'human');
  const system = tasks.filter(({ kind }) => kind === 'system');
  const activities = processActivities(definition, tasks);
  const members = activities.map(activityMembers);
  const inputTypes = activities.flatMap(({ inputs }) => inputs.map(({ type }) => type));
  const resultTypes = system.map(({ dataType }) => dataType);
  const declared = declaredData(definition, tasks);
  const { code: types, imports: declarationImports } = declareJavaTypes(declared);
  const withApproval = human.some(({ approval }) => approval !== undefined);
  const variables = human.filter(({ isUsed, approval }) => isUsed || approval !== undefined);

  return {
    processPackage: new Code(processPackage),
    prefix: new Code(prefix),
    definitionFile: layout.definitionFile,
    processCode: definition.process.code,
    processTitle: definition.process.name ?? definition.process.code,
    workflowType: definition.workflow.type,
    taskQueue: definition.workflow.taskQueue,
    hasTasks: tasks.length > 0,
    hasHumanTasks: human.length > 0,
    hasSystemTasks: system.length > 0,
    workflowImports: imports([
      'kuflow.worker.workflow.WorkflowRequest',
      'kuflow.worker.workflow.WorkflowResponse',
      'io.temporal.workflow.WorkflowInterface',
      'io.temporal.workflow.WorkflowMethod',
    ]),
    workflowImplImports: imports([
      'kuflow.worker.workflow.KuFlowProcess',
      'kuflow.worker.workflow.WorkflowRequest',
      'kuflow.worker.workflow.WorkflowResponse',
      'io.temporal.workflow.Workflow',
      'io.temporal.workflow.WorkflowInit',
      'java.util.UUID',
      'org.slf4j.Logger',
      ...(withApproval ? ['kuflow.worker.model.LogLevel', 'java.time.Duration'] : []),
      ...system.map(({ activity }) => `${processPackage}.${prefix}Activities.${inputTypeOf(activity)}`),
      ...typeImports(variables.map(({ dataType }) => dataType)),
      ...mapImport(variables.map(({ dataType }) => dataType)),
    ]),
    activitiesField: new Code(
      twoParts(
        `private final ${prefix}Activities activities =`,
        `KuFlowProcess.activities(${prefix}Activities.class);`,
        4,
      ).join('\n'),
    ),
    steps: tasks.map((task) => ({
      title: new Code(javaComment(task.title, 100)),
      statement: new Code(workflowStatement(task, prefix).join('\n')),
    })),
    activitiesImports: imports([
      'io.temporal.activity.ActivityInterface',
      'io.temporal.activity.ActivityMethod',
      'java.util.UUID',
      ...typeImports([...resultTypes, ...inputTypes]),
      ...mapImport(system.length === 0 ? [undefined] : [...resultTypes, ...inputTypes]),
    ]),
    activityDeclarations: new Code(
      members
        .map(({ declaration }) => declaration)
        .join('\n')
        .trimEnd(),
    ),
    activitiesImplImports: imports([
      'kuflow.worker.KuFlowOperations.Process',
      'kuflow.worker.KuFlowClient',
      'org.slf4j.Logger',
      'org.slf4j.LoggerFactory',
      'org.springframework.stereotype.Component',
      ...typeImports(resultTypes),
      ...mapImport(system.length === 0 ? [undefined] : resultTypes),
      ...members.flatMap(({ imports: used }) => used),
    ]),
    activityImplementations: new Code(
      members
        .map(({ implementation }) => implementation)
        .join('\n')
        .trimEnd(),
    ),
    tasksImports: imports([
      ...(['human', 'system', 'message', 'thread'] as const)
        .filter((kind) => tasks.some((task) => task.kind === kind))
        .map((kind) => `kuflow.worker.workflow.${TASK_CLASSES[kind]}`),
      ...typeImports(tasks.map(({ dataType }) => dataType)),
      ...mapImport(tasks.filter(({ kind }) => kind !== 'thread').map(({ dataType }) => dataType)),
    ]),
    taskConstants: new Code(tasks.map(taskConstant).join('\n\n')),
    typesImports: imports(declarationImports),
    declarations: new Code(types.trimEnd()),
    schemas: new Code(printableJson(systemTaskSchemas(definition), true)),
    approvals: human.filter(({ approval }) => approval !== undefined),
    testImports: imports([
      'kuflow.worker.KuFlowOperations.ProcessItem.TaskState',
      ...['FakeKuFlow', 'Person', 'ProcessRun', 'Replay', 'SampleData'].map((type) => `kuflow.worker.testing.${type}`),
      ...(withApproval ? ['kuflow.worker.testing.Person.TaskLog'] : []),
      ...(human.length === 0 ? [] : ['io.temporal.failure.ApplicationFailure']),
      'java.util.Map',
      'org.junit.jupiter.api.DisplayName',
      'org.junit.jupiter.api.Test',
    ]),
    sampleName: layout.sampleName,
    startRun: new Code(startRun(prefix, isFirst || system.length > 0).join('\n')),
    sample: new Code(printableJson(testSample(definition), true)),
  };
}

function imports(types: readonly string[]): Code {
  return new Code(importLines(types));
}

function taskConstant({ kind, title, constant, code, dataType }: ProcessTask): string {
  const about = javaDoc(title, 100);
  const name = TASK_CLASSES[kind];
  const isUntyped = dataType === undefined && (kind === 'human' || kind === 'system');
  const type = kind === 'thread' ? name : `${name}<${dataType ?? UNTYPED}>`;
  const text = javaString(code);
  const create = {
    callee: isUntyped ? `${name}.untyped` : `new ${kind === 'thread' ? name : `${name}<>`}`,
    args: [text, ...(kind === 'message' || kind === 'thread' || dataType === undefined ? [] : [`${dataType}.class`])],
  };
  return [`    /** ${about} */`, ...declarationLines(`public static final ${type}`, constant, create, 4)].join('\n');
}

/** The statement that starts a process in its test. */
function startRun(prefix: string, hasActivities: boolean): readonly string[] {
  const activities = { callee: `new ${prefix}ActivitiesImpl`, args: ['kuflow.client()'] };
  const args = [`${prefix}WorkflowImpl.class`, 'kuflow', ...(hasActivities ? [activities] : [])];
  return callLines('return ', { callee: 'ProcessRun.start', args }, ';', 8);
}
