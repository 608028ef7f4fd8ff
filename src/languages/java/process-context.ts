import { isRecord } from '../../base/json.ts';
import { printableJson } from '../../base/printable-json.ts';
import { sampleDecision } from '../../process/sample.ts';
import { sampleForSchema } from '../../schema/example/example.ts';
import type { NamedSchema } from '../../schema/types.ts';
import { hasActivities, processActions } from '../process-actions.ts';
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
import { actionConstant, actionHandler, actionWorkflows } from './actions.ts';
import { callLines, declarationLines } from './calls.ts';
import { javaExample } from './examples.ts';
import { activityMembers, inputTypeOf } from './activities.ts';
import type { JavaLayout } from './layout.ts';
import { javaComment, javaDoc, javaString } from './literals.ts';
import { importLines } from './move-package.ts';
import { declareJavaTypes } from './record-types.ts';
import { JAVA_NAMING, UNTYPED } from './tasks.ts';
import { workflowStatement } from './workflow-statements.ts';
import { twoParts } from './wrap.ts';

/** The context of the templates of one process. */
export function javaProcessContext(process: ProcessToRender<JavaLayout>): object {
  const { definition, layout, isFirst } = process;
  const { prefix, processPackage } = layout;
  const tasks = processTasks(process, JAVA_NAMING);
  const { signals, workflows } = processActions(definition, JAVA_NAMING, { tasks });
  const typeImport = (type: string): string => `${processPackage}.${prefix}Types.${type}`;
  const typeImports = (types: readonly (string | undefined)[]): readonly string[] =>
    types.flatMap((type) => (type === undefined ? [] : [typeImport(type)]));
  const mapImport = (types: readonly (string | undefined)[]): readonly string[] =>
    types.includes(undefined) ? ['java.util.Map'] : [];

  const human = tasks.filter(({ kind }) => kind === 'human');
  const system = tasks.filter(({ kind }) => kind === 'system');
  const activities = processActivities(definition, tasks, workflows);
  const members = activities.map(activityMembers);
  const inputTypes = activities.flatMap(({ inputs }) => inputs.map(({ type }) => type));
  const resultTypes = system.map(({ dataType }) => dataType);
  const declared = declaredData(definition, tasks, signals);
  const { code: types, imports: declarationImports } = declareJavaTypes(declared);
  const variables = tasks.filter(({ isUsed, approval }) => isUsed || approval !== undefined);
  const approvals = human.filter(({ approval }) => approval !== undefined);
  const check = tasks.find(({ variable }) => approvals.some(({ approval }) => approval?.check === variable));
  const checkData = declared.find(({ name }) => name === check?.dataType);
  const accepts = check && checkData && acceptingCheck(check.activity, checkData, { prefix, processPackage });
  const ofActions = actionWorkflows(workflows, layout);
  const withdrawals = signals.filter(({ isWithdrawal }) => isWithdrawal);
  const result = sampleDecision(definition)?.result;

  return {
    processPackage: new Code(processPackage),
    prefix: new Code(prefix),
    definitionFile: layout.definitionFile,
    ...definitionContext(definition),
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
      ...(approvals.length > 0 ? ['kuflow.worker.model.LogLevel', 'java.time.Duration'] : []),
      ...(withdrawals.length > 0
        ? ['CancellationScope', 'CompletablePromise'].map((type) => `io.temporal.workflow.${type}`)
        : []),
      ...(withdrawals.length > 0 ? ['io.temporal.failure.TemporalFailure'] : []),
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
      hasComment: !repeatsName(task.title, task.variable),
      title: new Code(javaComment(task.title, 100)),
      statement: new Code(workflowStatement(task, prefix, checkData).join('\n')),
    })),
    activitiesImports: imports([
      'io.temporal.activity.ActivityInterface',
      'io.temporal.activity.ActivityMethod',
      'java.util.UUID',
      ...typeImports([...resultTypes, ...inputTypes]),
      ...mapImport(inputTypes),
      ...members.flatMap(({ resultImports }) => resultImports),
    ]),
    activityDeclarations: new Code(
      members
        .map(({ declaration }) => declaration)
        .join('\n')
        .trimEnd(),
    ),
    activitiesImplImports: imports([
      'kuflow.worker.KuFlowClient',
      'org.slf4j.Logger',
      'org.slf4j.LoggerFactory',
      'org.springframework.stereotype.Component',
      ...typeImports(resultTypes),
      ...members.flatMap(({ resultImports, workImports }) => [...resultImports, ...workImports]),
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
    hasSignalActions: signals.length > 0,
    actionsImports: imports([
      'kuflow.worker.workflow.SignalAction',
      ...typeImports(signals.map(({ input }) => input?.name)),
    ]),
    actionConstants: new Code(signals.map(actionConstant).join('\n\n')),
    handledActions: signals.filter(({ isWithdrawal }) => !isWithdrawal).map((action) => actionHandler(action, prefix)),
    hasWithdrawal: withdrawals.length > 0,
    withdrawals: withdrawals.map(({ constant }) => ({
      action: new Code(`${prefix}Actions.${constant}`),
      results: tasks
        .filter(({ code }) => code === result)
        .map((task) => ({ message: new Code(`${prefix}Tasks.${task.constant}`) })),
    })),
    hasActionWorkflows: workflows.length > 0,
    actionWorkflows: ofActions.views,
    actionWorkflowsImports: imports(ofActions.imports),
    schemas: new Code(printableJson(systemTaskSchemas(definition), true)),
    approvals: approvals.map(({ code }) => ({
      code,
      checks: accepts === undefined ? [] : [{ approval: code, prefix: new Code(prefix), ...accepts }],
    })),
    testImports: imports([
      'kuflow.worker.KuFlowOperations.ProcessItem.TaskState',
      ...['FakeKuFlow', 'Person', 'ProcessRun', 'Replay', 'SampleData'].map((type) => `kuflow.worker.testing.${type}`),
      ...(approvals.length > 0 ? ['kuflow.worker.testing.Person.TaskLog'] : []),
      ...(human.length === 0 ? [] : ['io.temporal.failure.ApplicationFailure']),
      ...(withdrawals.length > 0 ? ['java.time.Duration'] : []),
      ...(accepts?.imports ?? []),
      ...ofActions.testImports,
      'java.util.Map',
      'org.junit.jupiter.api.DisplayName',
      'org.junit.jupiter.api.Test',
    ]),
    sampleName: layout.sampleName,
    startRun: new Code(startRun(prefix, isFirst || hasActivities(definition)).join('\n')),
    sample: new Code(printableJson(testSample(definition), true)),
  };
}

function imports(types: readonly string[]): Code {
  return new Code(importLines(types));
}

function taskConstant({ kind, title, constant, code, dataType }: ProcessTask): string {
  const comment = repeatsName(title, constant) ? [] : [`    /** ${javaDoc(title, 100)} */`];
  const name = TASK_CLASSES[kind];
  const isUntyped = dataType === undefined && (kind === 'human' || kind === 'system');
  const type = kind === 'thread' ? name : `${name}<${dataType ?? UNTYPED}>`;
  const text = javaString(code);
  const create = {
    callee: isUntyped ? `${name}.untyped` : `new ${kind === 'thread' ? name : `${name}<>`}`,
    args: [text, ...(kind === 'message' || kind === 'thread' || dataType === undefined ? [] : [`${dataType}.class`])],
  };
  return [...comment, ...declarationLines(`public static final ${type}`, constant, create, 4)].join('\n');
}

/** The credit check of the sample process with a result that accepts, without its last line, and the types to import. */
function acceptingCheck(
  activity: string,
  data: NamedSchema,
  { prefix, processPackage }: { readonly prefix: string; readonly processPackage: string },
): { readonly accept: Code; readonly imports: readonly string[] } {
  const example = sampleForSchema(data.schema);
  const { code, imports: used } = javaExample({ ...(isRecord(example) ? example : {}), decision: 'ACCEPT' }, data, {
    indent: 16,
    before: 'return ',
    after: ';',
  });
  const input = inputTypeOf(activity);
  const header = callLines('', { callee: `public ${data.name} ${activity}`, args: [`${input} input`] }, ' {', 12);
  return {
    accept: new Code([...header, code].join('\n')),
    imports: [
      `${processPackage}.${prefix}Activities.${input}`,
      `${processPackage}.${prefix}Types.${data.name}`,
      ...used,
    ],
  };
}

/** The statement that starts a process in its test. */
function startRun(prefix: string, hasActivities: boolean): readonly string[] {
  const activities = { callee: `new ${prefix}ActivitiesImpl`, args: ['kuflow.client()'] };
  const args = [`${prefix}WorkflowImpl.class`, 'kuflow', ...(hasActivities ? [activities] : [])];
  return callLines('return ', { callee: 'ProcessRun.start', args }, ';', 8);
}
