import type { ComponentChildren } from 'preact';
import type { RequestFailure } from '../api.ts';
import { CommandLine } from './copy.tsx';

export interface NoticeProps {
  readonly tone: 'info' | 'warning' | 'error' | 'success';
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

/** Why a request failed. Nothing if it could not be sent, because the shell says that the local KuFlow has stopped. */
export function FailureNotice({
  failure,
  title,
}: {
  readonly failure: RequestFailure | undefined;
  readonly title: string;
}) {
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

const TONES: Readonly<Record<string, string>> = {
  READY: 'waiting',
  CLAIMED: 'active',
  RUNNING: 'active',
  COMPLETED: 'good',
  CANCELLED: 'muted',
  up: 'good',
  down: 'bad',
  online: 'good',
  offline: 'bad',
};

/** A state as a colored word. */
export function StateWord({ state }: { readonly state: string }) {
  return <span class={`state ${TONES[state] ?? 'muted'}`}>{state.toLowerCase()}</span>;
}

export function JsonView({ value, label }: { readonly value: unknown; readonly label: string }) {
  return (
    <pre class="json" tabIndex={0} role="region" aria-label={label}>
      <code>{JSON.stringify(value, undefined, 2)}</code>
    </pre>
  );
}

/** Commands that do the same as the page, folded away. */
export function CommandList({
  commands,
  title = 'Commands',
}: {
  readonly commands: readonly (readonly [string, string])[];
  readonly title?: string;
}) {
  return (
    <details class="commands">
      <summary>{title}</summary>
      {commands.map(([label, command]) => (
        <div key={label}>
          <p class="muted">{label}</p>
          <CommandLine command={command} what={`command: ${label}`} />
        </div>
      ))}
    </details>
  );
}
