import { posix } from 'node:path';
import { capitalize, distinctName, identifier } from '../../base/identifiers.ts';
import { isTsIdentifier, TS_RESERVED, tsString, tsValue } from './literals.ts';
import type { DataShape, WorkerDefinition, TaskDefinition } from '../../process/definition.ts';
import { sampleForSchema } from '../../schema/example/example.ts';
import { choiceOf, type AdditionalProcess, type TaskChoices } from '../project-spec.ts';
import { nameTasks, systemTaskInputs, taskTitle, type NamedTask, type Naming, type TaskNaming } from '../task-names.ts';
import { sampleDecision } from '../../process/sample.ts';
import { hasActivities, processActions, type ProcessActions } from '../process-actions.ts';
import { APPROVED, readmeTasks } from '../process-tasks.ts';
import { sampleAnswers } from '../sample-answers.ts';
import { Code } from '../templates/code.ts';
import { repeatsName } from '../titles.ts';
import { documentActivity, plainActivity, renderActivity, taskActivity, type ActivityText } from './activities.ts';
import { fitsLiteralType } from './literal-types.ts';
import { typeScriptLayout, type TypeScriptLayout } from './layout.ts';
import { REFERENCE_TYPES } from '../../schema/formats.ts';
import { declarationOfSchema } from './schema-types.ts';

// Names that the templates declare or import.
const TEMPLATE_NAMES = [
  'kuflow',
  'request',
  'processId',
  'tasks',
  'actions',
  'signalAction',
  'isCancellation',
  'error',
  'handleTasks',
  'work',
  'activities',
  'log',
  'input',
  'createActivities',
  'task',
  'openProcess',
  'ownActivities',
  'human',
  'system',
];
const TEMPLATE_TYPES = [
  'WorkflowRequest',
  'WorkflowResponse',
  'ActionRequest',
  'ActionResponse',
  'CancellationScope',
  'KuFlowProcess',
  'Metadata',
  'Entity',
  'Activities',
  'KuFlowActivities',
  'KuFlowClient',
  ...REFERENCE_TYPES,
];
/** Names that generated identifiers must not use. */
export const RESERVED: ReadonlySet<string> = new Set([
  ...TS_RESERVED,
  ...TEMPLATE_NAMES,
  ...TEMPLATE_TYPES,
  'message',
  'thread',
]);

/** Names of variables and types in TypeScript. */
export const TS_NAMING: Naming = {
  style: 'camel',
  reserved: RESERVED,
  isIdentifier: isTsIdentifier,
  key: (name) => name,
};

const TS_TASK_NAMING: TaskNaming = { naming: TS_NAMING, typeName: capitalize, constantName: (variable) => variable };

export interface ProcessTemplateInput {
  readonly definition: WorkerDefinition;
  readonly layout: TypeScriptLayout;
  readonly choices: TaskChoices;
  /** Additional processes, whose workflows and activities the modules of the first process include. */
  readonly others?: readonly AdditionalProcess[];
  /** From `renderValidators`. */
  readonly validators: string;
}

/** The context of the templates of one process. */
export function processContext(input: ProcessTemplateInput): object {
  const { definition, layout, choices, others = [] } = input;
  const tasks = taskViews(definition, choices);
  const actions = processActions(definition, TS_TASK_NAMING, { tasks });
  const declarations = renderDeclarations(definition, tasks, actions);
  const typeImports = listTypeImports(tasks, actions);
  const otherActivities = modulesOf(
    others.filter((process) => hasActivities(process.definition)),
    'activities',
    'Activities',
  );
  return {
    definitionFile: layout.definitionFile,
    tasksModule: new Code(tsString(`../${layout.tasks}`)),
    toProcess: new Code(layout.toProcess),
    otherWorkflows: modulesOf(others, 'workflows', 'Workflows'),
    hasOtherWorkflows: others.length > 0,
    otherActivities,
    activities: new Code(
      [
        ...(otherActivities.length === 0
          ? []
          : [otherActivities.map(({ name }) => `  ...${name}({ kuflow }),\n`).join('')]),
        ...activityTexts(tasks, actions).map(renderActivity),
      ]
        .join('\n')
        .trimEnd(),
    ),
    processCode: definition.process.code,
    processTitle: definition.process.name ?? definition.process.code,
    workflowType: definition.workflow.type,
    taskQueue: definition.workflow.taskQueue,
    ...readmeTasks(definition),
    ...workflowView(definition.workflow.type),
    hasMetadata: definition.metadata !== undefined,
    tasks,
    hasTasks: tasks.length > 0,
    approvals: tasks.filter(({ isApproval }) => isApproval),
    ...actionsContext(definition, tasks, actions),
    hasHumanTasks: tasks.some(({ isHuman }) => isHuman),
    hasSystemTasks: tasks.some(({ isSystem }) => isSystem),
    factories: new Code(
      [...new Set([...tasks.map(({ kind }) => kind), ...actions.signals.map(() => 'signalAction')])].sort().join(', '),
    ),
    typeImports: new Code(typeImports.join(', ')),
    hasTypeImports: typeImports.length > 0,
    validators: new Code(input.validators),
    declarations: new Code(declarations.texts.join('\n').trimEnd()),
    valueTypes: new Code(declarations.valueTypes.join(', ')),
    hasValueTypes: declarations.valueTypes.length > 0,
    activityTypeImports: new Code(listActivityTypes(tasks).join(', ')),
    hasActivityTypes: listActivityTypes(tasks).length > 0,
    fakeData: new Code(tsValue(sampleAnswers(definition), 0)),
    fakeMetadata: new Code(
      tsValue(definition.metadata === undefined ? {} : sampleForSchema(definition.metadata.schema), 0),
    ),
  };
}

function actionsContext(
  definition: WorkerDefinition,
  tasks: readonly TaskView[],
  { signals, workflows }: ProcessActions,
): object {
  const result = sampleDecision(definition)?.result;
  const view = ({ code, title, variable, signal, input, isWithdrawal }: ProcessActions['signals'][number]) => ({
    ...{ code, title, variable, signal, isWithdrawal },
    logText: `User action: ${title}`,
    typeArguments: new Code(input === undefined ? '' : `<${input.name}>`),
    results: tasks.filter((task) => task.code === result),
  });
  const documents = workflows.flatMap(({ title, activity }) => (activity === undefined ? [] : [{ title, activity }]));
  return {
    actions: signals.map(view),
    hasActions: signals.length > 0,
    hasTasksOrActions: tasks.length + signals.length > 0,
    handledActions: signals.filter(({ isWithdrawal }) => !isWithdrawal).map(view),
    withdrawals: signals.filter(({ isWithdrawal }) => isWithdrawal).map(view),
    hasWithdrawal: signals.some(({ isWithdrawal }) => isWithdrawal),
    actionWorkflows: workflows.map(({ code, title, workflowType, activity = '' }) => ({
      ...{ code, title, workflowType, activity, isDownloadable: activity !== '' },
      logText: `User action: ${title}`,
      testTitle: `runs the action ${title}`,
      ...workflowView(workflowType),
    })),
    hasActionWorkflows: workflows.length > 0,
    hasDocuments: documents.length > 0,
    hasPlainActionWorkflows: workflows.length > documents.length,
  };
}

/** The modules of additional processes, with a name for what is imported from each. */
export function modulesOf(
  processes: readonly AdditionalProcess[],
  part: 'workflows' | 'activities' | 'validators',
  suffix: string,
): readonly { readonly name: string; readonly module: Code }[] {
  const used = new Set<string>();
  const folder = posix.dirname(typeScriptLayout()[part]);
  return processes.map(({ slug, definition }) => {
    const name = distinctName(identifier(definition.process.code, 'camel', RESERVED, 'process'), (one) =>
      used.has(one),
    );
    used.add(name);
    return {
      name: `${name}${suffix}`,
      module: new Code(tsString(relativeModule(folder, typeScriptLayout(slug)[part]))),
    };
  });
}

function relativeModule(folder: string, path: string): string {
  const relative = posix.relative(folder, path);
  return relative.startsWith('.') ? relative : `./${relative}`;
}

export const hasSystemTasks = ({ definition }: { readonly definition: WorkerDefinition }): boolean =>
  definition.tasks.some(({ kind }) => kind === 'system');

/** The credit check of the sample process. */
interface CheckView {
  readonly activity: string;
  /** The code of the task that is left out if the check accepts. */
  readonly approval: string;
  /** A result that accepts. */
  readonly accepted: Code;
}

interface TaskView {
  readonly kind: TaskDefinition['kind'];
  readonly factory: Code;
  readonly code: string;
  readonly title: string;
  /** Whether the title says more than the variable. */
  readonly hasComment: boolean;
  readonly variable: string;
  readonly isHuman: boolean;
  readonly isSystem: boolean;
  readonly isMessage: boolean;
  readonly isThread: boolean;
  readonly dataType: string | undefined;
  readonly contextType: string | undefined;
  readonly typeArguments: Code;
  /** Whether this is the approval of the sample process, whose workflow decides on its data. */
  readonly isApproval: boolean;
  /** The statements of the approval. */
  readonly approval: Code;
  /** The system task whose result says whether a person has to approve, if any. */
  readonly checks: readonly CheckView[];
  /** The text of a message. */
  readonly text: string;
  /** Whether the workflow uses the data of this task later. */
  readonly isUsed: boolean;
  /** The activity of a system task. */
  readonly activity: string;
  readonly resultType: Code;
  readonly inputs: readonly { readonly variable: string; readonly type: Code }[];
  readonly example: Code;
  /** Whether the example needs a cast to its type. */
  readonly isCast: boolean;
}

/** The identifiers of each task in the code of its process. */
export function taskNames(definition: WorkerDefinition, choices: TaskChoices) {
  return taskViews(definition, choices).map(({ code, variable, activity, dataType, contextType }) => ({
    ...{ code, variable, activity },
    types: [dataType, contextType].filter((type) => type !== undefined),
  }));
}

function taskViews(definition: WorkerDefinition, choices: TaskChoices): readonly TaskView[] {
  const named = nameTasks(definition, choices, TS_NAMING);
  const plain = definition.tasks.map((task) => {
    const { name: variable } = choiceOf(named, task.code) as NamedTask;
    const type = capitalize(variable);
    const data = task.data === undefined || task.kind === 'thread' ? undefined : `${type}Data`;
    const context = task.contextData === undefined || !hasContext(task) ? undefined : `${type}Context`;
    return { task, variable, type, data, context, activity: choiceOf(choices, task.code).activity ?? variable };
  });
  const inputsOf = (index: number) => {
    const codesOfInputs = systemTaskInputs(definition, index, choices);
    return plain.slice(0, index).filter(({ task }) => codesOfInputs.includes(task.code));
  };
  const decision = sampleDecision(definition);
  const find = (code: string | undefined) => plain.find(({ task }) => task.code === code);
  const check = find(decision?.check);
  const rejection = find(decision?.result);
  const checks: readonly CheckView[] =
    check === undefined || decision === undefined
      ? []
      : [
          {
            ...{ activity: check.activity, approval: decision.approval },
            accepted: new Code(tsValue({ ...sampleForSchema(check.task.data?.schema ?? {}), decision: 'ACCEPT' }, 6)),
          },
        ];
  const used = new Set([...plain.flatMap(({ task }, index) => (task.kind === 'system' ? inputsOf(index) : [])), check]);

  return plain.map((entry, index): TaskView => {
    const { task, variable, data, context, activity } = entry;
    const example = task.data === undefined ? {} : sampleForSchema(task.data.schema);
    return {
      kind: task.kind,
      factory: new Code(task.kind),
      code: task.code,
      title: taskTitle(task),
      hasComment: !repeatsName(taskTitle(task), variable),
      variable,
      isHuman: task.kind === 'human',
      isSystem: task.kind === 'system',
      isMessage: task.kind === 'message',
      isThread: task.kind === 'thread',
      dataType: data,
      contextType: context,
      typeArguments: new Code(typeArguments(task, data, context)),
      isApproval: task.code === decision?.approval,
      approval: new Code(approvalStatements(variable, check?.variable, rejection?.variable)),
      checks,
      text: task.code === decision?.result ? APPROVED : taskTitle(task),
      isUsed: used.has(entry),
      activity,
      resultType: new Code(data ?? 'Record<string, unknown>'),
      inputs: (task.kind === 'system' ? inputsOf(index) : []).map((input) => ({
        variable: input.variable,
        type: new Code(input.data ?? 'unknown'),
      })),
      example: new Code(tsValue(example, 4)),
      isCast: task.data !== undefined && !fitsLiteralType(example, task.data.schema),
    };
  });
}

/** The decision of the sample process. */
function approvalStatements(variable: string, check: string | undefined, rejection: string | undefined): string {
  const lines = [
    `const ${variable} = await kuflow.humanTask(tasks.${variable}, {`,
    "  deadline: '3 days',",
    "  onDeadline: (task) => task.log('Nobody has decided for three days', 'WARN'),",
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

function hasContext({ kind }: TaskDefinition): boolean {
  return kind === 'human' || kind === 'system';
}

function typeArguments(task: TaskDefinition, data: string | undefined, context: string | undefined): string {
  if (task.kind === 'thread' || (data === undefined && context === undefined)) {
    return task.kind === 'system' ? '<Record<string, unknown>>' : '';
  }
  const first = data ?? (task.kind === 'system' ? 'Record<string, unknown>' : 'unknown');
  return context === undefined ? `<${first}>` : `<${first}, ${context}>`;
}

/** The activities of the system tasks and downloadable actions. Without any, one that belongs to no task. */
function activityTexts(tasks: readonly TaskView[], { workflows }: ProcessActions): readonly ActivityText[] {
  const system = tasks.filter(({ isSystem }) => isSystem);
  const documents = workflows.flatMap(({ title, activity }) =>
    activity === undefined ? [] : [documentActivity(activity, title)],
  );
  if (system.length + documents.length === 0) return [plainActivity('example')];
  const ofTasks = system.map(({ activity, title, inputs, resultType, example, isCast, checks }) =>
    taskActivity(title, {
      name: activity,
      isCreditCheck: checks.some((check) => check.activity === activity),
      inputs: inputs.map(({ variable, type }) => ({ variable, type: type.text })),
      resultType: resultType.text,
      result: isCast ? `${example.text} as unknown as ${resultType.text}` : example.text,
    }),
  );
  return [...ofTasks, ...documents];
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

function listTypeImports(tasks: readonly TaskView[], { signals }: ProcessActions): readonly string[] {
  return [
    ...tasks.flatMap(({ dataType, contextType }) => [dataType, contextType]),
    ...signals.map(({ input }) => input?.name),
  ]
    .filter((type) => type !== undefined)
    .sort();
}

function listActivityTypes(tasks: readonly TaskView[]): readonly string[] {
  const system = tasks.filter(({ isSystem }) => isSystem);
  const named = [
    ...system.map(({ dataType }) => dataType),
    ...system.flatMap(({ inputs }) => inputs.map(({ type }) => type.text)),
  ].filter((type) => type !== undefined && type !== 'unknown');
  return [...new Set(named as string[])].sort();
}

function renderDeclarations(
  definition: WorkerDefinition,
  tasks: readonly TaskView[],
  { signals }: ProcessActions,
): { readonly texts: readonly string[]; readonly valueTypes: readonly string[] } {
  const texts: string[] = [];
  const used = new Set<string>();
  const declare = (name: string | undefined, shape: DataShape | undefined): void => {
    if (name !== undefined && shape !== undefined) texts.push(declarationOfSchema(name, shape.schema, used));
  };
  declare('Metadata', definition.metadata ?? { schema: { type: 'object' } });
  declare('Entity', definition.entity);
  definition.tasks.forEach((task, index) => {
    declare(tasks[index]?.dataType, task.data);
    declare(tasks[index]?.contextType, task.contextData);
  });
  for (const { input } of signals) declare(input?.name, input);
  return { texts, valueTypes: REFERENCE_TYPES.filter((type) => used.has(type)) };
}
