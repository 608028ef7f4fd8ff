import { didYouMean, formatAlternatives } from '../../base/near-match.ts';
import { TASK_KINDS, type TaskKind, type WorkerDefinition } from '../definition.ts';
import { formatOptionValue, invalidOptionsError } from './option-problems.ts';

export interface TaskChanges {
  /** `<code>=<kind>` */
  readonly kinds: readonly string[];
  /** Every task code once, in the new order. */
  readonly order?: readonly string[] | undefined;
}

/** Changes the kinds and the order of tasks. Throws a usage error that lists every problem by option. */
export function applyTaskChanges(definition: WorkerDefinition, changes: TaskChanges): WorkerDefinition {
  const problems: string[] = [];
  const codes = definition.tasks.map(({ code }) => code);
  const unknown = (code: string): string =>
    `the process does not contain task ${formatOptionValue(code)}${didYouMean(code, codes)}`;
  const kinds = new Map<string, TaskKind>();
  for (const written of changes.kinds) {
    const equals = written.lastIndexOf('=');
    const [code, named] = [written.slice(0, Math.max(equals, 0)), written.slice(equals + 1)];
    const kind = TASK_KINDS.find((known) => known === named);
    if (equals < 1) problems.push(`--task-kind ${formatOptionValue(written)}: expected <code>=<kind>`);
    else if (!codes.includes(code)) problems.push(`--task-kind ${formatOptionValue(written)}: ${unknown(code)}`);
    else if (kind === undefined)
      problems.push(
        `--task-kind ${formatOptionValue(written)}: the kind must be ${formatAlternatives(TASK_KINDS)}${didYouMean(named, TASK_KINDS)}`,
      );
    else kinds.set(code, kind);
  }
  const order = changes.order ?? codes;
  for (const code of order)
    if (!codes.includes(code)) problems.push(`--task-order ${formatOptionValue(code)}: ${unknown(code)}`);
  const left = codes.filter((code) => !order.includes(code));
  if (left.length > 0)
    problems.push(`--task-order must list every task exactly once; missing: ${left.map(formatOptionValue).join(', ')}`);
  if (new Set(order).size < order.length) problems.push('--task-order must list every task exactly once');
  if (problems.length > 0) throw invalidOptionsError('Cannot change the tasks', problems);
  const tasks = order.flatMap((code) => definition.tasks.filter((task) => task.code === code));
  return { ...definition, tasks: tasks.map((task) => ({ ...task, kind: kinds.get(task.code) ?? task.kind })) };
}
