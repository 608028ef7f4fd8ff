import type { BudgetedClient } from '../../src/discovery/request-budget.ts';
import { discoverProcess } from '../../src/discovery/discover.ts';
import type { OperationId } from '../../src/kuflow/contract/operations.ts';
import { KuFlowApiError } from '../../src/kuflow/errors.ts';
import type { DiscoveredProcess } from '../../src/discovery/types.ts';
import { uuid } from './large-tenant.ts';

const APPLICATION = uuid(8, 1);
const FORMER_APPLICATION = uuid(8, 2);
const OWNERS = {
  person: uuid(7, 1),
  application: APPLICATION,
  'former-application': FORMER_APPLICATION,
  nobody: undefined,
} as const;
const START = Date.parse('2026-01-31T12:00:00Z');

export interface LiveItem {
  readonly code: string;
  readonly type?: 'TASK' | 'MESSAGE' | 'THREAD';
  /** Default: a person. A former application is not listed, and also created the item. */
  readonly owner?: 'person' | 'application' | 'former-application' | 'nobody';
  readonly data?: object;
  readonly contextData?: object;
  /** Whether KuFlow says that the data matches its schema. Default: true. */
  readonly valid?: boolean;
  /** Default: true. */
  readonly completed?: boolean;
}

export interface LiveProcess {
  readonly version: 'new' | 'old';
  /** Default: true. */
  readonly completed?: boolean;
  readonly metadata?: object;
  readonly entity?: object;
  readonly items: readonly LiveItem[];
}

/** Discovers the process LOAN from a KuFlow that has these processes, newest first. */
export async function discoverLive(
  processes: readonly LiveProcess[],
  {
    sample = 100,
    itemsPerPage = 1000,
    refused = [],
    budget = 1000,
  }: {
    readonly sample?: number;
    /** The most items in a list. */
    readonly itemsPerPage?: number;
    readonly refused?: readonly string[];
    readonly budget?: number;
  } = {},
): Promise<DiscoveredProcess> {
  const json = (value: object | undefined, valid = true) => value && { valid, value };
  const wholeProcesses = processes.map(({ version, completed = true, metadata, entity }, at) => ({
    id: uuid(1, at),
    state: completed ? 'COMPLETED' : 'RUNNING',
    processDefinitionRef: { id: uuid(2, 1), version: uuid(5, version === 'new' ? 0 : 1), code: 'LOAN' },
    tenantId: uuid(9, 1),
    createdAt: new Date(START - at * 60_000).toISOString(),
    metadata: json(metadata),
    entity: json(entity),
  }));
  const wholeItems = processes.flatMap(({ items }, at) =>
    items
      .map(({ code, type = 'TASK', owner = 'person', data, contextData, valid, completed = true }, nth) => ({
        id: uuid(3, at * 1000 + nth),
        type,
        processId: uuid(1, at),
        tenantId: uuid(9, 1),
        createdAt: new Date(START - at * 60_000 + nth * 1000).toISOString(),
        createdBy: owner === 'former-application' ? FORMER_APPLICATION : APPLICATION,
        ownerId: OWNERS[owner],
        processItemDefinitionRef: { id: uuid(4, nth), version: uuid(5, 0), code },
        ...(type === 'TASK'
          ? {
              task: {
                state: completed ? 'COMPLETED' : 'CLAIMED',
                data: json(data, valid),
                contextData: json(contextData, valid),
              },
            }
          : {}),
        ...(type === 'MESSAGE' ? { message: { data: json(data, valid) } } : {}),
      }))
      .toReversed(),
  );
  const list = (content: readonly object[], size = 1000) => ({
    metadata: { totalElements: content.length },
    content: content.slice(0, size),
  });
  let sent = 0;
  const client = {
    sent: () => sent,
    hasRoom: () => sent < budget,
    call: (operation: OperationId, { path }: { readonly path?: Readonly<Record<string, string>> }) => {
      sent += 1;
      const forbidden = { kind: 'forbidden', operationId: operation, method: 'GET', url: '', httpStatus: 403 } as const;
      if (refused.includes(operation)) return Promise.reject(new KuFlowApiError(forbidden));
      const byId = (all: readonly { readonly id: string }[]) => all.find(({ id }) => id === path?.['id']);
      switch (operation) {
        case 'findProcesses':
          return Promise.resolve(list(wholeProcesses));
        case 'findProcessItems':
          return Promise.resolve(list(wholeItems, itemsPerPage));
        case 'findPrincipals':
          return Promise.resolve(list([{ id: APPLICATION }]));
        case 'retrieveProcess':
          return Promise.resolve(byId(wholeProcesses));
        case 'retrieveProcessItem':
          return Promise.resolve(byId(wholeItems));
        default:
          throw new Error(`${operation} is not answered`);
      }
    },
  } as BudgetedClient;
  const discovery = await discoverProcess(client, { code: 'LOAN', sample, comparesVersions: true });
  if (!discovery.found) throw new Error(`not found: ${discovery.reason}`);
  return discovery;
}
