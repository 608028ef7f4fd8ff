import { escapeForTerminal } from '../../base/escape.ts';
import type { DevEvent } from './start-dev-platform.ts';
import type { TimelineEntry } from '../shared/dev-contract.ts';
import type { EventRow } from '../store/events.ts';
import type { Progress } from '../../terminal/progress.ts';
import { stringifyForTerminal } from '../../terminal/terminal.ts';

const PART_LABELS: Readonly<Record<string, string>> = {
  store: 'state',
  temporal: 'Temporal server',
  gateway: 'engine gateway',
  rest: 'REST API',
};

const BYTES_PER_MB = 1024 * 1024;

export interface PlatformReporterOptions {
  readonly progress: Progress;
  /** Show all requests, not just failed ones. */
  readonly requests: boolean;
  /** Show what happens to processes; true by default. */
  readonly processes?: boolean;
}

/** Shows the events of a platform: its start as one step, then one line for each notable event. */
export function platformReporter({
  progress,
  requests,
  processes = true,
}: PlatformReporterOptions): (event: DevEvent) => void {
  const start = { running: false };
  return (event) => {
    if ('about' in event) {
      reportTemporalLookup(event, progress);
      return;
    }
    switch (event.kind) {
      case 'awaiting':
        progress.begin(`Waiting for the local KuFlow that is starting or stopping here (pid ${event.pid})…`);
        break;
      case 'awaited':
        if (event.ready) progress.end('done', `The local KuFlow (pid ${event.pid}) is ready`);
        else progress.end('skipped', `The local KuFlow (pid ${event.pid}) has stopped`);
        break;
      case 'starting':
        if (!start.running) progress.begin('Starting a local KuFlow…');
        start.running = true;
        progress.detail(PART_LABELS[event.part] ?? event.part);
        break;
      case 'ready':
        if (event.part !== 'rest') break;
        progress.end('done', 'Started the local KuFlow');
        start.running = false;
        break;
      case 'port-moved': {
        const by = event.holder === undefined ? '' : ` by ${event.holder}`;
        progress.note(
          `Port ${event.wanted} is in use${by}; using ${event.got} for ${PORT_LABELS[event.part]}`,
          'warning',
        );
        break;
      }
      case 'request':
        reportRequest(event, progress, requests);
        break;
      case 'contract-violation':
        progress.note(
          `The ${event.side} of ${event.operationId} violates KuFlow's API contract: ${event.problem}`,
          'failed',
        );
        break;
      case 'gateway-refused': {
        const hint = event.hint === undefined ? '' : ` (${event.hint})`;
        progress.note(`The engine gateway refused ${event.rpc ?? 'a connection'}: ${event.reason}${hint}`, 'warning');
        break;
      }
      case 'process':
        if (processes) progress.note(formatProcessEvent(event), FAILURES.has(event.what) ? 'warning' : undefined);
        break;
      case 'webhook':
        reportWebhook(event, progress, requests);
        break;
      case 'definitions-changed':
        for (const change of event.changes) progress.note(change);
        break;
      case 'definition-problem':
        progress.note(`${event.file}: ${event.message}. The last valid definition is still served`, 'warning');
        break;
      case 'code-regenerated':
        if (event.written.length > 0) progress.note(`Regenerated ${event.written.join(', ')}`);
        for (const { path, reason } of event.left)
          progress.note(`${path} ${reason}, so it was not regenerated`, 'warning');
        break;
      case 'warning':
        progress.note(event.message, 'warning');
        break;
    }
  };
}

function reportRequest(event: Extract<DevEvent, { readonly kind: 'request' }>, progress: Progress, requests: boolean) {
  const failed = event.status >= 400 || event.status === 0;
  if (event.console === true && !failed) return;
  // Clients that wait for the platform poll its health until it is ready.
  if (!requests && (event.path === '/health' || (!failed && event.problem === undefined))) return;
  const answer = event.status === 0 ? 'no answer' : String(event.status);
  const operation = event.operationId === undefined ? '' : ` ${event.operationId}`;
  const problem = event.problem === undefined ? '' : `: ${event.problem}`;
  const text = `${event.method} ${event.path} ${answer}${operation}${problem}`;
  if (failed) progress.note(text, 'warning');
  else progress.note(`· ${text}`);
}

/** The first failure of a delivery, its end, and with `all` every attempt. */
function reportWebhook(event: Extract<DevEvent, { readonly kind: 'webhook' }>, progress: Progress, all: boolean): void {
  const { type, state, attempts, processId, status, problem } = event;
  const answer = [status, problem].filter((part) => part !== undefined).join(', ');
  const what = `${type} (…${processId.slice(-6)})`;
  if (state === 'FAILED') progress.note(`The webhook did not accept ${what} in time: ${answer}`, 'failed');
  else if (state === 'DELIVERED') {
    if (all || attempts > 1) progress.note(`· The webhook has accepted ${what}`);
  } else if (all || attempts === 1)
    progress.note(`The webhook did not accept ${what}, trying again: ${answer}`, 'warning');
}

const PORT_LABELS = { http: 'HTTP', https: 'HTTPS', engine: 'the engine', temporalUi: "Temporal's UI" } as const;

const FAILURES: ReadonlySet<string> = new Set([
  'action-failed',
  'workflow-failed',
  'workflow-timed-out',
  'workflow-terminated',
]);

/** One line for a process event, with the whole id when the process starts and the end of the id afterwards. */
export function formatProcessEvent(event: Extract<DevEvent, { readonly kind: 'process' }>): string {
  const { what, code, detail, processId } = event;
  const isStart = what === 'process-started';
  const subject = describeWhat({ ...event, kind: what });
  const name = isStart && code !== undefined ? `${code} ` : '';
  const more = detail === undefined ? '' : `: ${detail}`;
  const mark = FAILURES.has(what) ? '' : '· ';
  return `${mark}${name}${subject}${more} (${isStart ? processId : `…${processId.slice(-6)}`})`;
}

function reportTemporalLookup(event: Extract<DevEvent, { readonly about: 'temporal' }>, progress: Progress): void {
  switch (event.kind) {
    case 'trying':
      if (event.source === 'download' || event.source === 'pip')
        progress.begin(`Downloading ${event.tool} (${event.what})…`);
      break;
    case 'progress': {
      const total = event.total === undefined ? '' : ` of ${(event.total / BYTES_PER_MB).toFixed(0)}`;
      progress.detail(`${(event.received / BYTES_PER_MB).toFixed(0)}${total} MB`);
      break;
    }
    case 'downloaded':
      progress.end('done', `Downloaded ${event.tool}`);
      break;
    case 'passed-over':
      if (event.source === 'download' || event.source === 'pip')
        progress.end('skipped', `Could not download ${event.tool} (${event.what}): ${event.reason}`);
      break;
  }
}

/** Says that an existing local KuFlow is used. */
export function attachedLine(state: { readonly pid: number; readonly endpoints: { readonly https: string } }): string {
  return `Using the local KuFlow that is already running (pid ${state.pid}, ${state.endpoints.https})`;
}

/** Says that options were ignored, since they only apply when the local KuFlow starts. */
export function ignoredOptionsLine(options: readonly string[]): string {
  return `Ignored, because the local KuFlow is already running: ${options.join(', ')}`;
}

/** The kinds that do not read like their names. */
const KIND_LABELS: Readonly<Record<string, string>> = {
  'process-cancelled': 'process canceled',
  'item-cancelled': 'canceled',
  'log-appended': 'log entry added',
  'workflow-completed': 'workflow ended',
};

const kindLabel = (kind: string): string =>
  KIND_LABELS[kind] ?? kind.replace(/^(item|action)-/, '').replaceAll('-', ' ');

/** `APPLY claimed`, `action WITHDRAW completed` or `process started`. */
function describeWhat({ kind, code, processItemId }: Pick<EventRow, 'kind' | 'code' | 'processItemId'>): string {
  if (kind.startsWith('action-')) return `action ${code ?? ''} ${kindLabel(kind)}`;
  return processItemId === undefined ? kindLabel(kind) : `${code ?? 'item'} ${kindLabel(kind)}`;
}

/** The timeline of a process, one line per entry: seconds since the start, what happened, and who did it. */
export function formatTimeline(timeline: readonly TimelineEntry[]): readonly string[] {
  const [first] = timeline;
  const start = first === undefined ? 0 : Date.parse(first.time);
  return timeline.map((entry) => {
    const at = `${((Date.parse(entry.time) - start) / 1000).toFixed(2)} s`.padStart(9);
    const subject = describeWhat(entry);
    const by = entry.principal === undefined ? '' : ` by ${entry.principal}`;
    const detail = entry.detail === undefined ? '' : `: ${entry.detail}`;
    return escapeForTerminal(`${at}  ${subject}${by}${detail}`, 300);
  });
}

/** The lines of a JSON value that KuFlow checked against its schema. */
export function formatCheckedValue(
  title: string,
  { valid, value }: { readonly valid?: boolean | undefined; readonly value: object },
): readonly string[] {
  const lines = stringifyForTerminal(value).split('\n');
  return [`${title}${valid === false ? ' (does not match its schema)' : ''}:`, ...lines.map((line) => `  ${line}`)];
}
