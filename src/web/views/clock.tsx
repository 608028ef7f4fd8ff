import { useState } from 'preact/hooks';
import { countOf } from '../../base/count-of.ts';
import { formatSpan } from '../../base/format-span.ts';
import type { ClockStatus, SkipEnd, SkipResult } from '../../platform/shared/dev-contract.ts';
import { callApi } from '../api.ts';
import { useApp } from '../app-data.ts';
import { platformNow } from '../parts/ago.tsx';
import { useAction } from '../parts/action.ts';
import { FailureNotice, Notice } from '../parts/notices.tsx';
import { SelectList } from '../parts/select-list.tsx';

const HOUR = 3600;
const DAY = 24 * HOUR;
const SPANS = [HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY] as const;

const formatTime = (time: string): string => new Date(time).toLocaleString();

export function ClockBanner() {
  const clock = useApp().status.data?.clock;
  if (clock === undefined || (clock.aheadMs === 0 && clock.skipping === undefined)) return null;
  return (
    <p class="clock" role="status" aria-label="Clock">
      {clock.skipping === undefined ? 'The clock is ' : 'Skipping time. The clock is '}
      <strong>{formatSpan(clock.aheadMs)} ahead</strong>: for the local KuFlow, it is{' '}
      {new Date(platformNow()).toLocaleDateString()}
    </p>
  );
}

export function ClockSection() {
  const clock = useApp().status.data?.clock;
  return (
    <section aria-labelledby="time">
      <h2 id="time">
        Time <span class="badge">experimental</span>
      </h2>
      {clock === undefined ? null : <ClockControl clock={clock} />}
    </section>
  );
}

function ClockControl({ clock }: { readonly clock: ClockStatus }) {
  const action = useAction();
  const [span, setSpan] = useState(String(DAY));
  const [behind, setBehind] = useState<SkipResult['behind']>([]);
  if (clock.obstacle !== undefined) return <p class="muted">Time can’t be skipped: {clock.obstacle}</p>;
  const skip = (name: string, body: object): void =>
    action.run(name, async () => {
      const result = await callApi<SkipResult>('POST', '/_dev/clock/skip', { body });
      setBehind(result.behind);
      return describeResult(result);
    });
  const isBusy = action.busy !== undefined || clock.skipping !== undefined;
  return (
    <>
      <p class="muted">
        Deadlines pass, and the worker does what it does then. Tokens and certificates still expire in real time. The
        clock stays ahead until the state is reset.
      </p>
      <FailureNotice failure={action.failure} title="Time was not skipped" />
      <p class="actions">
        <button type="button" disabled={isBusy} onClick={() => skip('next', {})}>
          Skip to the next deadline
        </button>
        <SelectList
          label="Time to skip"
          value={span}
          options={SPANS.map((seconds) => [String(seconds), formatSpan(seconds * 1000)])}
          onChange={setSpan}
        />
        <button type="button" disabled={isBusy} onClick={() => skip('span', { seconds: Number(span) })}>
          Skip
        </button>
        <span role="status" class="muted">
          {isBusy ? 'Skipping time…' : (action.done ?? '')}
        </span>
      </p>
      {behind.length === 0 ? null : (
        <Notice tone="warning" title="Some processes are behind">
          <ul>
            {behind.map(({ workflowId, now, reason }) => (
              <li key={workflowId}>
                <code>{workflowId}</code> is still at {formatTime(now)}: {reason}
              </li>
            ))}
          </ul>
        </Notice>
      )}
    </>
  );
}

const ENDS: Readonly<Partial<Record<SkipEnd, string>>> = {
  idle: 'No process did anything',
  stuck: 'The skip ended early',
  'time-limit': 'The skip takes longer than two minutes. Skip again to continue',
};

function describeResult({ end, from, now, events }: SkipResult): string {
  const skipped = `Skipped ${formatSpan(Date.parse(now) - Date.parse(from))}`;
  return `${skipped}, ${countOf(events.length, 'event')}${end in ENDS ? `. ${ENDS[end] ?? ''}` : ''}`;
}
