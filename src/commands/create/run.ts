import { escapeForTerminal } from '../../base/escape.ts';
import { expandHome } from '../../base/user-folders.ts';
import { createProject, type CreateResult } from './create-project.ts';
import { checkReporter, discoveryReporter, scaffoldReporter, printCreated } from './view.ts';
import { openProgress } from '../../terminal/progress.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import { apiDiscovery } from './discover.ts';
import { checkOptionsUsed, checkValues, missingAnswers, missingError } from './call.ts';
import { projectCheck } from './check.ts';
import type { CreateCall } from './flags.ts';
import { checkPlace, connectionOf, requestOf } from './request.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { WizardAnswers } from './wizard/answer.ts';

/** `create`: questions, the flow, its result. With `--json` prints the `CreateResult` as `createdAsJson` describes it. */
export async function runCreate(called: CreateCall, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const call = withFolder(called, context.env);
  const { flags } = call;
  const signal = context.interruption();
  checkValues(flags);
  checkOptionsUsed(flags);
  await checkPlace(flags, context);
  const missing = missingAnswers(call, context);
  const mayAsk = terminal.canPrompt && flags.yes !== true && flags.json !== true;
  if (missing.length > 0 && !mayAsk) throw missingError(call, missing);
  const ask = mayAsk ? (await import('../../terminal/prompts.ts')).openPrompts(terminal, signal) : undefined;
  const asked = missing.length > 0;
  const answered: WizardAnswers =
    ask === undefined || !asked
      ? { call: { folder: call.folder ?? '.', flags }, connection: undefined, discovered: undefined }
      : await (await import('./wizard/answer.ts')).answerCall(call, ask, signal, context);

  const connection = answered.connection ?? (await connectionOf(answered.call, context));
  for (const warning of connection?.warnings ?? []) terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
  const request = requestOf(answered.call, connection, context);
  const progress = openProgress(terminal.err);
  try {
    const result = await createProject(request, {
      version: context.version,
      env: context.env,
      signal,
      discover: answered.discovered ?? apiDiscovery(connection, ask, signal),
      check: projectCheck(context.env, progress),
      report: {
        scaffold: scaffoldReporter(progress),
        check: checkReporter(progress),
        discovery: discoveryReporter(progress),
      },
    });
    progress.stop();
    if (flags.json === true) terminal.out.line(stringifyForTerminal(createdAsJson(result)));
    else printCreated(terminal, result);
    if (asked)
      terminal.err.line(`\nTo do the same without questions:\n  ${escapeForTerminal(request.command, Infinity)}`);
    context.setStatus(result.status);
  } finally {
    progress.stop();
  }
}

/** An empty name, as of a variable that is not set, would be the folder here; `~/x` in quotes, a folder named `~`. */
function withFolder(call: CreateCall, env: NodeJS.ProcessEnv): CreateCall {
  const { folder, ...rest } = call;
  return folder === undefined || folder.trim() === '' ? rest : { ...call, folder: expandHome(folder, env) };
}

/**
 * `{ folder, name, language, process: { code, source, tasks }, notes, dryRun, files: [{ path, action, reason? }], install: { kind, … },
 * git: { kind, … }, check: { kind: 'not-run', reason } | { kind: 'impossible', reason, seen?, next } | { kind: 'checked', status, results, next }, next: [{ command?, text }],
 * command, status }`; `status` is the exit status.
 */
function createdAsJson(result: CreateResult): object {
  const { check, ...rest } = result;
  if (check.kind !== 'checked') return { ...rest, check };
  const { status, results, next } = check.report;
  return { ...rest, check: { kind: check.kind, status, results, next } };
}
