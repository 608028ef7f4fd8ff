import type { ComponentChildren } from 'preact';
import { parseJsonText } from '../../base/json.ts';
import type { RequestFailure } from '../api.ts';
import { useConnection } from '../live/events.ts';
import { Link, ViewHeading } from '../navigation.tsx';
import { stateWord, formatBytes } from '../text/words.ts';
import { CommandLine } from './copy.tsx';
import type { RecordedBody } from '../../platform/shared/dev-contract.ts';

export interface NoticeProps {
  readonly tone: 'info' | 'warning' | 'error';
  readonly title?: string | undefined;
  readonly children?: ComponentChildren;
  /** Read out at once by screen readers. */
  readonly isAlert?: boolean | undefined;
}

export function Notice({ tone, title, children, isAlert }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={isAlert === true ? 'alert' : undefined}>
      {title === undefined ? null : (
        <p>
          <strong>{title}</strong>
        </p>
      )}
      {children}
    </div>
  );
}

export interface FailureNoticeProps {
  readonly failure: RequestFailure | undefined;
  readonly title: string;
}

export function FailureNotice({ failure, title }: FailureNoticeProps) {
  if (failure === undefined) return null;
  return (
    <Notice tone="error" title={title} isAlert>
      <p>{failure.message}</p>
      {failure.reasons.length === 0 ? null : (
        <ul>
          {failure.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

/** Why data could not be read. While the local KuFlow is not responding at all, the shell says so, and everything is read again later. */
export function ReadFailure({ failure, title }: FailureNoticeProps) {
  const connection = useConnection();
  if (failure?.status === undefined && connection !== 'live') return null;
  return <FailureNotice failure={failure} title={title} />;
}

/** What an entry of each list is called, in a heading and in a sentence. */
const NAMES = {
  processes: ['Process', 'process'],
  requests: ['Request', 'request'],
  tasks: ['Task', 'task'],
  webhooks: ['Webhook event', 'event'],
} as const;

/** What a view shows instead of its data. Not a component, so that its heading keeps the focus once the data is read. */
export function notLoaded(list: keyof typeof NAMES, failure: RequestFailure | undefined) {
  const [title, name] = NAMES[list];
  return (
    <>
      <ViewHeading title={title} />
      <ReadFailure failure={failure} title={`The ${name} could not be read`} />
      {failure === undefined ? null : (
        <Link to={{ view: list }}>{list === 'webhooks' ? 'All events' : `All ${list}`}</Link>
      )}
    </>
  );
}

export function ShowMore({ count, onClick }: { readonly count: number; readonly onClick: () => void }) {
  if (count <= 0) return null;
  return (
    <button type="button" onClick={onClick}>
      Show more ({count})
    </button>
  );
}

/** What a list shows when it is empty: what comes here, and the command that makes it come. */
export function EmptyState({
  children,
  command,
}: {
  readonly children: ComponentChildren;
  readonly command?: string | undefined;
}) {
  return (
    <div class="empty">
      <p>{children}</p>
      {command === undefined ? null : <CommandLine command={command} />}
    </div>
  );
}

/** The states that have a color. */
const TONES = {
  waiting: ['READY', 'REQUESTED', 'PENDING'],
  active: ['CLAIMED', 'RUNNING'],
  good: ['COMPLETED', 'DELIVERED', 'up', 'online'],
  bad: ['ERROR', 'FAILED', 'down', 'offline'],
};

export function StateWord({ state }: { readonly state: string }) {
  const [tone] = Object.entries(TONES).find(([, states]) => states.includes(state)) ?? ['muted'];
  return <span class={`state ${tone}`}>{stateWord(state)}</span>;
}

/** Marks a process whose payloads in the engine are encrypted, or a definition whose new processes are. */
export function ConfidentialBadge({ of }: { readonly of: { readonly confidential?: boolean } | undefined }) {
  if (of?.confidential !== true) return null;
  return (
    <>
      {' '}
      <span class="badge" title="The engine stores the data of this process encrypted">
        confidential
      </span>
    </>
  );
}

/** Text with line breaks, such as code, which scrolls if it is long. */
export function CodeBlock({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <pre class="json" tabIndex={0} role="region" aria-label={label}>
      <code>{children}</code>
    </pre>
  );
}

/** Commands that do the same as the view, folded away. */
export function CommandList({ commands }: { readonly commands: readonly (readonly [string, string])[] }) {
  return (
    <details>
      <summary>Commands</summary>
      {commands.map(([label, command]) => (
        <div key={label}>
          <p class="muted">{label}</p>
          <CommandLine command={command} what={`command: ${label}`} />
        </div>
      ))}
    </details>
  );
}

export function RecordedBodyView({ label, body }: { readonly label: string; readonly body: RecordedBody | undefined }) {
  if (body === undefined || body.bytes === 0) return <p class="muted">No body</p>;
  const { contentType, bytes, truncated, text } = body;
  return (
    <>
      <p class="muted">
        {[contentType, formatBytes(bytes), truncated ? 'only the beginning is kept' : undefined]
          .filter((part) => part !== undefined)
          .join(' · ')}
      </p>
      {text === undefined ? null : <CodeBlock label={label}>{indentJson(text)}</CodeBlock>}
    </>
  );
}

function indentJson(text: string): string {
  const value = parseJsonText(text);
  return value === undefined ? text : JSON.stringify(value, undefined, 2);
}
