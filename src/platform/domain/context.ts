import type { EventEmitter } from 'node:events';
import type { PlatformClock } from '../shared/platform-clock.ts';
import type { PlatformEvent } from '../shared/types.ts';
import { EVENTS, type EventRow } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import { OUTBOX, type EngineCommand, type WorkflowOfProcess } from '../store/outbox-queue.ts';
import type { PrincipalRow } from '../store/people.ts';
import type { ProcessRow } from '../store/processes.ts';
import type { EngineIssuers } from '../pki/engine-issuers.ts';
import type { DefinitionCatalog } from './definitions.ts';

/** What all operations share. One per running platform. */
export interface Domain {
  readonly store: Store;
  readonly clock: PlatformClock;
  readonly definitions: DefinitionCatalog;
  readonly issuers: EngineIssuers;
  readonly tenantId: string;
  /** The platform's own principal, which completes processes whose workflow has ended. */
  readonly system: PrincipalRow;
  /** Codes of groups and emails of users. Without it, every user manages processes. */
  readonly processManagers?: readonly string[] | undefined;
  /** IANA name. Workflows get the time of a request in this time zone. */
  readonly timeZone: string;
  readonly report: (event: PlatformEvent) => void;
  /** Emits `queued` after each commit that added commands for the engine or events for a webhook. */
  readonly commands: EventEmitter<{ queued: [] }>;
}

/** What an operation gets: the domain, and who calls it. */
export interface OperationContext extends Domain {
  readonly principal: PrincipalRow;
}

/** Adds an entry to the timeline of a process, in the current transaction, and reports it after the commit. */
export function recordEvent(ctx: Domain, event: Omit<EventRow, 'time'>): void {
  EVENTS.insert(ctx.store.sql, { ...event, time: ctx.store.now() });
  reportChange(ctx, event);
}

/** Reports a change of a process after the commit. */
export function reportChange(
  ctx: Domain,
  { processId, kind: what, code, processItemId, detail }: Omit<EventRow, 'time'>,
): void {
  ctx.store.afterCommit(() => ctx.report({ kind: 'process', processId, what, code, processItemId, detail }));
}

/** Whether a workflow runs the process: not if its definition has a webhook, or its engine is "none". */
export function hasWorkflow({ definitions }: Domain, { definition }: Pick<ProcessRow, 'definition'>): boolean {
  const served = definitions.forProcess(definition);
  return served === undefined || served.definition.workflow !== undefined;
}

/** Queues a command for the workflow of a process, if it has one. See `enqueueForEngine`. */
export function enqueueForProcess(ctx: Domain, process: ProcessRow, command: EngineCommand): void {
  if (hasWorkflow(ctx, process)) enqueueForEngine(ctx, { workflowId: process.id, processId: process.id }, command);
}

/** Queues a command for a workflow, in the current transaction, and has it delivered after the commit. */
export function enqueueForEngine(ctx: Domain, workflow: WorkflowOfProcess, command: EngineCommand): void {
  OUTBOX.insert(ctx.store.sql, { ...workflow, command, createdAt: ctx.store.now() });
  ctx.store.afterCommit(() => ctx.commands.emit('queued'));
}
