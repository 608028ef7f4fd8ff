import { interruptedError, usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { CommandContext } from '../../cli/context.ts';
import { missingAnswersError } from '../../cli/missing-answers.ts';
import { confirmSampling } from '../../discovery/confirm-sampling.ts';
import { discoverFromApi } from '../../discovery/from-api.ts';
import { loadProcess, type LoadedProcess } from '../../discovery/load-process.ts';
import { discoveryReporter } from '../../discovery/view.ts';
import { languageOf } from '../../languages/registry.ts';
import type { FetchedTemplate } from '../../project/template/fetch.ts';
import { workerFolderName } from '../../languages/project-name.ts';
import { conflictError } from '../../project/conflicts.ts';
import { describeOutside, type OutsideChange } from '../../project/join/plan-outside.ts';
import { readIgnoredState } from '../../project/ignored-state.ts';
import { recoverAround } from '../../project/edit/recover-project.ts';
import { readTemplateTitle, recoveryPrinter } from '../../project/view.ts';
import { writeProject } from '../../project/scaffold.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import { openProgress } from '../../terminal/progress.ts';
import type { Prompts } from '../../terminal/prompts.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { readCreateAnswers, type CreateAnswers, type CreateFlags } from './answers.ts';
import { checkProject } from './check.ts';
import { rememberConnections } from './connection.ts';
import { projectCredentials } from './project-credentials.ts';
import { listPlaces } from './placement.ts';
import { prepareCreate } from './prepare.ts';
import { resolveCreate, type CreatePlan } from './resolve.ts';
import { createResult, createResultJson, type CreateOutcome, type CreateResult } from './result.ts';
import { printCreated, printOutside, scaffoldReporter } from './view.ts';

/** Runs `create`. With `--json`, prints the `CreateResult` as `createResultJson` describes it. */
export async function runCreate(flags: CreateFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const mayAsk = terminal.canPrompt && flags.yes !== true && flags.json !== true;
  const ask = mayAsk
    ? (await import('../../terminal/prompts.ts')).openPrompts(terminal, context.interruption())
    : undefined;
  const { result, asked } = await createProject(flags, ask, context);
  if (flags.json === true) terminal.out.line(stringifyForTerminal(createResultJson(result)));
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
  const { terminal, env, cwd, version } = context;
  const signal = context.interruption();
  const connections = rememberConnections(context);
  const resolveContext = { env, cwd, version, connect: connections.connect };

  const answers = await readCreateAnswers(flags, context);
  let resolution = await resolveCreate(answers, resolveContext);
  const asked = resolution.kind === 'missing' && ask !== undefined;
  if (resolution.kind === 'missing' && !asked) throw missingAnswersError(resolution.missing, resolution.example);
  // Before the first question: after the last one, all answers would be lost.
  const template = await readTemplate(answers, context);
  if (asked) {
    const { runWizard } = await import('./wizard/run-wizard.ts');
    const { openWizardContext } = await import('./wizard/context.ts');
    const complete = await runWizard(answers, await openWizardContext({ ask, signal, connections, template, context }));
    resolution = await resolveCreate(complete, resolveContext);
  }
  if (resolution.kind === 'missing') throw missingAnswersError(resolution.missing, resolution.example);

  let { plan } = resolution;
  const { connection } = plan;
  for (const warning of connection?.warnings ?? []) terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
  const progress = openProgress(terminal.err);
  try {
    const process = await loadProcess(plan.source, {
      cwd,
      discover: async (code, sample) => {
        if (connection === undefined) throw new Error('A process is read from the API without a connection');
        return discoverFromApi({
          rest: await connection.rest(),
          code,
          sample,
          confirmSampling: ask === undefined ? undefined : (count) => confirmSampling(ask, count),
          report: discoveryReporter(progress),
          signal,
        });
      },
    });
    if (ask !== undefined && !asked) {
      progress.stop();
      const place = await askForPlace(ask, plan, process, cwd);
      if (place !== undefined) {
        const moved = await resolveCreate({ ...answers, ...place }, resolveContext);
        if (moved.kind === 'plan') plan = moved.plan;
      }
    }
    const { folder } = plan;
    if (!plan.dryRun) for (const recovery of await recoverAround(folder, true)) recoveryPrinter(terminal.err)(recovery);
    const prepared = await prepareCreate(plan, process, { version, cwd, env, template });
    const { spec, comparison } = prepared;
    let outcome: CreateOutcome = { kind: 'dry-run' };
    if (!plan.dryRun) {
      if (comparison.conflicts.length > 0) throw conflictError(comparison, plan.command);
      if (plan.install) await languageOf(spec).tools.require(spec.packageManager, env);
      const changes = describeOutside(comparison.outside ?? []);
      // The wizard showed the changes before its last question.
      if (changes.length > 0 && !asked) {
        progress.stop();
        await confirmOutside(changes, { ask, isConfirmed: flags.yes === true, plan, terminal });
      }
      const written = await writeProject(prepared, {
        install: plan.install,
        git: plan.git,
        env,
        signal,
        report: scaffoldReporter(progress),
      });
      const credentials = spec.local ? NO_CREDENTIALS : await projectCredentials(folder, env);
      const check = await checkProject(
        { folder, local: spec.local, definition: spec.definition, hasCredentials: credentials.from !== 'none' },
        { wanted: plan.check, env, progress, signal },
      );
      const ignoredState = await readIgnoredState(folder, env);
      outcome = { kind: 'written', written, credentials, check, ignoredState, interrupted: signal.aborted, cwd };
    }
    return { result: createResult(plan, prepared, outcome), asked };
  } finally {
    progress.stop();
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
  process: LoadedProcess,
  cwd: string,
): Promise<Pick<CreateFlags, 'folder' | 'workspace'> | undefined> {
  const places = listPlaces(placement, { cwd, chosen, name: workerFolderName(process.definition.process.code) });
  if (places.length === 0) return undefined;
  const { choosePlace } = await import('./wizard/choose-place.ts');
  const place = await choosePlace(ask, placement, places, { canChooseFolder: false });
  return typeof place === 'object' ? { folder: place.folder, workspace: place.workspace } : undefined;
}

interface OutsideConfirmation {
  readonly ask: Prompts | undefined;
  /** By `--yes`. */
  readonly isConfirmed: boolean;
  readonly plan: CreatePlan;
  readonly terminal: Terminal;
}

/** Shows the changes outside the project. Rejects if they are not confirmed: with status 130 after a question, otherwise as a usage error. */
async function confirmOutside(
  changes: readonly OutsideChange[],
  { ask, isConfirmed, plan, terminal }: OutsideConfirmation,
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
