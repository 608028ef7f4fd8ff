import { forTerminal } from '../base/escape.ts';
import type { DevEvent } from '../flows/dev-platform.ts';
import type { SimulateResult, SimulateStep } from '../flows/simulate.ts';
import type { TimelineEntry } from '../platform/rest/timeline-client.ts';
import type { PlatformState } from '../platform/state-file.ts';
import { palette } from './palette.ts';
import type { Progress } from './progress.ts';
import type { Channel } from './terminal.ts';

const PARTS: Readonly<Record<string, string>> = {
  store: 'Open the state',
  temporal: 'Start the Temporal server',
  gateway: 'Open the engine gateway',
  rest: 'Open the REST API',
};

const MEGABYTE = 1024 * 1024;

export interface PlatformViewOptions {
  readonly channel: Channel;
  /** Steps of the start; absent once it runs. */
  readonly progress: Progress;
  /** Every request in place of those that went wrong. */
  readonly requests: boolean;
}

/** Shows what a platform reports. Lines of a running platform stand for themselves, without the progress. */
export function platformView({ channel, progress, requests }: PlatformViewOptions): (event: DevEvent) => void {
  const colours = palette(channel);
  const line = (mark: string, text: string): void => progress.note(`${mark} ${text}`);
  return (event) => {
    if ('about' in event) {
      showFinding(event, progress);
      return;
    }
    switch (event.kind) {
      case 'starting':
        progress.begin(PARTS[event.part] ?? event.part);
        break;
      case 'ready':
        if (event.part === 'rest') progress.end('done');
        break;
      case 'port-moved':
        line(
          '!',
          `Port ${event.wanted} is taken${event.holder === undefined ? '' : ` by ${event.holder}`}: ${event.part} takes ${event.got}`,
        );
        break;
      case 'request':
        // Whoever waits for the platform asks for its health until it is ready.
        if (event.path === '/health' && !requests) break;
        if (requests || event.problem !== undefined || event.status >= 400 || event.status === 0)
          line(
            event.status >= 400 || event.status === 0 ? colours.yellow('!') : colours.dim('·'),
            `${event.method} ${event.path} ${event.status === 0 ? 'no answer' : event.status}${event.operationId === undefined ? '' : ` ${event.operationId}`}${event.problem === undefined ? '' : `: ${event.problem}`}`,
          );
        break;
      case 'contract-violation':
        line(colours.red('✖'), `The ${event.side} of ${event.operationId} breaks KuFlow's contract: ${event.problem}`);
        break;
      case 'gateway-refused':
        line(
          colours.yellow('!'),
          `Gateway refused ${event.rpc ?? 'a connection'}: ${event.reason}${event.hint === undefined ? '' : ` (${event.hint})`}`,
        );
        break;
      case 'process':
        line(colours.dim('·'), `${event.what} ${event.detail ?? ''} ${colours.dim(`process ${event.processId}`)}`);
        break;
      case 'warning':
        line(colours.yellow('!'), event.message);
        break;
    }
  };
}

function showFinding(event: Extract<DevEvent, { readonly about: 'temporal' }>, progress: Progress): void {
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

const KINDS: Readonly<Record<string, string>> = {
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

/** The timeline of a process, a line an entry: seconds since its start, what, by whom. */
export function timelineLines(timeline: readonly TimelineEntry[]): readonly string[] {
  const [first] = timeline;
  const start = first === undefined ? 0 : Date.parse(first.time);
  return timeline.map((entry) => {
    const at = `${((Date.parse(entry.time) - start) / 1000).toFixed(2)} s`.padStart(9);
    const what = KINDS[entry.kind] ?? entry.kind.replaceAll('-', ' ');
    const subject = entry.processItemId === undefined ? what : `${entry.code ?? 'item'} ${what}`;
    const by = entry.principal === undefined ? '' : ` by ${entry.principal}`;
    const detail = entry.detail === undefined ? '' : `: ${entry.detail}`;
    return forTerminal(`${at}  ${subject}${by}${detail}`, 300);
  });
}

/** Shows the steps of a simulation. */
export function simulateView(progress: Progress): (step: SimulateStep) => void {
  return (step) => {
    switch (step.kind) {
      case 'platform-ready':
        progress.end('done', `Platform at ${step.address}`);
        break;
      case 'command-started':
        progress.begin('Wait for the worker to poll');
        break;
      case 'command-polls':
        progress.end('done', `The worker polls ${step.taskQueue}`);
        break;
      case 'process-started':
        progress.begin(`Process ${step.code} ${step.processId}`);
        break;
      case 'task-completed':
        progress.detail(`answered ${step.code}`);
        break;
      case 'draining':
        progress.begin('Drain the worker');
        break;
    }
  };
}

export function showSimulation(channel: Channel, result: SimulateResult): void {
  const colours = palette(channel);
  if (result.timeline.length > 0) {
    channel.line(`Timeline of ${forTerminal(result.code)} ${result.processId ?? ''}`);
    for (const line of timelineLines(result.timeline)) channel.line(line);
  }
  if (result.status === 0)
    channel.line(`${colours.green('✔')} ${forTerminal(result.code)} is COMPLETED with valid data`);
  else
    channel.line(
      `${result.status === 4 ? colours.yellow('?') : colours.red('✖')} ${forTerminal(result.problem ?? 'It did not end well', 1000)}`,
    );
}
