import { confirmSimilarCode, rejectWhiteSpace, taskAddition, type TaskFlags } from './task.ts';
import { actionFromFlags, hasActionOptions, type ActionFlags } from '../../process/definition/from-flags.ts';
import type { AdditionRequest } from '../../project/edit/addition.ts';
import { chooseProcess } from '../../project/edit/open-project.ts';
import { openAddedProject, openAddPrompts, optionWithValue, runAddition, type AddFlags } from './run-addition.ts';
import type { CommandContext } from '../../cli/context.ts';

export async function runAddTask(task: string, flags: TaskFlags & AddFlags, context: CommandContext): Promise<void> {
  const project = await openAddedProject(flags, context);
  const ask = await openAddPrompts(flags, context);
  const addition = await taskAddition(project, task, flags, context.cwd);
  await confirmSimilarCode(addition, { isAllowed: flags.yes === true, ask });
  const words = [
    'task',
    task,
    ...optionWithValue('--process', flags.process),
    ...optionWithValue('--after', flags.after),
  ];
  await runAddition({ project, addition, words, flags, context, ask });
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
  const words = ['action', addition.action.code, ...optionWithValue('--process', flags.process)];
  await runAddition({ project, addition, words, flags, context, ask: await openAddPrompts(flags, context) });
}

export async function runAddActivity(name: string, flags: AddFlags, context: CommandContext): Promise<void> {
  const project = await openAddedProject(flags, context);
  const addition: AdditionRequest = { kind: 'activity', name };
  await runAddition({
    project,
    addition,
    words: ['activity', name],
    flags,
    context,
    ask: await openAddPrompts(flags, context),
  });
}
