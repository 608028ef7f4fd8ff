import { resolve } from 'node:path';
import { countOf } from '../../base/count-of.ts';
import { copyError, KnownError, usageError } from '../../base/errors.ts';
import { worstExitStatus } from '../../base/exit-status.ts';
import type { CommandContext } from '../../cli/context.ts';
import { optionWords, rejectUnusedOptions } from '../../cli/process-source-options.ts';
import { openPromptsIfAllowed } from '../../cli/prompts.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import { discoveryReporter } from '../../discovery/view.ts';
import { languageOf } from '../../languages/all-languages.ts';
import { makeEdits, stepsForLeftFiles, type EditedFile, type MadeEdits } from '../../project/edit/make-edits.ts';
import { chooseProcess, openProject, type OpenedProcess, type WorkerProject } from '../../project/edit/open-project.ts';
import { planDefinitions } from '../../project/edit/plan-definitions.ts';
import type { Addition } from '../../project/edit/plan-code-edits.ts';
import { workflowChangeHint, type NextStep } from '../../project/next-steps.ts';
import { confirmEdit, printVersionWarning, recoveryPrinter } from '../../project/view.ts';
import { openProgress } from '../../terminal/progress.ts';
import type { Prompts } from '../../terminal/prompts.ts';
import { openApiSource, openSampleSource, requireApiConnection } from './sources.ts';
import { checkStatus, compareProcesses, type ComparedProcess, type ProcessReport } from './compare-processes.ts';
import { isShownBefore, printPlannedFiles, printReports, printSyncResult, type SyncResult } from './view.ts';

export interface SyncFlags extends ConnectionFlags {
  readonly from?: string;
  readonly process?: string;
  /** Instances to read for the shapes of their data. */
  readonly sample?: number;
  readonly check?: boolean;
  readonly edit?: readonly string[];
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `kuflow sync`. With `--json`, prints the `SyncResult`. `open` opens the prompts, if questions may be asked. */
export async function runSync(flags: SyncFlags, context: CommandContext, open = openPromptsIfAllowed): Promise<void> {
  const { terminal, cwd, env, version } = context;
  rejectCombinations(flags);
  const isCheck = flags.check === true;
  const project = await openProject(cwd, env, version, {
    readOnly: isCheck || flags.dryRun === true,
    onRecovered: recoveryPrinter(terminal.err),
  });
  printVersionWarning(terminal.err, project.record.version, version);
  // A sample is of one process.
  const isOfAll = flags.process === undefined && isCheck && flags.from === undefined;
  const chosen = isOfAll ? project.processes : [chooseProcess(project, flags.process)];
  const ask = await open(flags, context);
  if (ask === undefined && !isCheck && flags.dryRun !== true && flags.yes !== true) {
    // With --yes, the command would fail for the same reason.
    if (flags.from === undefined && !terminal.canPrompt && flags.clientSecretStdin !== true)
      await requireApiConnection(flags, project.folder, context);
    throw usageError(whyNotConfirmed(flags, context), [
      'To write the changes, pass --yes',
      'To show them, pass --dry-run',
      'To only report whether there are any, pass --check',
    ]);
  }

  const compared = await readDifferences(project, chosen, { flags, context, ask });
  const reports = compared.map(({ report }) => report);
  if (flags.json !== true) printReports(terminal, reports);
  const printed = new Set<string>();
  const result = isCheck
    ? checkResult(project, reports)
    : await writeDifferences(project, compared, { flags, context, ask, printed });
  if (flags.json === true) terminal.out.json(result);
  else printSyncResult(terminal, result, { cwd, printed });
  context.setStatus(result.status);
}

function rejectCombinations(flags: SyncFlags): void {
  rejectUnusedOptions(flags.from === undefined ? 'api' : 'worker-sample', flags, { writesConnection: false });
  if (flags.from !== undefined && flags.tenantId !== undefined)
    throw usageError('--tenant-id cannot be combined with --from, which describes the process');
  if (flags.check !== true) return;
  const other = flags.yes === true ? '--yes' : flags.edit !== undefined ? '--edit' : undefined;
  if (other !== undefined) throw usageError(`${other} cannot be combined with --check, which does not write anything`);
}

function whyNotConfirmed(flags: SyncFlags, { terminal }: CommandContext): string {
  if (!terminal.canPrompt) return 'kuflow sync needs a terminal to confirm the changes';
  return `The changes cannot be confirmed with ${flags.json === true ? '--json' : '--client-secret-stdin'}, which turns off prompts`;
}

interface SyncRun {
  readonly flags: SyncFlags;
  readonly context: CommandContext;
  readonly ask: Prompts | undefined;
  /** Files whose diffs are on the screen, so that they are not printed again. */
  readonly printed: Set<string>;
}

async function readDifferences(
  project: WorkerProject,
  chosen: readonly OpenedProcess[],
  { flags, context, ask }: Omit<SyncRun, 'printed'>,
): Promise<readonly ComparedProcess[]> {
  const progress = openProgress(context.terminal.err);
  try {
    const source =
      flags.from !== undefined
        ? await openSampleSource(resolve(context.cwd, flags.from))
        : await openApiSource({
            flags,
            folder: project.folder,
            context,
            ask,
            report: discoveryReporter(progress),
          });
    return await compareProcesses(project, chosen, source, flags.check === true);
  } catch (error) {
    if (flags.check !== true || !(error instanceof KnownError) || error.status !== 1) throw error;
    // In a check, status 1 means drift.
    throw copyError(error, { status: 4, cause: error });
  } finally {
    progress.stop();
  }
}

function checkResult(project: WorkerProject, reports: readonly ProcessReport[]): SyncResult {
  return {
    ...{ project: project.folder, check: true, dryRun: false, processes: reports },
    ...{ files: [], notes: project.notes, next: [], status: checkStatus(reports) },
  };
}

async function writeDifferences(
  project: WorkerProject,
  compared: readonly ComparedProcess[],
  { flags, context, ask, printed }: SyncRun,
): Promise<SyncResult> {
  const dryRun = flags.dryRun === true;
  const planned = await planDefinitions(project, compared);
  const reports = compared.map(({ report }) => report);
  const { files, left } = await confirmAndMakeEdits(project, planned, { flags, context, ask, printed });
  const leftFindings = reports.flatMap((report) => report.left);
  const isUnknown = reports.some(({ unknown }) => unknown.length > 0);
  const isWritten = files.some(({ action }) => action === 'written');
  const { commands } = languageOf(project.record);
  const { verify } = commands(project.record.packageManager, project.record);
  const words = [...optionWords(flags), ...(flags.yes === true ? ['--yes'] : [])];
  const command = [context.invocation, 'sync', ...words].join(' ');
  const next: readonly NextStep[] = [
    ...(dryRun ? [] : stepsForLeftFiles(command, left)),
    ...compared.flatMap(({ byHand }) => byHand),
    ...(isWritten
      ? [...verify, { text: `if processes are already running, ${workflowChangeHint(project.record)}` }]
      : []),
  ];
  return {
    ...{ project: project.folder, check: false, dryRun, processes: reports, files, notes: project.notes, next },
    status: worstExitStatus([left.length + leftFindings.length > 0 ? 3 : 0, isUnknown ? 4 : 0]),
  };
}

/** Shows the changes and asks before they are written, and separately about each file with local changes. */
async function confirmAndMakeEdits(
  project: WorkerProject,
  planned: Addition,
  { flags, context, ask, printed }: SyncRun,
): Promise<MadeEdits> {
  const { terminal } = context;
  const request = {
    ...{ project, planned, cwd: context.cwd, edit: flags.edit ?? [], dryRun: flags.dryRun === true },
    signal: context.interruption(),
  };
  if (ask === undefined || request.dryRun || planned.edits.length === 0) return await makeEdits(request);
  printPlannedFiles(terminal, planned.edits);
  // Both streams are on one screen.
  if (terminal.out.isTTY) for (const { path } of planned.edits.filter(isShownBefore)) printed.add(path);
  const count = planned.edits.length;
  const question = `Write changes to ${countOf(count, 'file')}?`;
  if ((await ask.confirm({ message: question })) !== true) {
    const files = planned.edits.map(({ path, how, diff }): EditedFile => {
      return { path, how, diff, action: 'left', reason: 'you declined the changes' };
    });
    return { files, left: planned.edits };
  }
  return await makeEdits({ ...request, approve: (edit) => confirmEdit(edit, { ask, terminal, printed }) });
}
