import type { WorkerDefinition, TaskDefinition } from '../process/definition.ts';
import { capitalize, distinctName, identifier } from '../base/identifiers.ts';
import type { TaskChoice, TaskChoices } from './project-spec.ts';

/** What a language allows as names. */
export interface Naming {
  readonly style: 'camel' | 'snake';
  /** Names that generated identifiers must not use. */
  readonly reserved: ReadonlySet<string>;
  /** Whether the text can be used unchanged as the name of a declaration. */
  readonly isIdentifier: (text: string) => boolean;
  /** Names with the same key cannot be used together. */
  readonly key: (name: string) => string;
  /** How the names of types and constants follow from the variable of a task or an action. */
  readonly typeName: (variable: string) => string;
  readonly constantName: (variable: string) => string;
}

export type NamedTask = TaskChoice & { readonly name: string };

/** Names in `choices` stay, also those of tasks that are no longer defined. A new task whose name is in use gets a number. */
export function nameTasks(
  { tasks }: WorkerDefinition,
  choices: TaskChoices,
  { style, reserved, key }: Naming,
): Readonly<Record<string, TaskChoice>> {
  const used = new Set<string>();
  const isUsed = (name: string): boolean => used.has(key(name)) || used.has(key(capitalize(name)));
  const use = (name: string): void => void used.add(key(name)).add(key(capitalize(name)));
  const named = new Map<string, TaskChoice>();
  for (const [code, choice] of Object.entries(choices)) {
    const { name, ...rest } = choice;
    const isUsable = name !== undefined && !reserved.has(name) && !isUsed(name);
    if (isUsable) use(name);
    named.set(code, isUsable ? choice : rest);
  }
  for (const { code } of tasks) {
    const choice = named.get(code);
    if (choice?.name !== undefined) continue;
    const name = distinctName(identifier(code, style, reserved, 'task'), isUsed);
    use(name);
    named.set(code, { name, ...choice });
  }
  return Object.fromEntries(named);
}

export function taskTitle({ name = '', code }: TaskDefinition): string {
  return name.trim() === '' ? code : name;
}

/** Whether a title says no more than the name in code that it describes, such as "Last name" for `lastName` or `LAST_NAME`. */
export function repeatsName(title: string, name: string): boolean {
  return lettersOf(title) === lettersOf(name);
}

function lettersOf(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}]/gu, '').toLowerCase();
}
