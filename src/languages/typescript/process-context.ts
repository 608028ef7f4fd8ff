import { posix } from 'node:path';
import { capitalize, distinctName, identifier, wordSet } from '../../base/identifiers.ts';
import { isTsIdentifier, TS_RESERVED, tsString, tsValue } from './literals.ts';
import type { WorkerDefinition } from '../../process/definition.ts';
import type { ProcessToRender } from '../process-parts.ts';
import type { ProcessSpec } from '../project-spec.ts';
import { type Naming, repeatsName } from '../task-names.ts';
import { sampleDecision } from '../../process/sample.ts';
import { actionLog, hasActivities, processActions, type ProcessActions } from '../process-actions.ts';
import {
  declaredData,
  definitionContext,
  processActivities,
  processTasks,
  testSample,
  type ProcessTask,
} from '../process-tasks.ts';
import { Code, codeLines } from '../templates/code.ts';
import { renderActivity } from './activities.ts';
import { typeScriptLayout, type TypeScriptLayout } from './layout.ts';
import { REFERENCE_TYPES } from '../../schema/kuflow-formats.ts';
import { declarationOfSchema } from './schema-types.ts';

/** Names that generated identifiers must not use, because the templates declare or import them. */
export const RESERVED: ReadonlySet<string> = new Set([
  ...TS_RESERVED,
  ...wordSet(
    `kuflow request processId tasks actions signalAction isCancellation error handleTasks work activities log input createActivities task
    openProcess ownActivities human system message thread
    WorkflowRequest WorkflowResponse ActionRequest ActionResponse CancellationScope KuFlowProcess Metadata Entity Activities
    KuFlowActivities KuFlowClient`,
  ),
  ...REFERENCE_TYPES,
]);

export const TS_NAMING: Naming = {
  style: 'camel',
  reserved: RESERVED,
  isIdentifier: isTsIdentifier,
  key: (name) => name,
  typeName: capitalize,
  constantName: (variable) => variable,
};

/** `others`: additional processes, whose modules the first one's modules re-export. `validators`: from `renderValidators`. */
export function processContext(
  { definition, layout, choices }: Omit<ProcessToRender<TypeScriptLayout>, 'isFirst'>,
  { others, validators }: { readonly others: readonly ProcessSpec[]; readonly validators: string },
): object {
  const tasks = processTasks({ definition, choices }, TS_NAMING);
  const actions = processActions(definition, TS_NAMING, { tasks });
  const { signals, workflows } = actions;
  const activities = processActivities(definition, tasks, workflows);
  const checks = activities.flatMap(({ name, isCreditCheck, result }) =>
    isCreditCheck === true
      ? [{ activity: name, accepted: new Code(tsValue({ ...result?.example, decision: 'ACCEPT' }, 6)) }]
      : [],
  );
  const otherActivities = modulesOf(
    others.filter((process) => hasActivities(process.definition)),
    'activities',
    'Activities',
  );
  const declared = declaredData(definition, tasks, signals);
  const { answers, metadata } = testSample(definition);
  return {
    definitionFile: layout.definitionFile,
    tasksModule: new Code(tsString(`../${layout.tasks}`)),
    toProcess: new Code(layout.toProcess),
    otherWorkflows: modulesOf(others, 'workflow', 'Workflows'),
    hasOtherWorkflows: others.length > 0,
    otherActivities,
    activities: codeLines([
      ...(otherActivities.length === 0
        ? []
        : [otherActivities.map(({ name }) => `  ...${name}({ kuflow }),\n`).join('')]),
      ...activities.map(renderActivity),
    ]),
    ...definitionContext(definition),
    ...workflowView(definition.workflow.type),
    hasMetadata: definition.metadata !== undefined,
    tasks: tasks.map(taskView),
    approvals: tasks
      .filter(({ approval }) => approval !== undefined)
      .map(({ code }) => ({ code, checks: checks.map((check) => ({ ...check, approval: code })) })),
    ...actionsContext(definition, tasks, actions),
    typeNames: new Code(
      declared
        .map(({ name }) => name)
        .sort()
        .join(', '),
    ),
    validators: new Code(validators),
    declarations: codeLines(declared.map(({ name, schema }) => declarationOfSchema(name, schema))),
    fakeData: new Code(tsValue(answers, 0)),
    fakeMetadata: new Code(tsValue(metadata, 0)),
  };
}

function actionsContext(
  definition: WorkerDefinition,
  tasks: readonly ProcessTask[],
  { signals, withdrawals, handled, workflows }: ProcessActions,
): object {
  const result = sampleDecision(definition)?.result;
  const view = ({ code, title, variable, signal, input }: ProcessActions['signals'][number]) => ({
    ...{ code, title, variable, signal },
    hasComment: !repeatsName(title, variable),
    logText: actionLog(title),
    typeArguments: new Code(input === undefined ? '' : `<${input.name}>`),
    results: tasks.filter((task) => task.code === result),
  });
  const documents = workflows.flatMap(({ title, activity }) => (activity === undefined ? [] : [{ title, activity }]));
  return {
    actions: signals.map(view),
    hasActions: signals.length > 0,
    hasTasksOrActions: tasks.length + signals.length > 0,
    handledActions: handled.map(view),
    withdrawals: withdrawals.map(view),
    hasWithdrawal: withdrawals.length > 0,
    actionWorkflows: workflows.map(({ code, title, workflowType, activity = '' }) => ({
      ...{ code, title, workflowType, activity, isDownloadable: activity !== '' },
      logText: actionLog(title),
      testTitle: `runs the action ${title}`,
      ...workflowView(workflowType),
    })),
    hasActionWorkflows: workflows.length > 0,
    hasDocuments: documents.length > 0,
  };
}

/** The modules of additional processes, with a name for what is imported from each. */
export function modulesOf(
  processes: readonly ProcessSpec[],
  part: 'workflow' | 'activities' | 'validators',
  suffix: string,
): readonly { readonly name: string; readonly module: Code }[] {
  const used = new Set<string>();
  const folder = posix.dirname(typeScriptLayout().parts[part]);
  return processes.map(({ slug, definition }) => {
    const name = distinctName(identifier(definition.process.code, 'camel', RESERVED, 'process'), (one) =>
      used.has(one),
    );
    used.add(name);
    const path = posix.relative(folder, typeScriptLayout(slug).parts[part]);
    return { name: `${name}${suffix}`, module: new Code(tsString(path.startsWith('.') ? path : `./${path}`)) };
  });
}

function taskView(task: ProcessTask) {
  const { kind, title, variable, approval } = task;
  return {
    ...task,
    factory: new Code(kind),
    hasComment: !repeatsName(title, variable),
    isHuman: kind === 'human',
    isSystem: kind === 'system',
    isMessage: kind === 'message',
    isThread: kind === 'thread',
    typeArguments: new Code(typeArguments(task)),
    isApproval: approval !== undefined,
    approval: new Code(approval === undefined ? '' : approvalStatements(variable, approval)),
  };
}

/** The decision of the sample process. */
function approvalStatements(variable: string, { check, rejection }: NonNullable<ProcessTask['approval']>): string {
  const lines = [
    `const ${variable} = await kuflow.humanTask(tasks.${variable}, {`,
    "  deadline: '3 days',",
    "  onDeadline: (task) => task.log('No decision after three days', 'WARN'),",
    '});',
    `if (!${variable}.approved) {`,
    ...(rejection === undefined
      ? []
      : [`  await kuflow.message(tasks.${rejection}, { text: 'Your loan was not approved' });`]),
    '  return { message: `Process ${processId} completed: not approved` };',
    '}',
  ];
  const whole =
    check === undefined ? lines : [`if (${check}.decision === 'REVIEW') {`, ...lines.map((line) => `  ${line}`), '}'];
  return whole.map((line) => `  ${line}`).join('\n');
}

function typeArguments({ kind, dataType, contextType }: ProcessTask): string {
  const untyped = kind === 'system' ? 'Record<string, unknown>' : 'unknown';
  if (dataType === undefined && contextType === undefined) return kind === 'system' ? `<${untyped}>` : '';
  const first = dataType ?? untyped;
  return contextType === undefined ? `<${first}>` : `<${first}, ${contextType}>`;
}

/** A workflow type that is not a valid function name is exported under an alias: ES modules allow any string as an export name. */
function workflowView(type: string): object {
  const direct = isTsIdentifier(type) && !RESERVED.has(type);
  return {
    workflowFunction: direct ? type : identifier(type, 'pascal', RESERVED, 'workflow'),
    isDirectExport: direct,
    exportedName: new Code(direct ? type : tsString(type)),
  };
}
