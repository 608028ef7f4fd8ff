import { escapeForTerminal } from '../../base/escape.ts';
import type { DevEvent } from './start.ts';
import { pathOption, shellWord } from '../../text/shell.ts';
import type { TimelineEntry } from '../rest/dev-client.ts';
import type { PlatformState } from '../state-file.ts';
import type { Progress } from '../../terminal/progress.ts';
import { formatTable } from '../../terminal/table.ts';

const PARTS: Readonly<Record<string, string>> = {
  store: 'its state',
  temporal: 'the Temporal server',
  gateway: 'the engine gateway',
  rest: 'the REST API',
};

const MEGABYTE = 1024 * 1024;

export interface PlatformReporterOptions {
  readonly progress: Progress;
  /** Every request in place of those that went wrong. */
  readonly requests: boolean;
  /** What happens to processes, unless false. */
  readonly processes?: boolean;
}

/** Shows what a platform reports: its start as one step, then a line for each thing worth one. */
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
        progress.begin(`Wait for the local KuFlow that starts or stops here, pid ${event.pid}`);
        break;
      case 'awaited':
        if (event.ready) progress.end('done', `The local KuFlow of pid ${event.pid} is ready`);
        else progress.end('skipped', `The local KuFlow of pid ${event.pid} has ended`);
        break;
      case 'starting':
        if (!start.running) progress.begin('Start a local KuFlow');
        start.running = true;
        progress.detail(PARTS[event.part] ?? event.part);
        break;
      case 'ready':
        if (event.part !== 'rest') break;
        progress.end('done', `Local KuFlow at ${event.address ?? ''}`);
        start.running = false;
        break;
      case 'port-moved': {
        const by = event.holder === undefined ? '' : ` by ${event.holder}`;
        progress.note(`Port ${event.wanted} is taken${by}: ${event.part} takes ${event.got}`, 'warning');
        break;
      }
      case 'request':
        reportRequest(event, progress, requests);
        break;
      case 'contract-violation':
        progress.note(`The ${event.side} of ${event.operationId} breaks KuFlow's contract: ${event.problem}`, 'failed');
        break;
      case 'gateway-refused': {
        const hint = event.hint === undefined ? '' : ` (${event.hint})`;
        progress.note(`Gateway refused ${event.rpc ?? 'a connection'}: ${event.reason}${hint}`, 'warning');
        break;
      }
      case 'process':
        if (processes) progress.note(formatProcessEvent(event), FAILURES.has(event.what) ? 'warning' : undefined);
        break;
      case 'warning':
        progress.note(event.message, 'warning');
        break;
    }
  };
}

function reportRequest(
  event: Extract<DevEvent, { readonly kind: 'request' }>,
  progress: Progress,
  requests: boolean,
): void {
  const wrong = event.status >= 400 || event.status === 0;
  // Whoever waits for the platform asks for its health until it is ready.
  if (!requests && (event.path === '/health' || (!wrong && event.problem === undefined))) return;
  const answer = event.status === 0 ? 'no answer' : String(event.status);
  const operation = event.operationId === undefined ? '' : ` ${event.operationId}`;
  const problem = event.problem === undefined ? '' : `: ${event.problem}`;
  const text = `${event.method} ${event.path} ${answer}${operation}${problem}`;
  if (wrong) progress.note(text, 'warning');
  else progress.note(`· ${text}`);
}

const FAILURES: ReadonlySet<string> = new Set(['workflow-failed', 'workflow-timed-out', 'workflow-terminated']);

/** One line for what happened to a process; its id whole where it begins, by its end later. */
function formatProcessEvent(event: Extract<DevEvent, { readonly kind: 'process' }>): string {
  const { what, code, detail, processId } = event;
  const began = what === 'process-started';
  const subject = event.processItemId === undefined ? kindLabel(what) : `${code ?? 'item'} ${kindLabel(what)}`;
  const name = began && code !== undefined ? `${code} ` : '';
  const more = detail === undefined ? '' : `: ${detail}`;
  const mark = FAILURES.has(what) ? '' : '· ';
  return `${mark}${name}${subject}${more} ${began ? processId : `(…${processId.slice(-6)})`}`;
}

function reportTemporalLookup(event: Extract<DevEvent, { readonly about: 'temporal' }>, progress: Progress): void {
  switch (event.kind) {
    case 'trying':
      if (event.source === 'download' || event.source === 'pip') progress.begin(`Get ${event.tool} (${event.what})`);
      break;
    case 'progress': {
      const whole = event.total === undefined ? '' : ` of ${(event.total / MEGABYTE).toFixed(0)}`;
      progress.detail(`${(event.received / MEGABYTE).toFixed(0)}${whole} MB`);
      break;
    }
    case 'passed-over':
      if (event.source === 'download' || event.source === 'pip')
        progress.end('skipped', `${event.what}: ${event.reason}`);
      break;
  }
}

/** The one stable line that says that everything answers. */
export function readyLine(state: PlatformState): string {
  return `kuflow dev is ready: REST ${state.endpoints.https} and ${state.endpoints.http}, engine ${state.endpoints.engine}`;
}

/** Where to go from a platform that is ready; `invocation` starts this command, `stateDir` is as it was given. */
export function readyHints(
  state: Pick<PlatformState, 'processes'>,
  invocation: string,
  stateDir?: string,
): readonly string[] {
  const there = pathOption('--state-dir', stateDir);
  const [first = '', ...others] = state.processes;
  const several = others.length === 0 ? '' : ` ${shellWord(first)}`;
  return formatTable(
    [
      ['processes', state.processes.join(', ')],
      ['worker', `${invocation} dev exec${there} -- npm start`],
      ['settings', `${invocation} dev env${there}`],
      ['try it', `${invocation} dev simulate${several}${there} -- npm start`],
      ['stop', 'Ctrl-C'],
    ],
    '  ',
    Infinity,
  );
}

/** Says that nothing was started, since it runs. */
export function attachedLine(state: { readonly pid: number; readonly endpoints: { readonly https: string } }): string {
  return `Uses the local KuFlow that runs here, pid ${state.pid}, ${state.endpoints.https}`;
}

/** Says of options for a start that they came too late. */
export function ignoredOptionsLine(options: readonly string[]): string {
  return `Without effect on the KuFlow that runs here, which takes them when it is started: ${options.join(', ')}`;
}

const KIND_LABELS: Readonly<Record<string, string>> = {
  'process-started': 'process started',
  'process-completed': 'process completed',
  'process-cancelled': 'process cancelled',
  'item-created': 'created',
  'item-claimed': 'claimed',
  'item-assigned': 'assigned',
  'item-completed': 'completed',
  'item-cancelled': 'cancelled',
  'data-saved': 'data saved',
  'context-data-saved': 'context data saved',
  'metadata-saved': 'metadata saved',
  'entity-saved': 'entity saved',
  'initiator-changed': 'initiator changed',
  'workflow-completed': 'workflow ended',
  'workflow-failed': 'workflow failed',
  'workflow-timed-out': 'workflow timed out',
  'workflow-canceled': 'workflow was cancelled',
  'workflow-terminated': 'workflow was terminated',
};

const kindLabel = (kind: string): string => KIND_LABELS[kind] ?? kind.replaceAll('-', ' ');

/** The timeline of a process, a line an entry: seconds since its start, what, by whom. */
export function formatTimeline(timeline: readonly TimelineEntry[]): readonly string[] {
  const [first] = timeline;
  const start = first === undefined ? 0 : Date.parse(first.time);
  return timeline.map((entry) => {
    const at = `${((Date.parse(entry.time) - start) / 1000).toFixed(2)} s`.padStart(9);
    const what = kindLabel(entry.kind);
    const subject = entry.processItemId === undefined ? what : `${entry.code ?? 'item'} ${what}`;
    const by = entry.principal === undefined ? '' : ` by ${entry.principal}`;
    const detail = entry.detail === undefined ? '' : `: ${entry.detail}`;
    return escapeForTerminal(`${at}  ${subject}${by}${detail}`, 300);
  });
}
