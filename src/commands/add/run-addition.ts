import { addToProject } from './add-to-project.ts';
import { shellWord } from '../../base/shell.ts';
import { openProject, type WorkerProject } from '../../project/edit/open-project.ts';
import type { AdditionRequest } from '../../project/edit/plan-addition.ts';
import { confirmEdit, printVersionWarning, recoveryPrinter } from '../../project/view.ts';
import { printAdded } from './view.ts';
import type { CommandContext } from '../../cli/context.ts';
import { openPromptsIfAllowed } from '../../cli/prompts.ts';

export interface AddFlags {
  readonly edit?: readonly string[] | undefined;
  readonly dryRun?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly yes?: boolean | undefined;
}

/** The project to add to. Prints what happened to an interrupted change. */
export function openAddedProject(
  { dryRun }: AddFlags,
  { cwd, env, version, terminal }: CommandContext,
): Promise<WorkerProject> {
  return openProject(cwd, env, version, { readOnly: dryRun === true, onRecovered: recoveryPrinter(terminal.err) });
}

/** Makes the addition and prints the result: with `--json` the `AddResult`. */
export async function runAddition(run: {
  readonly project: WorkerProject;
  readonly addition: AdditionRequest;
  /** The arguments of `kuflow` in the command that continues with files that were left. */
  readonly words: readonly string[];
  readonly flags: AddFlags;
  readonly context: CommandContext;
}): Promise<void> {
  const { project, addition, words, flags, context } = run;
  const { terminal, invocation, version } = context;
  printVersionWarning(terminal.err, project.record.version, version);
  const ask = await openPromptsIfAllowed(flags, context);
  const printed = new Set<string>();
  const result = await addToProject({
    project,
    addition,
    cwd: context.cwd,
    edit: flags.edit ?? [],
    dryRun: flags.dryRun === true,
    approve: ask && ((edit) => confirmEdit(edit, { ask, terminal, printed })),
    command: [invocation, ...words.map(shellWord)].join(' '),
    invocation,
    signal: context.interruption(),
  });
  if (flags.json === true) terminal.out.json(result);
  else printAdded(terminal, result, { cwd: context.cwd, printed });
  context.setStatus(result.status);
}
