import { isRecord, type JsonObject } from '../base/json.ts';
import type { DataShape, WorkerDefinition } from '../process/definition.ts';
import { sampleForSchema } from '../schema/example/example.ts';
import { sampleDecision } from '../process/sample.ts';
import { distinctName } from '../base/identifiers.ts';
import { escapePattern, wordPattern } from '../base/escape.ts';
import { choiceOf, type TaskChoices } from './project-spec.ts';
import type { SignalActionInCode, WorkflowActionInCode } from './process-actions.ts';
import type { NamedSchema } from '../schema/code-types.ts';
import { nameTasks, taskTitle, type NamedTask, type Naming } from './task-names.ts';

/** A task with its names in code. */
export type ProcessTask = ReturnType<typeof processTasks>[number];

/** What the sample process tells an applicant whose loan was approved. */
export const APPROVED = 'Your loan was approved';

/** The classes of the worker for the tasks of each kind. */
export const TASK_CLASSES = {
  human: 'HumanTask',
  system: 'SystemTask',
  message: 'MessageTask',
  thread: 'ThreadTask',
} as const;

export function processTasks(
  { definition, choices }: { readonly definition: WorkerDefinition; readonly choices: TaskChoices },
  naming: Naming,
) {
  const named = nameTasks(definition, choices, naming);
  const { key, typeName, constantName } = naming;
  const types = new Set<string>();
  const constants = new Set<string>();
  const plain = definition.tasks.map((task) => {
    const { name: variable } = choiceOf(named, task.code) as NamedTask;
    const type = distinctName(typeName(variable), (one) => types.has(key(one)));
    types.add(key(type));
    const constant = distinctName(constantName(variable), (one) => constants.has(key(one)));
    constants.add(key(constant));
    const hasContext = task.kind === 'human' || task.kind === 'system';
    return {
      ...{ task, variable, constant },
      dataType: task.data === undefined || task.kind === 'thread' ? undefined : `${type}Data`,
      contextType: task.contextData === undefined || !hasContext ? undefined : `${type}Context`,
    };
  });
  const inputsOf = (index: number) => {
    const codes = systemTaskInputs(definition, index, choices);
    return plain.slice(0, index).filter(({ task }) => codes.includes(task.code));
  };
  const decision = sampleDecision(definition);
  const find = (code: string | undefined) => plain.find(({ task }) => task.code === code);
  const used = new Set([
    ...plain.flatMap(({ task }, index) => (task.kind === 'system' ? inputsOf(index) : [])),
    find(decision?.check),
  ]);
  return plain.map((entry, index) => {
    const { task, variable, constant, dataType, contextType } = entry;
    return {
      ...{ kind: task.kind, code: task.code, title: taskTitle(task), variable, constant, dataType, contextType },
      activity: choiceOf(choices, task.code).activity ?? variable,
      /** The data of human tasks that the activity receives. Data without its own type has an undefined type. */
      inputs: (task.kind === 'system' ? inputsOf(index) : []).map((input) => ({
        variable: input.variable,
        type: input.dataType,
      })),
      /** Whether the workflow uses the data of this task later. */
      isUsed: used.has(entry),
      /**
       * For the approval of the sample process, whose workflow decides on its data: the variable with the result of the credit check, if any,
       * whose `decision` is REVIEW if a person has to decide, and the constant of the message task that tells people about a rejection, if any.
       */
      approval:
        task.code === decision?.approval
          ? { check: find(decision.check)?.variable, rejection: find(decision.result)?.constant }
          : undefined,
      text: task.code === decision?.result ? APPROVED : taskTitle(task),
    };
  });
}

const MAX_DEFAULT_INPUTS = 4;

/** Codes of the human tasks whose data is passed to the system task at `index`, in order: the chosen ones, by default the last ones before it. */
export function systemTaskInputs(definition: WorkerDefinition, index: number, choices: TaskChoices): readonly string[] {
  const decision = sampleDecision(definition);
  const before = definition.tasks
    .slice(0, index)
    // Without a decision of a person, there is no data.
    .filter(({ kind, code }) => kind === 'human' && (decision?.check === undefined || code !== decision.approval));
  const chosen = choiceOf(choices, definition.tasks[index]?.code ?? '').inputs;
  const kept =
    chosen === undefined ? before.slice(-MAX_DEFAULT_INPUTS) : before.filter(({ code }) => chosen.includes(code));
  return kept.map(({ code }) => code);
}

/** Paths of the files of a process that are alike in all languages. */
interface TaskFiles {
  readonly tasks: string;
  readonly types: string;
  readonly schemas?: string;
  readonly sample: string;
}

/** How a language finds a task in its own kinds of files. */
interface TaskFinder {
  readonly declares: (text: string, code: string) => boolean;
  /** By path: a pattern that the file contains if it handles the task. */
  readonly patterns: Readonly<Record<string, (task: ProcessTask) => string>>;
}

/** Codes of the tasks that a code file of a process already handles, whoever wrote that code. */
export function findProcessTasks(
  { text, path, files }: { readonly text: string; readonly path: string; readonly files: TaskFiles },
  tasks: readonly ProcessTask[],
  { declares, patterns }: TaskFinder,
): ReadonlySet<string> {
  const has = (pattern: string): boolean => new RegExp(pattern, 'u').test(text);
  const found = tasks.filter((task) => {
    const { code, dataType, contextType } = task;
    switch (path) {
      case files.tasks:
        return declares(text, code);
      case files.types:
        return [dataType, contextType].some((type) => type !== undefined && has(wordPattern(type)));
      case files.schemas:
        return has(`${escapePattern(JSON.stringify(code))}\\s*:`);
      case files.sample:
        return has(wordPattern(code));
      default: {
        const pattern = patterns[path]?.(task);
        return pattern !== undefined && has(pattern);
      }
    }
  });
  return new Set(found.map(({ code }) => code));
}

export interface ProcessActivity {
  readonly name: string;
  /** The title of the task that it performs. */
  readonly task?: string;
  /** The title of the action whose document it creates. Then it returns the URI of the document. */
  readonly action?: string;
  readonly isCreditCheck?: boolean;
  readonly inputs: ProcessTask['inputs'];
  /** The data that it returns, as an example. Undefined if it returns nothing. Data without its own type has no `type`. */
  readonly result?: { readonly type: NamedSchema | undefined; readonly example: JsonObject } | undefined;
}

/** An activity that does not belong to a task: only its name is known. */
export const plainActivity = (name: string): ProcessActivity => ({ name, inputs: [] });

export const exampleNote = (isCreditCheck = false): string =>
  `TODO: replace this sample code with ${isCreditCheck ? 'a real credit check' : 'your own code'}.`;

export const exampleLog = (isCreditCheck = false): string => (isCreditCheck ? 'Checking credit' : 'Activity started');

/** The activities of the system tasks and downloadable actions of a process, or an example without them. */
export function processActivities(
  definition: WorkerDefinition,
  tasks: readonly ProcessTask[],
  actions: readonly WorkflowActionInCode[] = [],
): readonly ProcessActivity[] {
  const system = tasks.filter(({ kind }) => kind === 'system');
  const documents = actions.flatMap(({ activity: name, title: action }) =>
    name === undefined ? [] : [{ name, action, inputs: [] }],
  );
  if (system.length + documents.length === 0) return [plainActivity('example')];
  const check = sampleDecision(definition)?.check;
  const ofTasks = system.map(({ code, activity, title, inputs, dataType }) => {
    const schema = definition.tasks.find((task) => task.code === code)?.data?.schema;
    const example = schema === undefined ? {} : sampleForSchema(schema);
    return {
      ...{ name: activity, task: title, inputs, isCreditCheck: code === check },
      result: {
        type: dataType === undefined || schema === undefined ? undefined : { name: dataType, schema },
        example: isRecord(example) ? example : {},
      },
    };
  });
  return [...ofTasks, ...documents];
}

const COMPLETED_BY = {
  human: 'a person',
  system: 'this worker',
  message: '– (people read it)',
  thread: '– (people post messages in it)',
} as const;

/** What the templates of every language use of the definition of a process. The lists are for the README of its project. */
export function definitionContext({ process, workflow, tasks }: WorkerDefinition) {
  const humanTasks = tasks.filter(({ kind }) => kind === 'human').map(({ code }) => ({ code }));
  return {
    processCode: process.code,
    processTitle: process.name ?? process.code,
    workflowType: workflow.type,
    taskQueue: workflow.taskQueue,
    hasTasks: tasks.length > 0,
    taskList: tasks.map(({ code, kind }) => ({ code, kind, completedBy: COMPLETED_BY[kind] })),
    humanTasks,
    hasHumanTasks: humanTasks.length > 0,
    hasSystemTasks: tasks.some(({ kind }) => kind === 'system'),
  };
}

/** The data of a process for which its code declares types. */
export function declaredData(
  definition: WorkerDefinition,
  tasks: readonly ProcessTask[],
  actions: readonly SignalActionInCode[] = [],
): readonly NamedSchema[] {
  const declare = (name: string | undefined, shape: DataShape | undefined) =>
    name === undefined || shape === undefined ? [] : [{ name, schema: shape.schema }];
  return [
    ...declare('Metadata', definition.metadata ?? { schema: { type: 'object' } }),
    ...declare('Entity', definition.entity),
    ...definition.tasks.flatMap((task, index) => [
      ...declare(tasks[index]?.dataType, task.data),
      ...declare(tasks[index]?.contextType, task.contextData),
    ]),
    ...actions.flatMap(({ input }) => (input === undefined ? [] : [input])),
  ];
}

/** The schemas of the data of system tasks, by workflow type and task code. */
export function systemTaskSchemas({ tasks, workflow }: WorkerDefinition) {
  const schemas = tasks.flatMap(({ kind, code, data }) =>
    kind === 'system' && data !== undefined ? [[code, data.schema] as const] : [],
  );
  return { [workflow.type]: Object.fromEntries(schemas) };
}

/** The data of the test of a process: what people enter, by task code, and its metadata. */
export function testSample({ tasks, metadata }: WorkerDefinition) {
  const sampleOf = (shape: DataShape | undefined) => (shape === undefined ? {} : sampleForSchema(shape.schema));
  const human = tasks.filter(({ kind }) => kind === 'human');
  return {
    items: tasks.map(({ code }) => code),
    answers: Object.fromEntries(human.map(({ code, data }) => [code, sampleOf(data)])),
    metadata: sampleOf(metadata),
  };
}
