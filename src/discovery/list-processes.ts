import { withBudget } from './budget.ts';
import type { DiscoveryRequest, ListedProcess, ProcessListing } from './types.ts';
import { readProcesses, type SeenProcess } from './read-lists.ts';

const PAGE_SIZE = 1000;

/**
 * Lists the process definitions that have a visible process, newest first. KuFlow does not have an operation that lists definitions, so they
 * are collected from the list of processes: the newest pages first, then pages spread over the rest, because one busy definition can fill many.
 */
export async function listProcesses(
  request: Pick<DiscoveryRequest, 'client' | 'tenant' | 'budget' | 'report' | 'signal'>,
): Promise<ProcessListing> {
  const client = withBudget(request.client, request.budget);
  const seen = new Map<string, SeenProcess>();
  const readPages = new Set<number>();
  let total = 0;
  const read = async (page: number): Promise<number> => {
    const answered = await client.call('findProcesses', {
      query: {
        size: PAGE_SIZE,
        page,
        sort: ['createdAt,desc'],
        ...(request.tenant === undefined ? {} : { tenantId: [request.tenant] }),
      },
      signal: request.signal,
    });
    if (answered === undefined) return 0;
    const list = readProcesses(answered.answer);
    readPages.add(page);
    total = Math.max(total, list.total);
    for (const process of list.items) seen.set(process.id, process);
    request.report?.({ type: 'listed', what: 'processes', seen: seen.size, total });
    return list.items.length + list.unreadable;
  };
  request.report?.({ type: 'listing', what: 'processes' });
  await read(0);
  const pages = Math.ceil(total / PAGE_SIZE);
  for (const page of choosePages(pages, request.budget - (request.client.attempts ?? 1) + 1)) {
    if (!readPages.has(page) && client.hasRoom()) await read(page);
  }
  return {
    definitions: groupByDefinition([...seen.values()]),
    processes: { seen: seen.size, total },
    complete: readPages.size >= pages,
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

function groupByDefinition(processes: readonly SeenProcess[]): readonly ListedProcess[] {
  const byDefinition = new Map<string, SeenProcess[]>();
  for (const process of processes) {
    // The id alone should be enough, but it is data from outside.
    const key = JSON.stringify([process.tenant, process.definitionId, process.code]);
    byDefinition.set(key, [...(byDefinition.get(key) ?? []), process]);
  }
  return [...byDefinition.values()].flatMap((own) => {
    const newest = own[0];
    if (newest === undefined) return [];
    return {
      code: newest.code,
      id: newest.definitionId,
      tenant: newest.tenant,
      version: newest.version,
      versions: new Set(own.map(({ version }) => version)).size,
      seen: own.length,
    };
  });
}
