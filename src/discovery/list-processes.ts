import { groupBy } from '../base/group-by.ts';
import { ATTEMPTS, LISTING_BUDGET, withBudget, type ApiAccess, type BudgetedClient } from './request-budget.ts';
import type { DiscoveryRequest } from './types.ts';
import { seenProcess, type SeenProcess } from './read-lists.ts';

const PAGE_SIZE = 1000;

interface ListingRequest extends Pick<DiscoveryRequest, 'tenant' | 'report'> {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists the process definitions that have a visible process, newest first, in at most 10 requests. KuFlow does not have an operation that lists
 * definitions, so they are collected from the list of processes: the newest pages first, then pages spread over the rest, because one busy
 * definition can fill many. Rejects like `discover`.
 */
export async function discoverDefinitions(access: ApiAccess, request: ListingRequest) {
  return await withBudget(access, { budget: LISTING_BUDGET, signal: request.signal }, (client) =>
    readPages(client, request),
  );
}

export type ProcessListing = Awaited<ReturnType<typeof discoverDefinitions>>;

async function readPages(client: BudgetedClient, request: ListingRequest) {
  const seen = new Map<string, SeenProcess>();
  const pagesRead = new Set<number>();
  let total = 0;
  const read = async (page: number): Promise<void> => {
    const tenant = request.tenant === undefined ? {} : { tenantId: [request.tenant] };
    const query = { size: PAGE_SIZE, page, sort: ['createdAt,desc'], ...tenant };
    const list = await client.call('findProcesses', { query });
    if (list === undefined) return;
    pagesRead.add(page);
    total = Math.max(total, list.metadata.totalElements, list.content.length);
    for (const process of list.content) seen.set(process.id, seenProcess(process));
    request.report?.({ type: 'listed', what: 'processes', seen: seen.size, total });
  };
  request.report?.({ type: 'listing', what: 'processes' });
  await read(0);
  const pages = Math.ceil(total / PAGE_SIZE);
  for (const page of choosePages(pages, LISTING_BUDGET - ATTEMPTS + 1)) {
    if (!pagesRead.has(page) && client.hasRoom()) await read(page);
  }
  return {
    definitions: groupByDefinition([...seen.values()]),
    processes: { seen: seen.size, total },
    /** Whether the whole list was read, so no other definition has a visible process. */
    complete: pagesRead.size >= pages,
    requests: client.sent(),
  };
}

function choosePages(pages: number, budget: number): readonly number[] {
  if (pages <= budget) return Array.from({ length: pages }, (_, page) => page);
  const newest = Math.ceil(budget / 2);
  const rest = budget - newest;
  return Array.from({ length: budget }, (_, index) =>
    index < newest ? index : newest + Math.floor(((index - newest + 1) * (pages - 1 - newest)) / rest),
  );
}

function groupByDefinition(processes: readonly SeenProcess[]) {
  // The id alone should be enough, but it is data from outside.
  const byDefinition = groupBy(processes, ({ tenant, definitionId, code }) =>
    JSON.stringify([tenant, definitionId, code]),
  );
  return [...byDefinition.values()].flatMap((own) => {
    const newest = own[0];
    if (newest === undefined) return [];
    return {
      code: newest.code,
      id: newest.definitionId,
      tenant: newest.tenant,
      /** The newest version seen. */
      version: newest.version,
      versions: new Set(own.map(({ version }) => version)).size,
      /** Processes seen in the part of the list that was read. */
      seen: own.length,
    };
  });
}
