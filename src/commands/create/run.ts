import { interruptedError, usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { CommandContext } from '../../cli/context.ts';
import { missingAnswersError } from '../../cli/missing-answers.ts';
import { openPromptsIfAllowed } from '../../cli/prompts.ts';
import { askForSample } from '../../discovery/sampling.ts';
import { discoveryReporter } from '../../discovery/view.ts';
import { discoverFromApi } from '../../discovery/from-api.ts';
import { loadProcess } from '../../discovery/load-process.ts';
import type { ProcessSpec } from '../../languages/project-spec.ts';
import { languageOf } from '../../languages/all-languages.ts';
import type { FetchedTemplate } from '../../project/template/fetch.ts';
import { workerFolderName } from '../../languages/project-name.ts';
import { conflictError } from '../../project/existing-files.ts';
import { describeOutside, type OutsideChange } from '../../project/join/plan-outside.ts';
import { readIgnoredState } from '../../project/first-commit.ts';
import { recoverAround } from '../../project/edit/journal.ts';
import { readTemplateTitle, recoveryPrinter } from '../../project/view.ts';
import { openProgress, type Progress } from '../../terminal/progress.ts';
import type { Prompts } from '../../terminal/prompts.ts';
import { readCreateAnswers, type CreateAnswers, type CreateFlags } from './answers.ts';
import { projectCredentials, rememberConnections } from './project-credentials.ts';
import { listPlaces } from './placement.ts';
import { planCreate, type CreatePlan, prepareCreate } from './plan-create.ts';
import { createResult, createResultJson, type CheckOutcome, type CreateOutcome, type CreateResult } from './result.ts';
import { printCreated, printOutside } from './view.ts';
import { writeProject } from './write-project.ts';

/** Runs `create`. With `--json`, prints the `CreateResult` as `createResultJson` describes it. */
export async function runCreate(flags: CreateFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const { result, asked } = await createProject(flags, await openPromptsIfAllowed(flags, context), context);
  if (flags.json === true) terminal.out.json(createResultJson(result));
  else printCreated(terminal, result);
  if (asked) terminal.err.line(`\nTo repeat this without prompts:\n  ${escapeForTerminal(result.command, Infinity)}`);
  context.setStatus(result.status);
}

/**
 * Creates a worker project. `asked`: the wizard had questions. Rejects with a KnownError before or while the files are written, and then none
 * of them is left. After that the project stays whatever happens, and the result says what did not work.
 */
export async function createProject(
  flags: CreateFlags,
  ask: Prompts | undefined,
  context: CommandContext,
): Promise<{ readonly result: CreateResult; readonly asked: boolean }> {
  const chosen = await askForPlan(flags, ask, context);
  for (const warning of chosen.plan.connection?.warnings ?? [])
    context.terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
  const progress = openProgress(context.terminal.err);
  try {
    const planned = await planFiles(chosen, { ask, context, progress });
    const outcome: CreateOutcome = planned.plan.dryRun
      ? { kind: 'dry-run' }
      : await writePlanned(planned, { ask, context, progress, isConfirmed: flags.yes === true });
    return { result: createResult(planned.plan, planned.prepared, outcome), asked: chosen.asked };
  } finally {
    progress.stop();
  }
}

interface CreateSteps {
  readonly ask: Prompts | undefined;
  readonly context: CommandContext;
  readonly progress: Progress;
}

/** The plan from the flags, or from the wizard if answers are missing. */
async function askForPlan(flags: CreateFlags, ask: Prompts | undefined, context: CommandContext) {
  const connections = rememberConnections(context);
  const planContext = { ...context, connect: connections.connect };
  const answers = await readCreateAnswers(flags, context);
  let decision = await planCreate(answers, planContext);
  const asked = decision.kind === 'missing' && ask !== undefined;
  if (decision.kind === 'missing' && !asked) throw missingAnswersError(decision.missing, decision.example);
  // Before the first question: after the last one, all answers would be lost.
  const template = await readTemplate(answers, context);
  if (asked) {
    const { runWizard } = await import('./wizard/run-wizard.ts');
    const complete = await runWizard(answers, { ...context, ask, connections, template });
    decision = await planCreate(complete, planContext);
  }
  if (decision.kind === 'missing') throw missingAnswersError(decision.missing, decision.example);
  return {
    plan: decision.plan,
    template,
    asked,
    planFor: async (place: Pick<CreateFlags, 'folder' | 'workspace'>) =>
      await planCreate({ ...answers, ...place }, planContext),
  };
}

async function planFiles(
  { plan: chosen, template, asked, planFor }: Awaited<ReturnType<typeof askForPlan>>,
  { ask, context, progress }: CreateSteps,
) {
  const { terminal, cwd } = context;
  const { source, connection } = chosen;
  let { discovered } = chosen;
  if (source.kind === 'api' && connection !== undefined)
    discovered ??= await discoverFromApi({
      rest: await connection.rest(),
      code: source.code,
      sample: await askForSample(source.sample, ask),
      report: discoveryReporter(progress),
      signal: context.interruption(),
    });
  const process = await loadProcess(source, cwd, discovered);
  let plan = chosen;
  if (ask !== undefined && !asked) {
    progress.stop();
    const place = await askForPlace(ask, plan, process, cwd);
    const moved = place && (await planFor(place));
    if (moved?.kind === 'plan') plan = moved.plan;
  }
  if (!plan.dryRun) await recoverAround(plan.folder, { onRecovered: recoveryPrinter(terminal.err), all: true });
  return { plan, prepared: await prepareCreate(plan, process, template, context), asked };
}

async function writePlanned(
  { plan, prepared, asked }: Awaited<ReturnType<typeof planFiles>>,
  steps: CreateSteps & { readonly isConfirmed: boolean },
): Promise<CreateOutcome> {
  const { context, progress } = steps;
  const { env, cwd } = context;
  const signal = context.interruption();
  const { folder } = plan;
  const { spec, comparison } = prepared;
  if (comparison.conflicts.length > 0) throw conflictError(comparison, plan.command);
  if (plan.install) await languageOf(spec).tools.require(spec.packageManager, env);
  const changes = describeOutside(comparison.outside ?? []);
  // The wizard showed the changes before its last question.
  if (changes.length > 0 && !asked) {
    progress.stop();
    await confirmOutside(changes, plan, steps);
  }
  const { install, git } = plan;
  const written = await writeProject(prepared, { install, git, env, signal, progress });
  const credentials = spec.local ? NO_CREDENTIALS : await projectCredentials(folder, env);
  const check = await checkWritten();
  const ignoredState = await readIgnoredState(folder, env);
  return { kind: 'written', written, credentials, check, ignoredState, interrupted: signal.aborted, cwd };

  async function checkWritten(): Promise<CheckOutcome> {
    if (!plan.check) return { kind: 'not-run', reason: '--no-check' };
    if (signal.aborted) return { kind: 'not-run', reason: 'interrupted' };
    // Without them, the project cannot run yet.
    if (written.install.kind === 'failed') return { kind: 'not-run', reason: 'the dependencies are not installed' };
    if (!spec.local && credentials.from === 'none') return { kind: 'not-run', reason: 'no client ID and secret yet' };
    // It loads the whole platform.
    const { checkCreatedProject } = await import('./check-project.ts');
    const served = spec.local ? spec.processes[0].definition : undefined;
    return await checkCreatedProject({ folder, env, served, progress, signal });
  }
}

/** Reads the user's own template, if the answers name one. */
async function readTemplate(
  { templateSource }: CreateAnswers,
  context: CommandContext,
): Promise<FetchedTemplate | undefined> {
  if (templateSource === undefined) return undefined;
  const { fetchTemplate } = await import('../../project/template/fetch.ts');
  const progress = openProgress(context.terminal.err);
  try {
    progress.begin('Reading the template…');
    const template = await fetchTemplate(templateSource, { env: context.env, signal: context.interruption() });
    progress.end('done', readTemplateTitle({ source: templateSource.shown, commit: template.commit }));
    return template;
  } finally {
    progress.stop();
  }
}

/** Where the project goes, if its folder is another project or in a workspace. Undefined if there is nothing to choose. */
async function askForPlace(
  ask: Prompts,
  { placement, chosenFolder: chosen }: CreatePlan,
  process: ProcessSpec,
  cwd: string,
): Promise<Pick<CreateFlags, 'folder' | 'workspace'> | undefined> {
  const places = listPlaces(placement, { cwd, chosen, name: workerFolderName(process.definition.process.code) });
  if (places.length === 0) return undefined;
  const { choosePlace } = await import('./wizard/project-steps.ts');
  const place = await choosePlace(ask, placement, places, { canChooseFolder: false });
  return typeof place === 'object' ? { folder: place.folder, workspace: place.workspace } : undefined;
}

/** Shows the changes outside the project. Rejects if they are not confirmed: after a question with status 130, otherwise as a usage error. */
async function confirmOutside(
  changes: readonly OutsideChange[],
  plan: CreatePlan,
  { ask, isConfirmed, context: { terminal } }: CreateSteps & { readonly isConfirmed: boolean },
): Promise<void> {
  if (!isConfirmed && ask === undefined) {
    const list = changes.map(({ action, path }) => `  ${action} ${path}`).join('\n');
    throw usageError(`Files outside ${plan.folder} would change, which requires --yes:\n${list}`, [
      `Show the changes: ${plan.command.replace(/ --yes$/, ' --dry-run')}`,
      `Make them: ${plan.command}`,
      `Or create a separate project: ${plan.commandFor({ folder: plan.chosenFolder, workspace: false })}`,
    ]);
  }
  printOutside(terminal.err, changes);
  if (isConfirmed || ask === undefined) return;
  const answer = await ask.confirm({ message: 'Change these files and create the project?', fallback: true });
  if (answer !== true) throw interruptedError('Nothing was written');
}

const NO_CREDENTIALS = { from: 'none', shadowedBy: [] } as const;
