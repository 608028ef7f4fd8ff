import { isRecord } from '../../base/json.ts';
import { printableJson } from '../../base/escape.ts';
import { sampleDecision } from '../../process/sample.ts';
import { sampleForSchema } from '../../schema/example/example.ts';
import type { NamedSchema } from '../../schema/code-types.ts';
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
import { Code, codeLines } from '../templates/code.ts';
import { repeatsName } from '../task-names.ts';
import { actionConstant, actionHandler, actionWorkflows } from './actions.ts';
import { javaExample } from './examples.ts';
import { activityMembers, inputTypeOf } from './activities.ts';
import type { JavaLayout } from './layout.ts';
import { javaComment, javaDoc, javaString, JAVA_NAMING, UNTYPED } from './literals.ts';
import { importLines } from './move-package.ts';
import { declareJavaTypes } from './record-types.ts';
import { workflowStatement } from './workflow-statements.ts';
import { callLines, declarationLines, twoParts } from './wrap.ts';

export function javaProcessContext(process: ProcessToRender<JavaLayout>): object {
  const { definition, layout, isFirst } = process;
  const { prefix, processPackage } = layout;
  const tasks = processTasks(process, JAVA_NAMING);
  const { signals, withdrawals, handled, workflows } = processActions(definition, JAVA_NAMING, { tasks });
  /** `types`: those that the class with this part of the process contains. */
  const importsOf = (part: string, types: readonly { readonly name: string }[]): Code =>
    new Code(importLines(types.map(({ name }) => `${processPackage}.${prefix}${part}.${name}`)));

  const activities = processActivities(definition, tasks, workflows);
  const members = activities.map(activityMembers);
  const inputTypes = activities.map(({ name }) => ({ name: inputTypeOf(name) }));
  const declared = declaredData(definition, tasks, signals);
  const approvals = tasks.filter(({ approval }) => approval !== undefined);
  const check = tasks.find(({ variable }) => approvals.some(({ approval }) => approval?.check === variable));
  const checkData = declared.find(({ name }) => name === check?.dataType);
  const accepts = check && checkData && acceptingCheck(check.activity, checkData);
  const actionViews = actionWorkflows(workflows, prefix);
  const result = sampleDecision(definition)?.result;

  return {
    processPackage: new Code(processPackage),
    prefix: new Code(prefix),
    definitionFile: layout.definitionFile,
    ...definitionContext(definition),
    // Without the inputs of user actions: an activity may have an input of the same name.
    dataImports: importsOf('Types', declaredData(definition, tasks)),
    typeImports: importsOf('Types', declared),
    activityImports: importsOf('Activities', inputTypes),
    actionImports: importsOf('ActionWorkflows', actionViews),
    activitiesField: codeLines(
      twoParts(
        `private final ${prefix}Activities activities =`,
        `KuFlowProcess.activities(${prefix}Activities.class);`,
        4,
      ),
    ),
    steps: tasks.map((task) => ({
      hasComment: !repeatsName(task.title, task.variable),
      title: new Code(javaComment(task.title, 100)),
      statement: codeLines(workflowStatement(task, prefix, checkData)),
    })),
    activityDeclarations: codeLines(members.map(({ declaration }) => declaration)),
    activityImplementations: codeLines(members.map(({ implementation }) => implementation)),
    taskConstants: new Code(tasks.map(taskConstant).join('\n\n')),
    declarations: new Code(declareJavaTypes(declared).trimEnd()),
    hasSignalActions: signals.length > 0,
    actionConstants: new Code(signals.map(actionConstant).join('\n\n')),
    handledActions: handled.map((action) => actionHandler(action, prefix)),
    hasWithdrawal: withdrawals.length > 0,
    withdrawals: withdrawals.map(({ constant }) => ({
      action: new Code(`${prefix}Actions.${constant}`),
      results: tasks
        .filter(({ code }) => code === result)
        .map((task) => ({ message: new Code(`${prefix}Tasks.${task.constant}`) })),
    })),
    hasActionWorkflows: workflows.length > 0,
    actionWorkflows: actionViews,
    schemas: new Code(printableJson(systemTaskSchemas(definition), true)),
    approvals: approvals.map(({ code }) => ({
      code,
      checks: accepts === undefined ? [] : [{ approval: code, prefix: new Code(prefix), accept: accepts }],
    })),
    sampleName: layout.sampleName,
    startRun: codeLines(startRun(prefix, isFirst || hasActivities(definition))),
    sample: new Code(printableJson(testSample(definition), true)),
  };
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

/** The credit check of the sample process with a result that accepts, without its last line. */
function acceptingCheck(activity: string, data: NamedSchema): Code {
  const example = sampleForSchema(data.schema);
  const code = javaExample({ ...(isRecord(example) ? example : {}), decision: 'ACCEPT' }, data, {
    indent: 16,
    before: 'return ',
    after: ';',
  });
  const args = [`${inputTypeOf(activity)} input`];
  const header = callLines('', { callee: `public ${data.name} ${activity}`, args }, ' {', 12);
  return codeLines([...header, code]);
}

function startRun(prefix: string, hasActivities: boolean): readonly string[] {
  const activities = { callee: `new ${prefix}ActivitiesImpl`, args: ['kuflow.client()'] };
  const args = [`${prefix}WorkflowImpl.class`, 'kuflow', ...(hasActivities ? [activities] : [])];
  return callLines('return ', { callee: 'ProcessRun.start', args }, ';', 8);
}
