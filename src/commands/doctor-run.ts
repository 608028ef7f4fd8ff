import { usageError } from '../base/errors.ts';
import { nearMatch } from '../base/near-match.ts';
import { explainAll } from '../doctor/explanations/explain.ts';
import { examine, readExpiryThreshold } from '../flows/doctor.ts';
import { explanationAsData, printExplanation, printExplanationList } from '../terminal/doctor-explain-view.ts';
import { doctorAsData, followDoctor, printDoctor } from '../terminal/doctor-views.ts';
import { jsonLine } from '../terminal/safe-json.ts';
import { openProgress } from '../terminal/progress.ts';
import type { CommandContext } from './context.ts';
import type { DoctorFlags } from './doctor.ts';

/**
 * `kuflow doctor`. With `--json`: `{ status, roots, results, next, created, counts, ms }`. Exit status 0 usable, 1 a check failed, 3 a warning
 * with `--fail-on warn`, 4 could not tell.
 */
export async function runDoctorCommand(flags: DoctorFlags, context: CommandContext): Promise<void> {
  const { terminal, env, cwd } = context;
  const signal = context.interruption();
  const progress = openProgress(terminal.err);
  try {
    const report = await examine({
      ...{ env, cwd, signal, flags },
      stdin: terminal.prompts.input,
      selection: {
        ...(flags.only && { only: flags.only }),
        ...(flags.skip && { skip: flags.skip }),
        offline: flags.offline === true,
        noCreate: !flags.create,
      },
      timeoutMs: flags.timeout * 1000,
      failOnWarn: flags.failOn === 'warn',
      ...(flags.warnExpiry !== undefined && { warnExpiry: readExpiryThreshold(flags.warnExpiry) }),
      ...(flags.process !== undefined && { processId: flags.process }),
      report: followDoctor(progress),
      retry: `${context.invocation} doctor`,
    });
    progress.stop();
    if (flags.json === true) terminal.out.line(jsonLine(doctorAsData(report)));
    else printDoctor(terminal, report, context.invocation);
    context.setStatus(report.status);
  } finally {
    progress.stop();
  }
}

/** `kuflow doctor explain [ID]`. With `--json`: the explanation, or a list of all. Status 2 for an id that does not exist. */
export function runExplain(
  id: string | undefined,
  flags: { readonly json?: boolean },
  { terminal, invocation }: CommandContext,
): void {
  const all = explainAll();
  if (id === undefined) {
    if (flags.json === true) terminal.out.line(jsonLine({ checks: all.map(explanationAsData) }));
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
  if (flags.json === true) terminal.out.line(jsonLine(explanationAsData(found)));
  else printExplanation(terminal, found);
}
