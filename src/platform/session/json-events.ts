import { pageAddress } from '../console/page-address.ts';
import { stateFilePath, type PlatformState } from '../state/running-state.ts';
import type { DevEvent } from './start-dev-platform.ts';

/** What the platform's state file does not have. */
interface ReadyDetails {
  readonly version: string;
  readonly ephemeral: boolean;
  readonly stateDir: string;
  readonly definitions: readonly {
    readonly code: string;
    /** Not for a process without a workflow. */
    readonly workflowType?: string;
    readonly taskQueue?: string;
  }[];
}

/** The first line of `kuflow dev --json`. It does not contain secrets: those are in `stateFile`, which only this user can read. */
export function createReadyRecord(state: PlatformState, { definitions, ...more }: ReadyDetails) {
  const { endpoints, loopback, pid, tenantId, namespace, caFile, caBundleFile } = state;
  const { engine, temporal, temporalUi } = endpoints;
  return {
    kind: 'ready',
    ...more,
    ...{ pid, tenantId, namespace, caFile, caBundleFile },
    /** JSON with all of this and the credentials: `application.id` and `.secret`, and `user.token`. */
    stateFile: stateFilePath(more.stateDir),
    ...loopback,
    ...{ engine, temporal, ...(temporalUi !== undefined && { temporalUi }) },
    console: pageAddress(state, {}),
    applicationId: state.application.id,
    definitions,
  };
}

/** Events that `kuflow dev --json` prints, in addition to failed requests and downloads. */
const PRINTED: ReadonlySet<string> = new Set([
  'port-moved',
  'contract-violation',
  'gateway-refused',
  'process',
  'webhook',
  'worker',
  'definitions-changed',
  'definition-problem',
  'code-regenerated',
  'warning',
] satisfies DevEvent['kind'][]);

/** The line for an event; undefined if it is not printed. `requests`: every request is printed, not only failed ones. */
export function toPrintedEvent(event: DevEvent, { requests }: { readonly requests: boolean }): object | undefined {
  if ('about' in event) {
    const isDownload = event.kind === 'trying' && (event.source === 'download' || event.source === 'pip');
    return isDownload ? { kind: 'downloading', tool: event.tool, from: event.what } : undefined;
  }
  if (event.kind === 'request') {
    const failed = event.status >= 400 || event.status === 0 || event.problem !== undefined;
    return event.path !== '/health' && (failed || (requests && event.console !== true)) ? event : undefined;
  }
  return PRINTED.has(event.kind) ? event : undefined;
}
