import type { CommandContext } from '../../cli/context.ts';
import { openPromptsIfAllowed } from '../../cli/prompts.ts';
import { printDiff, recoveryPrinter } from '../../project/view.ts';
import { openProgress } from '../../terminal/progress.ts';
import type { Prompts } from '../../terminal/prompts.ts';
import type { UpdateConflict } from '../../project/update/plan-update.ts';
import { openForUpdate } from './open-for-update.ts';
import { updateProject, type ConflictChoice, type UpdateRequest } from './update-project.ts';
import { printUpdate } from './view.ts';

export interface UpdateFlags extends Pick<
  UpdateRequest,
  'conflicts' | 'dryRun' | 'allowDirty' | 'keepTemplate' | 'install' | 'verify'
> {
  readonly json?: boolean | undefined;
  readonly yes?: boolean | undefined;
}

/** `kuflow update`. With `--json`, prints the `UpdateResult`. `open` opens the prompts, if questions may be asked. */
export async function runUpdate(
  flags: UpdateFlags,
  context: CommandContext,
  open = openPromptsIfAllowed,
): Promise<void> {
  const { terminal, env, cwd, version } = context;
  const signal = context.interruption();
  const ask = await open(flags, context);
  let recovered: readonly string[] = [];
  const print = recoveryPrinter(terminal.err);
  const opened = await openForUpdate({
    ...{ cwd, env, version, readOnly: flags.dryRun === true },
    onRecovered: (recovery) => {
      print(recovery);
      if (recovery.kind === 'completed') recovered = recovery.files;
    },
  });
  const printed = new Set<string>();
  const progress = openProgress(terminal.err);
  try {
    const result = await updateProject({
      ...flags,
      ...opened,
      ...{ version, cwd, env, signal, recovered },
      choose:
        ask === undefined
          ? undefined
          : async (conflict) => {
              terminal.err.line();
              printDiff(terminal.err, conflict.diff);
              // Both streams are on one screen, so the diff is not printed again.
              if (terminal.out.isTTY) printed.add(conflict.path);
              return askAboutConflict(conflict, ask);
            },
      command: repeatCommand(flags, context),
      progress,
    });
    progress.stop();
    if (flags.json === true) terminal.out.json(result);
    else printUpdate(terminal, result, { cwd, printed });
    context.setStatus(result.status);
  } finally {
    progress.stop();
  }
}

async function askAboutConflict({ path, reason, markers }: UpdateConflict, ask: Prompts): Promise<ConflictChoice> {
  const choice = await ask.choose<ConflictChoice>({
    message: `${path} ${reason}. What would you like to do?`,
    choices: [
      ...(markers === undefined
        ? []
        : [{ value: 'markers' as const, name: 'Write conflict markers, to resolve by hand' }]),
      { value: 'ours', name: 'Keep my version where the changes conflict' },
      { value: 'skip', name: 'Leave the file as it is until the next update' },
    ],
  });
  return typeof choice === 'string' ? choice : 'skip';
}

/** The command that repeats this run, without `--conflicts`. */
function repeatCommand(
  { allowDirty, keepTemplate, install, verify }: UpdateFlags,
  { invocation }: CommandContext,
): string {
  return [
    invocation,
    'update',
    ...(allowDirty === true ? ['--allow-dirty'] : []),
    ...(keepTemplate === true ? ['--keep-template'] : []),
    ...(install ? [] : ['--no-install']),
    ...(verify ? [] : ['--no-verify']),
  ].join(' ');
}
