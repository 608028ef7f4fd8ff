import { escapeForTerminal } from '../../base/escape.ts';
import type { CommandContext } from '../../cli/context.ts';
import { missingAnswersError } from '../../cli/missing-answers.ts';
import { confirmSampling } from '../../discovery/confirm-sampling.ts';
import { discoverFromApi } from '../../discovery/from-api.ts';
import { loadProcess } from '../../discovery/load-process.ts';
import { discoveryReporter } from '../../discovery/view.ts';
import { languageOf } from '../../languages/registry.ts';
import { comparePlan, conflictError } from '../../project/conflicts.ts';
import type { FetchedTemplate } from '../../project/template/fetch.ts';
import { planProject } from '../../project/plan.ts';
import { writeProject } from '../../project/scaffold.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import { openProgress } from '../../terminal/progress.ts';
import type { Prompts } from '../../terminal/prompts.ts';
import { readCreateAnswers, type CreateAnswers, type CreateFlags } from './answers.ts';
import { checkProject } from './check.ts';
import { rememberConnections } from './connection.ts';
import { projectCredentials } from './project-credentials.ts';
import { projectSpec, resolveCreate } from './resolve.ts';
import { createResult, createResultJson, repeatCommands, type CreateOutcome, type CreateResult } from './result.ts';
import { printCreated, scaffoldReporter } from './view.ts';

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

  const plan = resolution.plan;
  const { connection, folder } = plan;
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
    const spec = projectSpec(plan, process, template);
    const files = await planProject(spec, { version, command: plan.command });
    const comparison = await comparePlan(folder, files, plan.overwrite);
    let outcome: CreateOutcome = { kind: 'dry-run', comparison };
    if (!plan.dryRun) {
      if (comparison.conflicts.length > 0) throw conflictError(comparison, repeatCommands(plan, process));
      if (plan.install) await languageOf(spec).tools.require(spec.packageManager, env);
      const written = await writeProject(
        { spec, comparison },
        { install: plan.install, git: plan.git, env, signal, report: scaffoldReporter(progress) },
      );
      const credentials = spec.local ? NO_CREDENTIALS : await projectCredentials(folder, env);
      const check = await checkProject(
        { folder, local: spec.local, definition: spec.definition, hasCredentials: credentials.from !== 'none' },
        { wanted: plan.check, env, progress, signal },
      );
      outcome = { kind: 'written', written, credentials, check, interrupted: signal.aborted, cwd };
    }
    return { result: createResult(plan, spec, outcome), asked };
  } finally {
    progress.stop();
  }
}

/** Reads the user's own template, if the answers name one. */
async function readTemplate(
  { templateSource }: CreateAnswers,
  { env, terminal, interruption }: CommandContext,
): Promise<FetchedTemplate | undefined> {
  if (templateSource === undefined) return undefined;
  const { fetchTemplate } = await import('../../project/template/fetch.ts');
  const progress = openProgress(terminal.err);
  try {
    progress.begin('Reading the template…');
    const template = await fetchTemplate(templateSource, { env, signal: interruption() });
    const commit = template.commit === undefined ? '' : ` at ${template.commit.slice(0, 10)}`;
    progress.end('done', `Read the template ${escapeForTerminal(templateSource.shown, 300)}${commit}`);
    return template;
  } finally {
    progress.stop();
  }
}

const NO_CREDENTIALS = { from: 'none', shadowedBy: [] } as const;
