import { groupBy } from '../base/group-by.ts';
import { withoutUndefined } from '../base/json.ts';
import { KuFlowApiError } from '../kuflow/errors.ts';
import type { TaskDefinition } from '../process/definition.ts';
import {
  ATTEMPTS,
  LIST_CALLS,
  REQUEST_BUDGET,
  withBudget,
  type ApiAccess,
  type BudgetedClient,
} from './request-budget.ts';
import type { Discovery, DiscoveryRequest, TaskEvidence } from './types.ts';
import {
  classifyVersions,
  oldestCreation,
  seenItem,
  seenProcess,
  type SeenItem,
  type SeenVersions,
} from './read-lists.ts';
import { writeNotes } from './notes.ts';
import { readShapes, type ReadShapes } from './read-instances.ts';
import { chooseSamples } from './sampling.ts';
import { inferTaskKind, orderTasks, type FirstItem } from './task-kind-and-order.ts';

const PAGE_SIZE = 1000;
const NEWEST_FIRST = { size: PAGE_SIZE, sort: ['createdAt,desc'] } as const;
// With fewer processes than this in a page of items, the order of tasks is not reliable.
const MIN_PROCESSES_FOR_ORDER = 20;

/** Discovers a process in at most 30 requests, or 5 more than `sample`. Rejects with `KuFlowApiError` if credentials or connection fail. */
export async function discover(
  access: ApiAccess,
  { signal, ...request }: DiscoveryRequest & { readonly signal?: AbortSignal | undefined },
): Promise<Discovery> {
  const budget = Math.max(REQUEST_BUDGET, request.sample + LIST_CALLS + ATTEMPTS - 1);
  return await withBudget(access, { budget, signal }, (client) => discoverProcess(client, request));
}

/**
 * Derives a process definition from its instances, because KuFlow does not have an operation that returns a definition: its tasks, their kinds
 * and usual order, and, if instances may be read, the shape of their data. Keeps no values.
 */
export async function discoverProcess(client: BudgetedClient, request: DiscoveryRequest): Promise<Discovery> {
  const report = request.report ?? (() => undefined);
  const scope = {
    processDefinitionCode: [request.code],
    ...(request.tenant === undefined ? {} : { tenantId: [request.tenant] }),
  };

  report({ type: 'listing', what: 'processes' });
  const processes = await fetchList(client.call('findProcesses', { query: { ...NEWEST_FIRST, ...scope } }));
  report({ type: 'listed', what: 'processes', seen: processes.content.length, total: processes.total });
  // Filter again: a server ignores filters that it does not know.
  const withCode = processes.content.map(seenProcess).filter(({ code }) => code === request.code);
  const newest = withCode[0];
  const own = withCode.filter(
    ({ definitionId, tenant }) => definitionId === newest?.definitionId && tenant === newest.tenant,
  );

  report({ type: 'listing', what: 'items' });
  const items = await fetchItems(client, scope, newest?.tenant);
  report({ type: 'listed', what: 'items', seen: items.items.length, total: items.total });
  if (newest === undefined && items.items.length === 0)
    return await explainNotFound(client, request, processes.refused && items.refused);

  const byCode = groupBy(items.items.filter(hasOwnCode), ({ code }) => code);
  const order = orderTasks(firstItemPerProcess(itemsOfCompleteProcesses(items)));
  const codes = [...order.codes, ...[...byCode.keys()].filter((code) => !order.codes.includes(code))];
  const applications = await fetchApplicationIds(client, request, [...byCode.values()].flat());

  const versions = classifyVersions(own, items.listedSince);
  const readings = chooseSamples(own, byCode, request.sample, versions, request.comparesVersions);
  const shapes = await readShapes(client, readings, report);

  const tasks = codes.map((code) => describeTask(code, byCode.get(code) ?? [], applications, shapes, versions));
  const evidence = withoutUndefined({
    requests: client.sent(),
    processes: {
      seen: own.length,
      total: processes.total,
      versions: new Set(own.map(({ version }) => version)).size,
      completedNewest: versions.complete.newest.size,
      completedOlder: versions.complete.older.size,
    },
    items: {
      seen: items.items.length,
      total: items.total,
      withoutCode: items.items.filter((item) => !hasOwnCode(item)).length,
    },
    read: shapes.read,
    unreadable: shapes.unreadable,
    principalsKnown: applications !== undefined,
    orderAgreement: order.agreement,
    metadata: shapes.metadata?.evidence,
    entity: shapes.entity?.evidence,
    tasks: tasks.map((task) => task.evidence),
  });
  return {
    found: true,
    definition: withoutUndefined({
      process: withoutUndefined({
        code: request.code,
        id: newest?.definitionId,
        version: newest?.version,
        tenant: newest?.tenant,
      }),
      metadata: shapes.metadata && { schema: shapes.metadata.schema },
      entity: shapes.entity && { schema: shapes.entity.schema },
      tasks: tasks.map((task) => task.definition),
    }),
    evidence,
    missing: ['workflow.type', 'workflow.taskQueue'],
    notes: writeNotes(evidence, {
      sample: request.sample,
      gaveUp: shapes.gaveUp,
      itemsRefused: items.refused,
      processesRefused: processes.refused,
      otherDefinitions:
        new Set(withCode.map(({ definitionId, tenant }) => JSON.stringify([definitionId, tenant]))).size - 1,
      unreadableEntries: items.unreadable,
    }),
    gaps: [
      ...(items.refused ? (['items-refused'] as const) : []),
      ...(processes.refused ? (['processes-refused'] as const) : []),
      ...(shapes.stopped ? (['reading-stopped'] as const) : []),
    ],
    observed: shapes.observed,
  };
}

interface FetchedList<Entry> {
  readonly content: readonly Entry[];
  /** Number of entries in the whole list, not only in this page. */
  readonly total: number;
  /** KuFlow answered 403. */
  readonly refused: boolean;
}

const EMPTY_LIST = { content: [], total: 0, refused: false } as const;

/** A page of a list; empty if the call did not fit the budget. */
async function fetchList<Entry>(
  page: Promise<
    { readonly metadata: { readonly totalElements: number }; readonly content: readonly Entry[] } | undefined
  >,
): Promise<FetchedList<Entry>> {
  try {
    const answer = await page;
    if (answer === undefined) return EMPTY_LIST;
    const { content, metadata } = answer;
    return { content, total: Math.max(metadata.totalElements, content.length), refused: false };
  } catch (error) {
    if (error instanceof KuFlowApiError && error.kind === 'forbidden') return { ...EMPTY_LIST, refused: true };
    throw error;
  }
}

type FetchedItems = Awaited<ReturnType<typeof fetchItems>>;

async function fetchItems(
  client: BudgetedClient,
  scope: Readonly<Record<string, readonly string[]>>,
  tenant: string | undefined,
) {
  const query = { ...NEWEST_FIRST, ...scope };
  const first = await fetchList(client.call('findProcessItems', { query }));
  const inProcesses = new Set(first.content.map(({ processId }) => processId)).size;
  const crowded = first.total > first.content.length && inProcesses < MIN_PROCESSES_FOR_ORDER;
  // If messages and threads fill the page, a page of only tasks reaches further back.
  const tasks = crowded
    ? await fetchList(client.call('findProcessItems', { query: { ...query, type: ['TASK'] } }))
    : EMPTY_LIST;
  // A newer KuFlow may have other types.
  const readable = [...first.content, ...tasks.content].filter(({ type }) => KNOWN_TYPES.has(type));
  const merged = new Map(readable.map((item) => [item.id, seenItem(item)]));
  return {
    // A definition with the same code in another tenant is another process.
    items: [...merged.values()].filter((item) => tenant === undefined || item.tenant === tenant),
    /** When the oldest item of the first page was created; undefined if the page has all items. */
    listedSince: first.total > first.content.length ? oldestCreation(first.content.map(seenItem)) : undefined,
    total: first.total,
    unreadable: first.content.length + tasks.content.length - readable.length,
    refused: first.refused,
  };
}

const KNOWN_TYPES: ReadonlySet<string> = new Set(['TASK', 'MESSAGE', 'THREAD']);

/** Items of the processes that are complete in the list: the oldest one may be cut off by the page. */
function itemsOfCompleteProcesses(listed: FetchedItems): readonly SeenItem[] {
  const oldest = listed.items.at(-1)?.processId;
  if (listed.total <= listed.items.length) return listed.items;
  const rest = listed.items.filter(({ processId }) => processId !== oldest);
  return rest.length === 0 ? listed.items : rest;
}

function firstItemPerProcess(items: readonly SeenItem[]): readonly FirstItem[] {
  const first = new Map<string, FirstItem>();
  for (const { processId, code, createdAt } of items.filter(hasOwnCode)) {
    const key = JSON.stringify([processId, code]);
    const earliest = first.get(key);
    if (earliest === undefined || createdAt < earliest.createdAt) first.set(key, { processId, code, createdAt });
  }
  return [...first.values()];
}

// KuFlow's own codes (`__KF_MESSAGE__`) are not part of a definition, and items that people added by hand do not have one.
function hasOwnCode(item: SeenItem): item is SeenItem & { readonly code: string } {
  return item.code !== undefined && !item.code.startsWith('__KF_');
}

async function fetchApplicationIds(
  client: BudgetedClient,
  request: DiscoveryRequest,
  items: readonly SeenItem[],
): Promise<ReadonlySet<string> | undefined> {
  if (!items.some(({ type, ownerId }) => type === 'TASK' && ownerId !== undefined)) return undefined;
  request.report?.({ type: 'listing', what: 'principals' });
  const query = {
    size: PAGE_SIZE,
    type: 'APPLICATION' as const,
    ...(request.tenant === undefined ? {} : { tenantId: [request.tenant] }),
  };
  const listed = await fetchList(client.call('findPrincipals', { query }));
  const ids = listed.content.flatMap(({ id }) => id ?? []);
  request.report?.({ type: 'listed', what: 'principals', seen: ids.length, total: listed.total });
  return ids.length > 0 && listed.total <= ids.length ? new Set(ids) : undefined;
}

function describeTask(
  code: string,
  items: readonly SeenItem[],
  applications: ReadonlySet<string> | undefined,
  shapes: ReadShapes,
  { classOf, complete }: SeenVersions,
): { readonly definition: TaskDefinition; readonly evidence: TaskEvidence } {
  const ofNewest = items.filter(({ processId }) => classOf(processId) === 'newest');
  // The kind may differ between versions.
  const showsKind = ofNewest.some(({ type, ownerId }) => type !== 'TASK' || ownerId !== undefined);
  const { kind, reason } = inferTaskKind(showsKind ? ofNewest : items, applications);
  const perProcess = new Map<string, number>();
  for (const { processId } of items) perProcess.set(processId, (perProcess.get(processId) ?? 0) + 1);
  const processes = [...perProcess.keys()];
  const data = shapes.data.get(code);
  const contextData = shapes.contextData.get(code);
  return {
    definition: withoutUndefined({
      code,
      kind,
      data: data && { schema: data.schema },
      contextData: contextData && { schema: contextData.schema },
    }),
    evidence: withoutUndefined({
      code,
      kind,
      kindReason: reason,
      kindFromOlderVersions: !showsKind && ofNewest.length < items.length,
      items: items.length,
      processes: perProcess.size,
      mostInOneProcess: Math.max(0, ...perProcess.values()),
      onlyOlderVersions: processes.every((id) => classOf(id) === 'older'),
      inNewestVersion: processes.filter((id) => classOf(id) === 'newest').length,
      inCompletedOlder: processes.filter((id) => complete.older.has(id)).length,
      data: data?.evidence,
      contextData: contextData?.evidence,
    }),
  };
}

// Distinguishes "no such process" from "the application does not have a role" where possible.
async function explainNotFound(
  client: BudgetedClient,
  request: DiscoveryRequest,
  refused: boolean,
): Promise<Discovery> {
  const visible = await fetchList(client.call('findProcesses', { query: NEWEST_FIRST }));
  const codes = new Set(visible.content.map(({ processDefinitionRef: { code } }) => code));
  const otherCodes = [...codes].filter((code) => code !== request.code).sort();
  const reason =
    otherCodes.length > 0 ? 'others-visible' : refused && visible.refused ? 'not-allowed' : 'nothing-visible';
  return { found: false, code: request.code, reason, otherCodes, requests: client.sent() };
}
