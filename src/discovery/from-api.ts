import { listFirst } from '../base/count-of.ts';
import { KnownError } from '../base/errors.ts';
import { nearMatch } from '../base/near-match.ts';
import { rememberProcesses, type KnownProcess } from './known-processes.ts';
import { shellWord } from '../base/shell.ts';
import type { ProcessListing } from './list-processes.ts';
import type { DiscoveredProcess, DiscoveryRequest, UndiscoveredProcess } from './types.ts';
import type { RestConnection } from '../connection/resolve-connection.ts';

// The REST client is loaded on demand: it is large, and most projects are created without it.

interface DiscoverInput extends Omit<DiscoveryRequest, 'tenant'> {
  readonly rest: RestConnection;
  /** The command that describes the process by flags, for error hints; that of `create` by default. */
  readonly describeCommand?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads a process from KuFlow's API. Rejects with a KnownError that has next steps if nothing of the process is visible. */
export async function discoverFromApi(input: DiscoverInput): Promise<DiscoveredProcess> {
  const { discover } = await import('./discover.ts');
  const { rest, describeCommand = createCommandFor(input.code), ...request } = input;
  const discovery = await discover(rest, { ...request, tenant: rest.tenantId });
  if (!discovery.found) throw notFoundError(discovery, describeCommand);
  await remember(rest, [discovery.definition.process]);
  return discovery;
}

export async function listFromApi(
  rest: RestConnection,
  report?: DiscoveryRequest['report'],
  signal?: AbortSignal,
): Promise<ProcessListing> {
  const { discoverDefinitions } = await import('./list-processes.ts');
  const listing = await discoverDefinitions(rest, { tenant: rest.tenantId, report, signal });
  await remember(rest, listing.definitions);
  return listing;
}

// Completion does not use the network: it offers what other commands have seen.
async function remember(rest: RestConnection, processes: readonly KnownProcess[]): Promise<void> {
  await rememberProcesses(rest.env, { endpoint: rest.endpoint, clientId: rest.credentials.clientId }, processes);
}

function createCommandFor(code: string): string {
  return `npx create-kuflow-worker <folder> --process ${shellWord(code)} --task <code[:kind]> --task-queue <name> --workflow-type <name>`;
}

function notFoundError(discovery: UndiscoveredProcess, describeCommand: string): KnownError {
  const { code, reason, otherCodes } = discovery;
  const describe = `Or describe the process by flags: ${describeCommand}`;
  const grantRole =
    'In the KuFlow app, give the application a role in the process definition that can see its processes';
  const tried = `listing processes and process items of ${code}`;
  if (reason === 'not-allowed') {
    return new KnownError({
      message: 'KuFlow does not allow this application to list processes',
      tried,
      seen: '403 Forbidden for processes and process items',
      next: [grantRole, describe],
    });
  }
  if (reason === 'others-visible') {
    const near = nearMatch(code, otherCodes);
    return new KnownError({
      message: `No process with the code ${code} is visible`,
      tried,
      seen: `processes of ${listFirst(otherCodes, 10)}`,
      next: [
        ...(near === undefined ? [] : [`Did you mean ${near}?`]),
        `If ${code} has processes: ${grantRole}`,
        `If no process was started yet, there is nothing to read. ${describe}`,
      ],
    });
  }
  // KuFlow answers with empty lists both if there are no processes and if the application may not see them.
  return new KnownError({
    message: `No process is visible to this application, so ${code} cannot be read`,
    tried,
    seen: 'empty lists: either no process was started yet, or the application does not have a role',
    next: [grantRole, `If no process was started yet, there is nothing to read. ${describe}`],
    status: 4,
  });
}
