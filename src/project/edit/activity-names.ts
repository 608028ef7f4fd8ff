import { usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { distinctName, identifier } from '../../base/identifiers.ts';
import type { WorkerDefinition } from '../../process/definition.ts';
import { choiceOf, type TaskChoice, type TaskChoices } from '../../languages/project-spec.ts';
import { systemTaskInputs } from '../../languages/process-tasks.ts';
import { nameTasks, type Naming } from '../../languages/task-names.ts';

/** Throws a usage error if a new activity cannot have this name. */
export function checkActivityName(name: string, naming: Naming): void {
  if (/^kuflow_/i.test(name)) {
    throw usageError(
      `${escapeForTerminal(name, 80)} is reserved for KuFlow's own activities: choose a name that does not start with KuFlow_`,
    );
  }
  if (!naming.isIdentifier(name) || naming.reserved.has(name)) {
    throw usageError(`${escapeForTerminal(name, 80)} cannot be used as a function name: ${nameProblem(name)}`, [
      `For example: ${identifier(/[a-z0-9]/i.test(name) ? name : 'SEND_MAIL', naming.style, naming.reserved, 'activity')}`,
    ]);
  }
}

function nameProblem(name: string): string {
  if (/^\d/.test(name)) return 'it starts with a digit';
  return /^\w+$/.test(name) ? 'it is a reserved word' : 'use letters, digits and _';
}

export interface ProcessWithChoices {
  readonly definition: WorkerDefinition;
  readonly choices: TaskChoices;
}

/**
 * Chooses activity names so that no two system tasks of the project share one: activity names are unique within a worker. Existing choices
 * stay. By default, the name comes from the task's code, or from both codes if that name is used or in `taken`.
 */
export function assignActivityNames(
  processes: readonly ProcessWithChoices[],
  naming: Naming,
  taken: ReadonlySet<string> = new Set(),
): readonly TaskChoices[] {
  const used = new Set(taken);
  for (const { definition, choices } of processes)
    for (const { code } of definition.tasks) {
      const { activity } = choiceOf(choices, code);
      if (activity !== undefined) used.add(activity);
    }
  return processes.map(({ definition, choices }) => {
    const assigned = new Map<string, TaskChoice>(Object.entries(choices));
    for (const [code, defaultName] of defaultActivityNames(definition, choices, naming)) {
      const choice = choiceOf(choices, code);
      if (choice.activity !== undefined) continue;
      const name = findFreeName(definition.process.code, code, defaultName, used, naming);
      used.add(name);
      if (name !== defaultName) assigned.set(code, { ...choice, activity: name });
    }
    return Object.fromEntries(assigned);
  });
}

export function listActivityNames(processes: readonly ProcessWithChoices[], naming: Naming): ReadonlySet<string> {
  return new Set(
    processes.flatMap(({ definition, choices }) =>
      defaultActivityNames(definition, choices, naming).map(
        ([code, defaultName]) => choiceOf(choices, code).activity ?? defaultName,
      ),
    ),
  );
}

/** Choices that keep the inputs of the system tasks of `before`, although `after` has more tasks. */
export function pinInputs(before: WorkerDefinition, after: WorkerDefinition, choices: TaskChoices): TaskChoices {
  const pinned = new Map<string, TaskChoice>(Object.entries(choices));
  before.tasks.forEach(({ code, kind }, index) => {
    const newIndex = after.tasks.findIndex((task) => task.code === code);
    if (kind !== 'system' || newIndex === -1) return;
    const inputs = systemTaskInputs(before, index, choices);
    if (inputs.join('\0') !== systemTaskInputs(after, newIndex, choices).join('\0'))
      pinned.set(code, { ...choiceOf(choices, code), inputs });
  });
  return Object.fromEntries(pinned);
}

function defaultActivityNames(
  definition: WorkerDefinition,
  choices: TaskChoices,
  naming: Naming,
): readonly (readonly [string, string])[] {
  const named = nameTasks(definition, choices, naming);
  return definition.tasks
    .filter(({ kind }) => kind === 'system')
    .map(({ code }) => [code, choiceOf(named, code).name ?? ''] as const);
}

function findFreeName(
  process: string,
  task: string,
  defaultName: string,
  used: ReadonlySet<string>,
  { style, reserved }: Naming,
): string {
  const isUsed = (name: string): boolean => used.has(name);
  return isUsed(defaultName)
    ? distinctName(identifier(`${process}_${task}`, style, reserved, 'activity'), isUsed)
    : defaultName;
}
