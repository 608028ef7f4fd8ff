import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { KnownError, codeOf, usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { nearMatch } from '../../text/near-match.ts';
import { explainAll } from '../../diagnostics/explanations/explain.ts';
import type { ConnectionContext } from '../../connection/resolve.ts';
import { readGivenSecret, type ConnectionFlags } from '../../connection/flags.ts';
import { runDoctor, readExpiryThreshold, type DoctorFlowRequest, type DoctorRun } from './diagnose.ts';
import { watchDoctor } from './watch.ts';
import { explanationAsData, printExplanation, printExplanationList } from './explain-view.ts';
import { doctorAsGithub, doctorAsJunit } from './formats.ts';
import { doctorAsTicket } from './ticket.ts';
import { doctorAsData, doctorReporter, printDoctor, printFixes } from './view.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import { openProgress } from '../../terminal/progress.ts';
import type { CommandContext } from '../../cli/context.ts';

const WATCH_SECONDS = 10;

/**
 * `kuflow doctor`. With `--json`: `{ status, roots, results, next, created, counts, ms, fixed? }`. Exit status 0 usable, 1 a check failed, 3 a
 * warning with `--fail-on warn`, 4 could not tell.
 */
export async function runDoctorCommand(flags: DoctorFlags, context: CommandContext): Promise<void> {
  if (flags.json === true && flags.format !== undefined)
    throw usageError('--json and --format are two forms of one result: choose one');
  if (flags.watch === undefined) {
    const examination = await once(flags, context);
    print(examination, flags, context);
    if (flags.report !== undefined) await writeTicket(flags.report, examination, context);
    context.setStatus(examination.report.status);
    return;
  }
  if (flags.report !== undefined) throw usageError('--report and --watch do not go together: a report is one run');
  const secretRead = flags.clientSecretStdin === true ? await readGivenSecret(flags, worldOf(context)) : undefined;
  await watchDoctor({
    examine: (handedOn) => once(flags, context, { ...handedOn, ...(secretRead && { secretRead }) }),
    onRound: (examination, changed) => {
      if (changed || flags.json === true) print(examination, flags, context);
      context.setStatus(examination.report.status);
    },
    pauseMs: (flags.watch === true ? WATCH_SECONDS : flags.watch) * 1000,
    clock: systemClock,
    signal: context.interruption(),
  });
}

function worldOf({ env, cwd, terminal }: CommandContext): ConnectionContext {
  return { env, cwd, stdin: terminal.prompts.input };
}

async function once(
  flags: DoctorFlags,
  context: CommandContext,
  handedOn: Pick<DoctorFlowRequest, 'issued' | 'earlier' | 'secretRead'> = {},
): Promise<DoctorRun> {
  const { terminal } = context;
  const progress = openProgress(terminal.err);
  try {
    return await runDoctor({
      ...worldOf(context),
      ...handedOn,
      flags,
      signal: context.interruption(),
      selection: {
        ...(flags.only && { only: flags.only }),
        ...(flags.skip && { skip: flags.skip }),
        offline: flags.offline === true,
        noCreate: !flags.create,
      },
      timeoutMs: flags.timeout * 1000,
      failOnWarn: flags.failOn === 'warn',
      fix: flags.fix === true,
      ...(flags.warnExpiry !== undefined && { warnExpiry: readExpiryThreshold(flags.warnExpiry) }),
      ...(flags.process !== undefined && { processId: flags.process }),
      report: doctorReporter(progress),
      retry: `${context.invocation} doctor`,
    });
  } finally {
    progress.stop();
  }
}

function print({ report, fixed }: DoctorRun, flags: DoctorFlags, { terminal, invocation }: CommandContext): void {
  if (flags.json === true) {
    const data = { ...doctorAsData(report), ...(flags.fix === true && { fixed }) };
    terminal.out.line(stringifyForTerminal(data, flags.watch === undefined ? 2 : 0));
    return;
  }
  printFixes(terminal, fixed);
  if (flags.format === 'junit') terminal.out.line(doctorAsJunit(report));
  else if (flags.format === 'github') terminal.out.line(doctorAsGithub(report));
  else printDoctor(terminal, report, invocation);
}

async function writeTicket(file: string, { report }: DoctorRun, context: CommandContext): Promise<void> {
  const path = resolve(context.cwd, file);
  const text = doctorAsTicket(report, {
    version: context.version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    home: homedir(),
    time: new Date(systemClock.now()).toISOString(),
  });
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new KnownError({
      message: 'The report could not be written',
      tried: path,
      seen:
        codeOf(error) === 'EEXIST'
          ? 'there is a file already, and it is not replaced'
          : (codeOf(error) ?? 'unknown error'),
      next: ['Give --report another name'],
      cause: error,
    });
  }
  context.terminal.err.line(`Report written to ${escapeForTerminal(path, 1000)}`);
}

/** `kuflow doctor explain [ID]`. With `--json`: the explanation, or a list of all. Status 2 for an id that does not exist. */
export function runExplain(
  id: string | undefined,
  flags: { readonly json?: boolean },
  { terminal, invocation }: CommandContext,
): void {
  const all = explainAll({ kuflow: invocation });
  if (id === undefined) {
    if (flags.json === true) terminal.out.line(stringifyForTerminal({ checks: all.map(explanationAsData) }));
    else printExplanationList(terminal, all, invocation);
    return;
  }
  const found = all.find((one) => one.id.toLowerCase() === id.trim().toLowerCase());
  if (found === undefined) {
    const near = nearMatch(
      id,
      all.map((one) => one.id),
    );
    throw usageError(`There is no check ${id}`, [
      ...(near === undefined ? [] : [`Did you mean ${near}?`]),
      `All checks: ${invocation} doctor explain`,
    ]);
  }
  if (flags.json === true) terminal.out.line(stringifyForTerminal(explanationAsData(found)));
  else printExplanation(terminal, found);
}
/** Options as commander hands them over. */

export interface DoctorFlags extends ConnectionFlags {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly offline?: boolean;
  /** False by `--no-create`. */
  readonly create: boolean;
  /** Seconds. */
  readonly timeout: number;
  readonly failOn?: 'warn';
  readonly warnExpiry?: string;
  readonly process?: string;
  readonly fix?: boolean;
  /** Seconds; true for the usual ones. */
  readonly watch?: number | true;
  readonly report?: string;
  readonly format?: 'junit' | 'github';
  readonly json?: boolean;
}
