import { isRecord } from '../../base/json.ts';
import type { DataShape, ProcessDefinition } from '../../process/definition.ts';
import { sampleForSchema } from '../../process/examples/schema.ts';
import { printableJson } from '../../text/json.ts';
import type { TaskChoices } from '../project-spec.ts';
import { sampleAnswers } from '../sample-answers.ts';
import { Code } from '../templates/code.ts';
import { callLines, declarationLines } from './calls.ts';
import { activityMembers, inputTypeOf, plainActivity, type JavaActivity } from './activities.ts';
import type { JavaLayout } from './layout.ts';
import { javaComment, javaDoc, javaString } from './literals.ts';
import { importLines, moveType } from './move-package.ts';
import { declareJavaTypes } from './record-types.ts';
import { javaTasks, UNTYPED, type JavaTask } from './tasks.ts';
import { workflowStatement } from './workflow-statements.ts';
import { twoParts } from './wrap.ts';

export interface JavaProcess {
  readonly definition: ProcessDefinition;
  readonly layout: JavaLayout;
  readonly choices: TaskChoices;
  /** Whether it is the first process, which has example activities even without system tasks. */
  readonly isFirst: boolean;
}

/** The context of the templates of one process. */
export function javaProcessContext(process: JavaProcess): object {
  const { definition, layout, isFirst } = process;
  const { prefix, basePackage, processPackage } = layout;
  const kuflow = `${basePackage}.kuflow`;
  const tasks = javaTasks(process);
  const typeImport = (type: string): string => `${processPackage}.${prefix}Types.${type}`;
  const typeImports = (types: readonly (string | undefined)[]): readonly string[] =>
    types.flatMap((type) => (type === undefined ? [] : [typeImport(type)]));
  const mapImport = (types: readonly (string | undefined)[]): readonly string[] =>
    types.includes(undefined) ? ['java.util.Map'] : [];

  const human = tasks.filter(({ kind }) => kind === 'human');
  const system = tasks.filter(({ kind }) => kind === 'system');
  const activities = javaActivities(process, tasks);
  const members = activities.map(activityMembers);
  const inputTypes = activities.flatMap(({ inputs }) => inputs.map(({ type }) => type));
  const resultTypes = system.map(({ dataType }) => dataType);
  const declared = declarations(definition, tasks);
  const { code: types, imports: declarationImports } = declareJavaTypes(declared);
  const withApproval = human.some(({ isApproval }) => isApproval);
  const variables = human.filter(({ isUsed, isApproval }) => isUsed || isApproval);

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
      `${kuflow}.workflow.WorkflowRequest`,
      `${kuflow}.workflow.WorkflowResponse`,
      'io.temporal.workflow.WorkflowInterface',
      'io.temporal.workflow.WorkflowMethod',
    ]),
    workflowImplImports: imports([
      `${kuflow}.workflow.KuFlowProcess`,
      `${kuflow}.workflow.WorkflowRequest`,
      `${kuflow}.workflow.WorkflowResponse`,
      'io.temporal.workflow.Workflow',
      'io.temporal.workflow.WorkflowInit',
      'java.util.UUID',
      'org.slf4j.Logger',
      ...(withApproval ? [`${kuflow}.model.LogLevel`, 'java.time.Duration'] : []),
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
      `${kuflow}.model.Process`,
      `${kuflow}.rest.KuFlowClient`,
      'org.slf4j.Logger',
      'org.slf4j.LoggerFactory',
      'org.springframework.stereotype.Component',
      ...typeImports(resultTypes),
      ...mapImport(system.length === 0 ? [undefined] : resultTypes),
      ...members.flatMap(({ imports: used }) => used.map((type) => moveType(type, basePackage))),
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
        .map((kind) => `${kuflow}.workflow.${TASK_CLASSES[kind]}`),
      ...typeImports(tasks.map(({ dataType }) => dataType)),
      ...mapImport(tasks.filter(({ kind }) => kind !== 'thread').map(({ dataType }) => dataType)),
    ]),
    taskConstants: new Code(tasks.map(taskConstant).join('\n\n')),
    typesImports: imports(declarationImports.map((type) => moveType(type, basePackage))),
    declarations: new Code(types.trimEnd()),
    schemas: new Code(printableJson(schemasOf(definition), true)),
    approvals: human.filter(({ isApproval }) => isApproval),
    testImports: imports([
      `${kuflow}.model.ProcessItem.TaskState`,
      ...['FakeKuFlow', 'Person', 'ProcessRun', 'Replay', 'SampleData'].map((type) => `${kuflow}.testing.${type}`),
      ...(withApproval ? [`${kuflow}.testing.Person.TaskLog`] : []),
      ...(human.length === 0 ? [] : ['io.temporal.failure.ApplicationFailure']),
      'java.util.Map',
      'org.junit.jupiter.api.DisplayName',
      'org.junit.jupiter.api.Test',
    ]),
    sampleName: layout.sampleName,
    startRun: new Code(startRun(prefix, isFirst || system.length > 0).join('\n')),
    sample: new Code(printableJson(sampleOf(definition), true)),
  };
}

const TASK_CLASSES = {
  human: 'HumanTask',
  system: 'SystemTask',
  message: 'MessageTask',
  thread: 'ThreadTask',
} as const;

function imports(types: readonly string[]): Code {
  return new Code(importLines(types));
}

function javaActivities({ definition }: JavaProcess, tasks: readonly JavaTask[]): readonly JavaActivity[] {
  const system = tasks.filter(({ kind }) => kind === 'system');
  if (system.length === 0) return [plainActivity('example')];
  return system.map(({ code, activity, title, inputs, dataType }) => {
    const schema = definition.tasks.find((task) => task.code === code)?.data?.schema;
    const example = schema === undefined ? {} : sampleForSchema(schema);
    return {
      name: activity,
      task: title,
      inputs,
      result:
        dataType === undefined || schema === undefined
          ? undefined
          : { name: dataType, schema, example: isRecord(example) ? example : {} },
    };
  });
}

function taskConstant({ kind, title, constant, code, dataType }: JavaTask): string {
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

function declarations(definition: ProcessDefinition, tasks: readonly JavaTask[]) {
  const declare = (name: string | undefined, shape: DataShape | undefined) =>
    name === undefined || shape === undefined ? [] : [{ name, schema: shape.schema }];
  return [
    ...declare('Metadata', definition.metadata ?? { schema: { type: 'object' } }),
    ...declare('Entity', definition.entity),
    ...definition.tasks.flatMap((task, index) => [
      ...declare(tasks[index]?.dataType, task.data),
      ...declare(tasks[index]?.contextType, task.contextData),
    ]),
  ];
}

/** The schemas of the data of system tasks, by workflow type and task code. */
function schemasOf({ tasks, workflow }: ProcessDefinition) {
  const schemas = tasks.flatMap(({ kind, code, data }) =>
    kind === 'system' && data !== undefined ? [[code, data.schema] as const] : [],
  );
  return { [workflow.type]: Object.fromEntries(schemas) };
}

/** The data of the test of the process. */
function sampleOf(definition: ProcessDefinition) {
  return {
    items: definition.tasks.map(({ code }) => code),
    answers: sampleAnswers(definition),
    metadata: definition.metadata === undefined ? {} : sampleForSchema(definition.metadata.schema),
  };
}

/** The statement that starts a process in its test. */
function startRun(prefix: string, hasActivities: boolean): readonly string[] {
  const activities = { callee: `new ${prefix}ActivitiesImpl`, args: ['kuflow.client()'] };
  const args = [`${prefix}WorkflowImpl.class`, 'kuflow', ...(hasActivities ? [activities] : [])];
  return callLines('return ', { callee: 'ProcessRun.start', args }, ';', 8);
}
