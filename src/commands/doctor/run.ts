import { systemClock } from '../../base/clock.ts';
import { KnownError, usageError } from '../../base/errors.ts';
import { nearMatch } from '../../base/near-match.ts';
import type { CheckResult } from '../../diagnostics/check.ts';
import { explainAll } from '../../diagnostics/explanations/explain.ts';
import { resolveConnection, type ConnectionContext } from '../../connection/resolve-connection.ts';
import { readGivenSecret } from '../../connection/flags.ts';
import { adviceCommands, runDoctor, type DoctorFlags, type DoctorRun } from './run-doctor.ts';
import type { IssuedCredentials } from './issued-cache.ts';
import { printCause, printExplanation, printExplanationList } from './explain-view.ts';
import { formatGithubCommands, formatJunit } from './formats.ts';
import { writeSupportReport } from './support-report.ts';
import { doctorReportAsJson, printDoctor, printFixes } from './view.ts';
import { findLocalSettings } from '../../platform/session/local-settings.ts';
import { findProject } from '../../process/find-project.ts';
import type { SettingsResult } from '../../settings/precedence.ts';
import { connectionContext } from '../../cli/connection-options.ts';
import { localKuFlow } from '../../cli/local-kuflow.ts';
import type { CommandContext } from '../../cli/context.ts';

const WATCH_SECONDS = 10;

/** `kuflow doctor`. With `--json`: `{ status, roots, results, next, created, counts, ms, fixed? }`. */
export async function runDoctorCommand(flags: DoctorFlags, context: CommandContext): Promise<void> {
  if (flags.json === true && flags.format !== undefined) throw usageError('--json cannot be combined with --format');
  const connection = { ...connectionContext(context), local: localKuFlow(flags, context) };
  if (flags.watch === undefined) {
    const run = await runDoctor(flags, context, connection);
    printRun(run, flags, context);
    if (flags.report !== undefined) await writeSupportReport(flags.report, run.report, context);
    context.setStatus(run.report.status);
    return;
  }
  if (flags.report !== undefined) throw usageError('--report cannot be combined with --watch');
  const secretRead = flags.clientSecretStdin === true ? await readGivenSecret(flags, connection) : undefined;
  await watchDoctor(flags, context, { ...connection, secretRead });
}

const WORKER_CHECK_IDS: readonly string[] = ['KF-WORK-001', 'KF-WORK-002'];

const fingerprintRoots = (roots: readonly CheckResult[]): string =>
  roots.map(({ id, state, cause }) => `${id} ${state} ${cause?.code ?? ''}`).join();

/**
 * `kuflow doctor --watch`: repeats the checks with one token and one certificate, and prints the first round and those whose root causes
 * differ from the previous one. The worker's own check creates its own token, so once it has created something, its result is reused until
 * another check changes. Rejects on an interrupt, or when a round rejects.
 */
async function watchDoctor(flags: DoctorFlags, context: CommandContext, connection: ConnectionContext): Promise<never> {
  const pauseMs = (typeof flags.watch === 'number' ? flags.watch : WATCH_SECONDS) * 1000;
  const issued: IssuedCredentials = { token: {}, material: {} };
  let workerResults: readonly CheckResult[] = [];
  let previous: { readonly all: string; readonly others: string } | undefined;
  for (;;) {
    const run = await runDoctor(flags, context, connection, { issued, earlier: workerResults });
    const { roots, results, status } = run.report;
    const current = {
      all: fingerprintRoots(roots),
      others: fingerprintRoots(roots.filter(({ id }) => !WORKER_CHECK_IDS.includes(id))),
    };
    if (current.all !== previous?.all || flags.json === true) printRun(run, flags, context);
    context.setStatus(status);
    const fresh = results.filter(
      ({ id, state, earlier }) => WORKER_CHECK_IDS.includes(id) && state !== 'skip' && !earlier,
    );
    if (fresh.some(({ created }) => created !== undefined)) workerResults = fresh;
    else if (previous !== undefined && current.others !== previous.others) workerResults = [];
    previous = current;
    await systemClock.sleep(pauseMs, context.interruption());
  }
}

function printRun({ report, fixed }: DoctorRun, flags: DoctorFlags, { terminal, invocation }: CommandContext): void {
  if (flags.json === true) {
    const data = { ...doctorReportAsJson(report), ...(flags.fix === true && { fixed }) };
    terminal.out.json(data, flags.watch === undefined ? 2 : 0);
    return;
  }
  printFixes(terminal, fixed);
  if (flags.format === 'junit') terminal.out.line(formatJunit(report));
  else if (flags.format === 'github') terminal.out.line(formatGithubCommands(report));
  else printDoctor(terminal, report, invocation);
}

/**
 * `kuflow doctor explain [id]`. With `--json`: the explanation, or all of them or those of a plane; for a cause `{ code, checks: [{ id, title, cause
 * }] }`. Exit status 2 for an unknown id.
 */
export async function runExplain(
  id: string | undefined,
  flags: { readonly json?: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal, invocation, cwd } = context;
  const all = explainAll(await adviceCommands(cwd, await settingsInUse(context)));
  const print = (data: object, printView: () => void): void => {
    if (flags.json === true) terminal.out.json(data);
    else printView();
  };
  const wanted = id?.trim().toLowerCase();
  const listed = wanted === undefined ? all : all.filter(({ plane }) => plane === wanted);
  const explanation = all.find((one) => one.id.toLowerCase() === wanted);
  const reports = all.flatMap(({ id: check, title, causes }) =>
    causes.filter(({ code }) => code === wanted).map((cause) => ({ id: check, title, cause })),
  );
  if (listed.length > 0) print({ checks: listed }, () => printExplanationList(terminal, listed, invocation));
  else if (explanation !== undefined) print(explanation, () => printExplanation(terminal, explanation));
  else if (reports.length > 0) print({ code: wanted, checks: reports }, () => printCause(terminal, reports));
  else {
    const codes = all.flatMap(({ causes }) => causes.map(({ code }) => code));
    const names = [...all.map((one) => one.id), ...codes, ...new Set(all.map(({ plane }) => plane))];
    const near = nearMatch(id ?? '', names);
    throw usageError(`Unknown check or cause ${id ?? ''}`, [
      ...(near === undefined ? [] : [`Did you mean ${near}?`]),
      `List all checks: ${invocation} doctor explain`,
    ]);
  }
}

async function settingsInUse({ env, cwd, terminal }: CommandContext): Promise<Pick<SettingsResult, 'settings'>> {
  const folder = findProject(cwd) ?? cwd;
  const local = { requested: false, find: () => findLocalSettings(folder) };
  try {
    return (await resolveConnection({}, { env, cwd: folder, stdin: terminal.prompts.input, local })).result;
  } catch (error) {
    // A profile that does not exist, which an explanation does not need.
    if (error instanceof KnownError) return { settings: {} };
    throw error;
  }
}
