import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Clock } from '../../../../src/base/clock.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import type { Domain, OperationContext } from '../../../../src/platform/domain/context.ts';
import { createDomain } from '../../../../src/platform/domain/domain.ts';
import type { RetryQueue } from '../../../../src/platform/domain/retry-queue.ts';
import {
  createCommandDelivery,
  type CommandDeliveryOptions,
} from '../../../../src/platform/domain/deliver-commands.ts';
import type { PlatformEvent, PlatformIdentity } from '../../../../src/platform/shared/types.ts';
import { createWebhookSender } from '../../../../src/platform/webhooks/sender.ts';
import { openStore, type Store } from '../../../../src/platform/store/store.ts';
import { findEnabledUsers, PRINCIPALS } from '../../../../src/platform/store/people.ts';
import type { ProcessDefinition, WorkerDefinition } from '../../../../src/process/definition.ts';
import type { PeopleSeed } from '../../../../src/process/people.ts';

export const LOAN: WorkerDefinition = {
  process: { code: 'LOAN', name: 'Loan' },
  workflow: { type: 'LoanWorkflow', taskQueue: 'LOAN_QUEUE' },
  metadata: {
    schema: {
      type: 'object',
      properties: { FIRST_NAME: { type: 'string' }, AMOUNT: { type: 'number', minimum: 1 } },
      required: ['FIRST_NAME'],
    },
  },
  entity: { schema: { type: 'object', properties: { a: { type: 'object', properties: { b: { type: 'string' } } } } } },
  tasks: [
    {
      code: 'APPLICATION',
      kind: 'human',
      data: {
        schema: {
          $schema: 'http://json-schema.org/draft-07/schema#',
          type: 'object',
          properties: {
            AMOUNT: { type: 'string' },
            DOC: { type: 'string', format: 'kuflow-file' },
            SMALL: { type: 'string', format: 'kuflow-file', maxSize: 3 },
            REVIEWER: { type: 'string', format: 'kuflow-principal' },
            TEAM: { type: 'string', format: 'kuflow-group' },
          },
          required: ['AMOUNT'],
        },
      },
    },
    { code: 'SCORE', kind: 'system' },
    { code: 'NOTE', kind: 'message' },
    { code: 'TALK', kind: 'thread' },
  ],
  actions: [
    { code: 'WITHDRAW', type: 'send-workflow-signal', signal: 'Withdraw', availableTo: ['initiator'] },
    {
      ...{ code: 'CORRECT', type: 'send-workflow-signal', signal: 'Correct' },
      input: { schema: { type: 'object', properties: { AMOUNT: { type: 'number' } }, required: ['AMOUNT'] } },
    },
    { code: 'EXPORT', type: 'start-workflow', workflow: { type: 'ExportWorkflow', taskQueue: 'EXPORTS' } },
    {
      ...{ code: 'PRINT', type: 'downloadable', availableTo: ['process-manager'] },
      workflow: { type: 'ExportWorkflow', taskQueue: 'EXPORTS' },
    },
    { code: 'ASK', type: 'create-task', task: 'SCORE' },
    { code: 'SAY', type: 'create-process-item-message' },
    { code: 'DISCUSS', type: 'create-process-item-thread', thread: 'TALK' },
    { code: 'AGAIN', type: 'start-related-process', process: 'LOAN' },
  ],
};

const TWO_USERS: PeopleSeed = {
  users: [
    { email: 'local.user@example.com', name: 'Local user', groups: [] },
    { email: 'other@example.com', name: 'Other user', groups: [] },
  ],
  groups: [],
};

export type EngineCall =
  | ({ readonly call: 'start' } & Parameters<CommandDeliveryOptions['engine']['startWorkflow']>[0])
  | ({ readonly call: 'signal' } & Parameters<CommandDeliveryOptions['engine']['signalWorkflow']>[0])
  | ({ readonly call: 'cancel' } & Parameters<CommandDeliveryOptions['engine']['cancelWorkflow']>[0]);

/** An engine that records its calls. `before` runs first, and can make the call fail. */
export function recordingEngine(before: (call: EngineCall) => void | Promise<void> = () => undefined): {
  readonly engine: CommandDeliveryOptions['engine'];
  readonly calls: EngineCall[];
} {
  const calls: EngineCall[] = [];
  const note = async (call: EngineCall): Promise<void> => {
    await before(call);
    calls.push(call);
  };
  return {
    calls,
    engine: {
      startWorkflow: (request) => note({ call: 'start', ...request }),
      signalWorkflow: (request) => note({ call: 'signal', ...request }),
      cancelWorkflow: (request) => note({ call: 'cancel', ...request }),
    },
  };
}

export interface World {
  readonly folder: string;
  readonly store: Store;
  readonly domain: Domain;
  readonly identity: PlatformIdentity;
  readonly outbox: RetryQueue;
  readonly webhooks: RetryQueue;
  readonly events: PlatformEvent[];
  /** What steps after a commit threw. */
  readonly failures: unknown[];
  readonly calls: EngineCall[];
  readonly worker: OperationContext;
  readonly user: OperationContext;
  /** The second user, or the first one if there is only one. */
  readonly otherUser: OperationContext;
  readonly other: ReturnType<typeof findEnabledUsers>[number];
  readonly as: (principalId: string) => OperationContext;
  /** Stops everything and keeps the folder, so that `createWorld({ folder })` is a restart. */
  readonly stop: () => Promise<void>;
  readonly destroy: () => Promise<void>;
}

export interface WorldOptions {
  readonly folder?: string;
  readonly definitions?: readonly ProcessDefinition[];
  /** Two users if left out; `none` for a platform without a people file. */
  readonly people?: PeopleSeed | 'none';
  readonly clock?: Clock;
  readonly before?: (call: EngineCall) => void | Promise<void>;
  readonly report?: (event: PlatformEvent) => void;
}

/** A real store in a temporary folder, the domain over it, and an engine that records its calls. */
export function createWorld(options: WorldOptions = {}): World {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'kuflow-domain-'));
  const clock = options.clock ?? systemClock;
  const failures: unknown[] = [];
  const store = openStore({ path: join(folder, 'platform.db'), clock, onStepError: (error) => failures.push(error) });
  const events: PlatformEvent[] = [];
  const report = (event: PlatformEvent): void => {
    events.push(event);
    options.report?.(event);
  };
  const { engine, calls } = recordingEngine(options.before);
  const { domain, identity } = createDomain({
    store,
    definitions: options.definitions ?? [LOAN],
    people: options.people === 'none' ? undefined : (options.people ?? TWO_USERS),
    report,
    timeZone: 'Europe/Madrid',
    createIssuers: ({ namespace }) => ({
      issueToken: (principalId) =>
        Promise.resolve({ token: `token.of.${principalId}`, expiredAt: '2030-01-01T00:00:00.000Z' }),
      issueCertificate: () =>
        Promise.resolve({
          namespace,
          tls: { serverRootCaCertificate: 'CA', clientCertificate: 'CERT', clientPrivateKey: 'KEY' },
        }),
    }),
  });
  const outbox = createCommandDelivery({ domain, engine });
  const webhooks = createWebhookSender({ domain, env: {} });
  const as = (id: string): OperationContext => {
    const principal = PRINCIPALS.findById(store.sql, id);
    if (principal === undefined) throw new Error('No such principal');
    return { ...domain, principal };
  };
  const users = findEnabledUsers(store.sql);
  const other = users[1] ?? users[0];
  if (other === undefined) throw new Error('There are no users');
  const stop = async (): Promise<void> => {
    await Promise.all([outbox.stop(), webhooks.stop()]);
    store.close();
  };
  return {
    ...{ folder, store, domain, identity, outbox, webhooks, events, failures, calls, other, as, stop },
    worker: as(identity.application.id),
    user: as(identity.user.principalId),
    otherUser: as(other.principal.id),
    destroy: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
