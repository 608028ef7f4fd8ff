import { identifier, identifiers } from '../../text/identifiers.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import { choiceOf, type TaskChoice, type TaskChoices } from '../../languages/project-spec.ts';
import { systemTaskInputs, RESERVED } from '../../languages/typescript/process-context.ts';

export interface ProcessWithChoices {
  readonly definition: ProcessDefinition;
  readonly choices: TaskChoices;
}

/**
 * The choices of each process such that no two system tasks of the project have one activity: activities are named once in a worker. What was
 * chosen before stays; else the name of the task's code, or one with the process's code where that is in use or in `taken`.
 */
export function assignActivityNames(
  processes: readonly ProcessWithChoices[],
  taken: ReadonlySet<string> = new Set(),
): readonly TaskChoices[] {
  const used = new Set(taken);
  for (const { definition, choices } of processes)
    for (const { code } of definition.tasks) {
      const { activity } = choiceOf(choices, code);
      if (activity !== undefined) used.add(activity);
    }
  return processes.map(({ definition, choices }) => {
    const settled = new Map<string, TaskChoice>(Object.entries(choices));
    for (const [code, plain] of defaultActivityNames(definition)) {
      const choice = choiceOf(choices, code);
      if (choice.activity !== undefined) continue;
      const name = findFreeName(definition.process.code, code, plain, used);
      used.add(name);
      if (name !== plain) settled.set(code, { ...choice, activity: name });
    }
    return Object.fromEntries(settled);
  });
}

/** Names of the activities of all system tasks. */
export function listActivityNames(processes: readonly ProcessWithChoices[]): ReadonlySet<string> {
  return new Set(
    processes.flatMap(({ definition, choices }) =>
      defaultActivityNames(definition).map(([code, plain]) => choiceOf(choices, code).activity ?? plain),
    ),
  );
}

/** Choices that keep what system tasks of `before` are given, though `after` has tasks more. */
export function pinInputs(before: ProcessDefinition, after: ProcessDefinition, choices: TaskChoices): TaskChoices {
  const kept = new Map<string, TaskChoice>(Object.entries(choices));
  before.tasks.forEach(({ code, kind }, index) => {
    const now = after.tasks.findIndex((task) => task.code === code);
    if (kind !== 'system' || now === -1) return;
    const inputs = systemTaskInputs(before, index, choices);
    if (inputs.join('\0') !== systemTaskInputs(after, now, choices).join('\0'))
      kept.set(code, { ...choiceOf(choices, code), inputs });
  });
  return Object.fromEntries(kept);
}

function defaultActivityNames(definition: ProcessDefinition): readonly (readonly [string, string])[] {
  const names = identifiers(
    definition.tasks.map(({ code }) => code),
    'camel',
    RESERVED,
  );
  return definition.tasks
    .filter(({ kind }) => kind === 'system')
    .map(({ code }) => [code, names.get(code) ?? identifier(code, 'camel', RESERVED)] as const);
}

function findFreeName(process: string, task: string, plain: string, used: ReadonlySet<string>): string {
  const inputs = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const isFree = (name: string): boolean => !used.has(name) && !used.has(inputs(name));
  if (isFree(plain)) return plain;
  const full = identifier(`${process}_${task}`, 'camel', RESERVED);
  if (isFree(full)) return full;
  for (let turn = 1; ; turn++) {
    // A text with spaces carries its hash.
    const name = identifier(`${process} ${task}${' '.repeat(turn)}`, 'camel', RESERVED);
    if (isFree(name)) return name;
  }
}
