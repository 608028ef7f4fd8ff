import { usageError } from '../../base/errors.ts';
import { systemClock } from '../../base/clock.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { formatSpan } from '../../base/format-span.ts';
import type { CommandContext } from '../../cli/context.ts';
import { requireRunningPlatform } from '../../cli/local-kuflow.ts';
import type { DevFlags } from '../../cli/platform-options.ts';
import { readClock, requestSkip, type DevApiAccess } from '../../platform/rest/dev-client.ts';
import { formatProcessEvent } from '../../platform/session/event-view.ts';
import type { SkippedEvent, SkipRequest, SkipResult, WorkflowBehind } from '../../platform/shared/dev-contract.ts';
import { openProgress, type Progress } from '../../terminal/progress.ts';
import { localStartCommand } from '../../project/commands.ts';
import { printSteps } from '../../terminal/print-error.ts';

const READ_CLOCK_EVERY_MS = 1000;

/** `kuflow dev skip`. `seconds` is undefined without a duration, `until` in ISO 8601. With `--json`: a `SkipResult`. */
export async function runSkip(
  seconds: number | undefined,
  flags: DevFlags & { readonly until?: string },
  context: CommandContext,
): Promise<void> {
  const { terminal, cwd, invocation } = context;
  if (seconds !== undefined && flags.until !== undefined)
    throw usageError('A duration cannot be combined with --until', [`${invocation} dev skip --until ${flags.until}`]);
  const running = await requireRunningPlatform({ cwd, stateDir: flags.stateDir }, context);
  const progress = openProgress(terminal.err);
  progress.begin('Skipping time…');
  try {
    const result = await skipAll(running, { seconds, until: flags.until }, progress, context.interruption());
    progress.stop();
    const isStopped = result.end === 'stuck' && missingWorker(result.behind) !== undefined;
    if (flags.json === true) terminal.out.json(result);
    else {
      for (const event of result.events) terminal.out.line(skippedLine(event));
      if (!isStopped) terminal.out.line(clockLine(result));
    }
    if (!isStopped) for (const behind of result.behind) progress.note(behindLine(behind), 'warning');
    const line = endLine(result, context.invocation);
    if (line !== undefined) progress.note(line, result.end === 'stuck' ? 'failed' : 'warning');
    if (isStopped) {
      printSteps(terminal.err, [`Start the worker: ${await localStartCommand(cwd, invocation)}`, 'Then try again']);
    }
    context.setStatus(result.end === 'stuck' || result.behind.length > 0 ? 4 : result.end === 'idle' ? 1 : 0);
  } finally {
    progress.stop();
  }
}

/** Repeats the request until time was skipped completely. */
async function skipAll(
  access: DevApiAccess,
  wanted: SkipRequest,
  progress: Progress,
  signal: AbortSignal,
): Promise<SkipResult> {
  const events: SkippedEvent[] = [];
  let from: string | undefined;
  for (let request = wanted; ;) {
    const result = await withClock(access, progress, requestSkip(access, request, signal));
    events.push(...result.events);
    from ??= result.from;
    if (result.end !== 'time-limit') return { ...result, from, events };
    request = { until: result.until };
  }
}

/** Shows the time of the local KuFlow until `work` has settled. */
async function withClock<Result>(access: DevApiAccess, progress: Progress, work: Promise<Result>): Promise<Result> {
  const settled = new AbortController();
  const showClock = async (): Promise<void> => {
    for (;;) {
      await systemClock.sleep(READ_CLOCK_EVERY_MS, settled.signal);
      progress.detail((await readClock(access)).now);
    }
  };
  // It fails when the work has settled. If the platform does not answer, so does the work.
  showClock().catch(() => undefined);
  return await work.finally(() => settled.abort());
}

const skippedLine = ({ time, ...event }: SkippedEvent): string =>
  escapeForTerminal(`${time}  ${formatProcessEvent({ kind: 'process', ...event }).replace(/^· /, '')}`, 300);

const clockLine = ({ now, aheadMs }: SkipResult): string =>
  `The local KuFlow's clock is at ${now}, ${formatSpan(aheadMs)} ahead`;

const behindLine = ({ workflowId, now, reason }: WorkflowBehind): string =>
  escapeForTerminal(`Process ${workflowId} has not moved from ${now}: ${reason}`, 300);

/** Why no time was skipped, if a worker is missing: a clause. */
const missingWorker = (behind: readonly WorkflowBehind[]): string | undefined =>
  behind.find(({ reason }) => reason.startsWith('no worker'))?.reason;

/** Why the skip ended before a process did something, or before the requested time. */
function endLine({ end, until, behind }: SkipResult, invocation: string): string | undefined {
  switch (end) {
    case 'idle':
      return 'Nothing happened: no process is waiting for a deadline or timer, or none of them changed in KuFlow';
    case 'stuck':
      return missingWorker(behind) !== undefined
        ? `No time was skipped: ${missingWorker(behind)}`
        : `The skip ended early. To continue: ${invocation} dev skip${until === undefined ? '' : ` --until ${until}`}`;
    default:
      return undefined;
  }
}
