import { escapeForTerminal } from '../../../base/escape.ts';
import { formatSpan } from '../../../base/format-span.ts';
import { formatProcessEvent } from '../../../platform/session/event-view.ts';
import type { SkippedEvent, SkipResult, WorkflowBehind } from '../../../platform/shared/contract.ts';

export const skippedLine = ({ time, ...event }: SkippedEvent): string =>
  escapeForTerminal(`${time}  ${formatProcessEvent({ kind: 'process', ...event }).replace(/^· /, '')}`, 300);

export const clockLine = ({ now, aheadMs }: SkipResult): string =>
  `The local KuFlow's clock is at ${now}, ${formatSpan(aheadMs)} ahead`;

export const behindLine = ({ workflowId, now, reason }: WorkflowBehind): string =>
  escapeForTerminal(`Process ${workflowId} has not moved from ${now}: ${reason}`, 300);

/** Why no time was skipped, if a worker is missing: a clause. */
export const missingWorker = (behind: readonly WorkflowBehind[]): string | undefined =>
  behind.find(({ reason }) => reason.startsWith('no worker'))?.reason;

/** Why the skip ended before a process did something, or before the requested time. */
export function endLine({ end, until, behind }: SkipResult, invocation: string): string | undefined {
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
