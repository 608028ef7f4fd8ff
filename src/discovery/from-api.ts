import { KnownError } from '../base/errors.ts';
import { nearMatch } from '../text/near-match.ts';
import type { KnownProcess } from './known-processes.ts';
import { rememberProcesses } from './remember-processes.ts';
import { shellWord } from '../text/shell.ts';
import type { DiscoveredProcess, DiscoveryEvent, ProcessListing, UndiscoveredProcess } from './types.ts';
import type { RestConnection } from '../connection/require.ts';

// The REST client is heavy, and most projects are created without it.
const loadDiscovery = () => import('./discover.ts');

export interface DiscoverInput {
  readonly rest: RestConnection;
  /** Code of the process definition. */
  readonly code: string;
  /** Instances to read for their keys and types; absent: those that `mayRead` allows, none without it. */
  readonly sample?: number | undefined;
  /** Asks a person whether instances may be read. Only where questions may be asked. */
  readonly mayRead?: ((count: number) => Promise<boolean>) | undefined;
  readonly report?: ((event: DiscoveryEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The command that describes the process instead of reading it, for advice; that of `create` when absent. */
  readonly describeCommand?: string | undefined;
}

/** Reads a process from KuFlow's API. Rejects with a KnownError when nothing of it is visible, saying how to go on. */
export async function discoverFromApi(input: DiscoverInput): Promise<DiscoveredProcess> {
  const { DEFAULT_SAMPLE, discover } = await loadDiscovery();
  const sample = input.sample ?? ((await input.mayRead?.(DEFAULT_SAMPLE)) === true ? DEFAULT_SAMPLE : 0);
  const discovery = await discover(input.rest, {
    code: input.code,
    sample,
    ...(input.rest.tenantId === undefined ? {} : { tenant: input.rest.tenantId }),
    ...(input.report === undefined ? {} : { report: input.report }),
    ...(input.signal === undefined ? {} : { signal: input.signal }),
  });
  if (!discovery.found) throw notFoundError(discovery, input.describeCommand ?? createCommandFor(input.code));
  await remember(input.rest, [discovery.definition.process]);
  return discovery;
}

/** Lists the definitions that have visible processes. */
export async function listFromApi(
  rest: RestConnection,
  report?: (event: DiscoveryEvent) => void,
  signal?: AbortSignal,
): Promise<ProcessListing> {
  const { discoverDefinitions: list } = await loadDiscovery();
  const listing = await list(rest, {
    ...(rest.tenantId === undefined ? {} : { tenant: rest.tenantId }),
    ...(report === undefined ? {} : { report }),
    ...(signal === undefined ? {} : { signal }),
  });
  await remember(rest, listing.definitions);
  return listing;
}

// Completion asks no network: it offers what other commands saw.
async function remember(rest: RestConnection, processes: readonly KnownProcess[]): Promise<void> {
  await rememberProcesses(rest.env, { endpoint: rest.endpoint, clientId: rest.credentials.clientId }, processes);
}

function createCommandFor(code: string): string {
  return `npx create-kuflow-worker FOLDER --process ${shellWord(code)} --task CODE[:KIND] --task-queue QUEUE --workflow-type TYPE`;
}

function notFoundError(discovery: UndiscoveredProcess, describeCommand: string): KnownError {
  const { code, reason, otherCodes } = discovery;
  const byFlags = `Or describe it: ${describeCommand}`;
  const role = "In KuFlow's app, give the application a role in the process definition that lets it see its processes";
  const tried = `lists of processes and process items of ${code}`;
  if (reason === 'not-allowed') {
    return new KnownError({
      message: 'KuFlow does not allow this application to list processes',
      tried,
      seen: '403 Forbidden for processes and for process items',
      next: [role, byFlags],
    });
  }
  if (reason === 'others-visible') {
    const near = nearMatch(code, otherCodes);
    const more = otherCodes.length > 10 ? ` and ${otherCodes.length - 10} more` : '';
    return new KnownError({
      message: `No visible process has the code ${code}`,
      tried,
      seen: `processes of ${otherCodes.slice(0, 10).join(', ')}${more}`,
      next: [
        ...(near === undefined ? [] : [`Did you mean ${near}?`]),
        `If ${code} has processes: ${role}`,
        `If it was never started, there is nothing to read yet. ${byFlags}`,
      ],
    });
  }
  // An empty answer looks the same whether nothing is there or nothing is shown.
  return new KnownError({
    message: `KuFlow shows this application no process at all, so ${code} cannot be read`,
    tried,
    seen: 'empty lists: either no process was started yet, or the application lacks a role',
    next: [role, `If none was started, there is nothing to read yet. ${byFlags}`],
    status: 4,
  });
}
