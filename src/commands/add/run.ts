import { usageError } from '../../base/errors.ts';
import { withoutUndefined } from '../../base/json.ts';
import {
  actionFromFlags,
  hasActionOptions,
  taskFromFlags,
  type ActionFlags,
} from '../../process/definition/from-flags.ts';
import type { AdditionRequest } from '../../project/edit/plan-addition.ts';
import { chooseProcess, type WorkerProject } from '../../project/edit/open-project.ts';
import { confirmSimilarCode } from './confirm-similar-code.ts';
import { openAddedProject, runAddition, type AddFlags } from './run-addition.ts';
import type { CommandContext } from '../../cli/context.ts';
import { openPromptsIfAllowed } from '../../cli/prompts.ts';

export async function runAddTask(task: string, flags: TaskFlags & AddFlags, context: CommandContext): Promise<void> {
  const project = await openAddedProject(flags, context);
  const ask = await openPromptsIfAllowed(flags, context);
  const addition = await taskAddition(project, task, flags, context.cwd);
  await confirmSimilarCode(addition, { isAllowed: flags.yes === true, ask });
  const words = ['add', 'task', task, ...option('--process', flags.process), ...option('--after', flags.after)];
  await runAddition({ project, addition, words, flags, context });
}

export async function runAddAction(
  written: string,
  flags: ActionFlags & AddFlags & { readonly process?: string },
  context: CommandContext,
): Promise<void> {
  const project = await openAddedProject(flags, context);
  const process = chooseProcess(project, flags.process);
  const known = process.definition.actions?.find(({ code }) => code === written);
  const { taskQueue } = process.definition.workflow;
  // An action that is already in the definition has its type there.
  const coded = known === undefined ? written : `${known.code}:${known.type}`;
  const addition: AdditionRequest = {
    kind: 'action',
    process,
    // Without options, the code of an action that is already in the definition is completed.
    action:
      known !== undefined && !hasActionOptions(flags)
        ? known
        : await actionFromFlags({ written: coded, flags, taskQueue }, context.cwd),
  };
  rejectWhiteSpace(addition.action.code, process.definition.actions ?? []);
  const words = ['add', 'action', addition.action.code, ...option('--process', flags.process)];
  await runAddition({ project, addition, words, flags, context });
}

export async function runGenerate(flags: AddFlags, context: CommandContext): Promise<void> {
  const project = await openAddedProject(flags, context);
  await runAddition({ project, addition: { kind: 'code' }, words: ['generate'], flags, context });
}

export async function runAddActivity(name: string, flags: AddFlags, context: CommandContext): Promise<void> {
  const project = await openAddedProject(flags, context);
  const words = ['add', 'activity', name];
  await runAddition({ project, addition: { kind: 'activity', name }, words, flags, context });
}

const option = (name: string, value: string | undefined): readonly string[] =>
  value === undefined ? [] : [name, value];

type TaskAddition = Extract<AdditionRequest, { readonly kind: 'task' }>;

interface TaskFlags {
  /** Code of the process to add it to; optional if the project has only one. */
  readonly process?: string | undefined;
  readonly name?: string | undefined;
  /** File of a JSON Schema. */
  readonly schema?: string | undefined;
  /** Code of the task to insert it after. */
  readonly after?: string | undefined;
}

/** The addition of a task: `<code>` or `<code>:<kind>`. Files are relative to `cwd`. Rejects with a usage error. */
export async function taskAddition(
  project: WorkerProject,
  task: string,
  flags: TaskFlags,
  cwd: string,
): Promise<TaskAddition> {
  const process = chooseProcess(project, flags.process);
  const known = process.definition.tasks.find(({ code }) => code === task);
  // A task that is already in the definition has its kind there.
  const written = known === undefined ? task : `${known.code}:${known.kind}`;
  const { code, kind, data } = await taskFromFlags({ written, schema: flags.schema }, cwd);
  rejectWhiteSpace(code, process.definition.tasks);
  return {
    kind: 'task',
    process,
    task: withoutUndefined({ code, kind, name: flags.name, data }),
    after: flags.after,
  };
}

/** Throws a usage error for a new code with whitespace. A definition file may contain one, which is kept. */
function rejectWhiteSpace(code: string, present: readonly { readonly code: string }[]): void {
  if (/\s/.test(code) && !present.some((one) => one.code === code))
    throw usageError(`The code "${code}" contains whitespace`, [
      'Pass the code exactly as it appears in KuFlow, such as LOAN_REVIEW',
    ]);
}
