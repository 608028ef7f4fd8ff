import type { Json, JsonObject } from '../../base/json.ts';
import type { JsonPatch, JsonValue } from '../../kuflow/contract/common.ts';
import type { Process, ProcessPageItem } from '../../kuflow/contract/processes.ts';
import type { WorkflowOutcome } from '../temporal/outcome.ts';
import { withModification } from '../store/audit.ts';
import type { SentSignal, SignalRequest, TimelineEntry } from '../shared/dev-contract.ts';
import { findEvents } from '../store/events.ts';
import { findPrincipalByEmail } from '../store/people.ts';
import { findActiveTasks, findProcessItemById, type ProcessItemRow } from '../store/process-items.ts';
import { findActionsOfProcess, findOpenActionIds, PROCESS_ACTIONS, hasOpenWorkflow } from '../store/process-actions.ts';
import { findProcessesWithoutOutcome, PROCESSES, type ProcessRow } from '../store/processes.ts';
import { badRequest, conflict, notFound } from './api-error.ts';
import { enqueueForProcess, hasWorkflow, recordEvent, type Domain, type OperationContext } from './context.ts';
import { linkDocuments } from './documents.ts';
import { applyJsonPatch } from './json-patch.ts';
import {
  AUDIT_SORT_COLUMNS,
  filterDeleted,
  findResultPage,
  lowerCaseIds,
  queryError,
  type ListQuery,
  type ResultPage,
} from './paging.ts';
import { resolvePrincipal, type NamedPrincipal } from './people.ts';
import { recordActionOutcome } from './process-actions.ts';
import { cancelTask } from './process-items.ts';
import { formatProcessUri, requireProcess, requireRunning, toProcess, toProcessPageItem } from './process-view.ts';
import { enqueueProcessEvent } from './webhook-events.ts';

export function findProcesses(ctx: OperationContext, query: ListQuery<'findProcesses'>): ResultPage<ProcessPageItem> {
  const byEmail = query.initiatorEmail?.map((email) => findPrincipalByEmail(ctx.store.sql, email)?.id ?? '-');
  const criteria = parseCriteria(query);
  const isMatch = (process: ProcessRow): boolean => criteria.every((criterion) => matches(process, criterion));
  return findResultPage(ctx, query, {
    from: 'processes',
    where: [
      { column: 'tenant_id', values: lowerCaseIds(query.tenantId) },
      { column: 'definition_id', values: lowerCaseIds(query.processDefinitionId) },
      { column: 'definition_code', values: query.processDefinitionCode },
      { column: 'state', values: query.state },
      { column: 'initiator_id', values: lowerCaseIds(query.initiatorId) },
      { column: 'initiator_id', values: byEmail },
      ...filterDeleted(query),
    ],
    matches: criteria.length === 0 ? undefined : (row) => isMatch(PROCESSES.read(row)),
    sort: AUDIT_SORT_COLUMNS,
    tieBreaker: 'seq',
    toItem: (row) => toProcessPageItem(PROCESSES.read(row)),
  });
}

type Criterion = ReturnType<typeof parseCriteria>[number];

/** Each expression is `<field code> <operation> <value>…`, each token percent-encoded. All expressions must match. */
function parseCriteria(query: ListQuery<'findProcesses'>) {
  const expressions = query.metadata ?? [];
  if (expressions.length === 0) return [];
  const definitions = (query.processDefinitionId ?? []).length + (query.processDefinitionCode ?? []).length;
  if (definitions !== 1)
    throw queryError('metadata', 'A metadata filter needs exactly one processDefinitionId or processDefinitionCode');
  return expressions.map((expression) => {
    const [field = '', operation = '', ...values] = expression.split(' ').map(decodeToken);
    if (operation === 'between' && values.length !== 2) throw queryError('metadata', 'between needs two values');
    if (['eq', 'le', 'ge', 'contains'].includes(operation) && values.length !== 1)
      throw queryError('metadata', `${operation} needs one value; encode spaces in it as %20`);
    return { field, operation, values };
  });
}

function decodeToken(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw queryError('metadata', 'Each token of a metadata filter must be percent-encoded');
  }
}

function matches(process: ProcessRow, { field, operation, values }: Criterion): boolean {
  const stored: unknown = Object.hasOwn(process.metadata, field) ? process.metadata[field] : undefined;
  const [first = '', second = ''] = values;
  return (Array.isArray(stored) ? (stored as unknown[]) : [stored]).some((one) => {
    if (typeof one !== 'string' && typeof one !== 'number' && typeof one !== 'boolean') return false;
    const text = String(one);
    switch (operation) {
      case 'eq':
        return compareValues(text, first) === 0;
      case 'le':
        return compareValues(text, first) <= 0;
      case 'ge':
        return compareValues(text, first) >= 0;
      case 'between':
        return compareValues(text, first) >= 0 && compareValues(text, second) <= 0;
      case 'contains':
        return text.toLowerCase().includes(first.toLowerCase());
      default:
        return values.some((value) => compareValues(text, value) === 0);
    }
  });
}

/** Compares numbers as numbers and everything else, including ISO dates, as text. */
function compareValues(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (a.trim() !== '' && b.trim() !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return a < b ? -1 : a > b ? 1 : 0;
}

export function retrieveProcess(ctx: OperationContext, id: string): Process {
  return toProcess(ctx, requireProcess(ctx, id));
}

/**
 * Changes RUNNING to COMPLETED, without touching open tasks and the workflow: KuFlow's API description says only that the state changes, and
 * workers on old SDKs complete their process before their workflow returns. A completed process stays as it is; a canceled one is refused
 * with 403.
 */
export function completeProcess(ctx: OperationContext, id: string): Process {
  return ctx.store.transaction(() => {
    const process = requireProcess(ctx, id);
    if (process.state === 'COMPLETED') return toProcess(ctx, process);
    requireRunning(process);
    const completed = saveProcess(ctx, process, { state: 'COMPLETED' });
    const isRunning = process.workflowOutcome === undefined && hasWorkflow(ctx, process);
    const detail = isRunning ? 'its workflow is still running' : undefined;
    recordEvent(ctx, { processId: id, kind: 'process-completed', principalId: ctx.principal.id, detail });
    return toProcess(ctx, completed);
  });
}

/** Cancels the process, its active tasks and its workflow. A canceled process stays as it is; a completed one is refused with 403. */
export function cancelProcess(ctx: OperationContext, id: string): Process {
  return ctx.store.transaction(() => {
    const process = requireProcess(ctx, id);
    if (process.state === 'CANCELLED') return toProcess(ctx, process);
    requireRunning(process);
    const canceled = saveProcess(ctx, process, { state: 'CANCELLED' });
    recordEvent(ctx, { processId: id, kind: 'process-cancelled', principalId: ctx.principal.id });
    for (const task of findActiveTasks(ctx.store.sql, id)) cancelTask(ctx, task);
    enqueueForProcess(ctx, canceled, {
      kind: 'cancel-workflow',
      reason: `The process was canceled by ${ctx.principal.name}`,
    });
    return toProcess(ctx, canceled);
  });
}

/**
 * Marks a process that has ended as deleted, and its items with it: searches leave it out, and it can still be read by id. It cannot be restored.
 * A process that is running, has open tasks or an action with a running workflow is refused with 409; a deleted one stays as it is. If the
 * process was completed while its workflow is still running, the workflow is canceled, because nothing else could end it.
 */
export function deleteProcess(ctx: OperationContext, id: string): void {
  ctx.store.transaction(() => {
    const process = requireProcess(ctx, id);
    if (process.deletedAt !== undefined) return;
    if (process.state === 'RUNNING')
      throw conflict(`Process ${id} is RUNNING and can't be deleted: complete or cancel it first`);
    const open = findActiveTasks(ctx.store.sql, id);
    if (open.length > 0)
      throw conflict(
        `Process ${id} has tasks that are still open (${open.map((task) => task.id).join(', ')}) and can't be deleted`,
      );
    const actions = findActionsOfProcess(ctx.store.sql, id).filter(hasOpenWorkflow);
    if (actions.length > 0)
      throw conflict(
        `Workflows of actions of process ${id} are still running (${actions.map((action) => action.id).join(', ')}), so it can't be deleted: cancel the actions`,
      );
    PROCESSES.update(ctx.store.sql, { ...process, deletedBy: ctx.principal.id, deletedAt: ctx.store.now() });
    recordEvent(ctx, { processId: id, kind: 'process-deleted', principalId: ctx.principal.id });
    if (process.state === 'COMPLETED' && process.workflowOutcome === undefined)
      enqueueForProcess(ctx, process, {
        kind: 'cancel-workflow',
        reason: `The process was deleted by ${ctx.principal.name}`,
      });
  });
}

/** Cancels these tasks, or all active ones. Canceled tasks stay as they are; a completed one is refused with 409. */
export function cancelProcessItems(ctx: OperationContext, id: string, processItemIds: readonly string[]): Process {
  return changeRunning(ctx, id, (process) => {
    const items =
      processItemIds.length === 0
        ? findActiveTasks(ctx.store.sql, id)
        : processItemIds.map((itemId) => requireItemOfProcess(ctx, id, itemId.toLowerCase()));
    for (const item of items) {
      if (item.task?.state === 'COMPLETED') throw conflict(`Task ${item.id} is COMPLETED and can't be canceled`);
      if (item.task !== undefined && item.task.state !== 'CANCELLED') cancelTask(ctx, item);
    }
    return process;
  });
}

/** Changes a running process in a transaction. `change` returns the process as it has saved it. */
function changeRunning(ctx: OperationContext, id: string, change: (process: ProcessRow) => ProcessRow): Process {
  return ctx.store.transaction(() => {
    const process = requireProcess(ctx, id);
    requireRunning(process);
    return toProcess(ctx, change(process));
  });
}

function requireItemOfProcess(ctx: OperationContext, processId: string, itemId: string): ProcessItemRow {
  const item = findProcessItemById(ctx.store.sql, itemId);
  if (item?.processId !== processId) throw notFound(`process item of process ${processId}`, itemId);
  return item;
}

export function changeProcessInitiator(ctx: OperationContext, id: string, params: NamedPrincipal): Process {
  return changeRunning(ctx, id, (process) => {
    const initiator = resolvePrincipal(ctx, params, 'initiator');
    if (initiator === undefined) throw badRequest('initiatorId or initiatorEmail is required');
    const changed = saveProcess(ctx, process, { initiatorId: initiator.id });
    const { id: principalId } = ctx.principal;
    recordEvent(ctx, { processId: id, kind: 'initiator-changed', principalId, detail: initiator.name });
    return changed;
  });
}

/** Queues a signal for the workflow of a running process. */
export function sendProcessSignal(ctx: OperationContext, id: string, { name, input }: SignalRequest): SentSignal {
  return ctx.store.transaction(() => {
    const process = requireProcess(ctx, id);
    requireRunning(process);
    if (!hasWorkflow(ctx, process)) throw conflict(`Process ${id} does not have a workflow`);
    enqueueForProcess(ctx, process, { kind: 'signal-workflow', signalName: name, payload: input as Json | undefined });
    recordEvent(ctx, { processId: id, kind: 'signal-sent', principalId: ctx.principal.id, detail: name });
    return { processId: id, name };
  });
}

type ValuePart = 'metadata' | 'entity';

/** Replaces the value without enforcing its shape; the answer lists what is invalid. */
export function updateProcessValue(ctx: OperationContext, id: string, part: ValuePart, value: JsonValue): Process {
  return changeValue(ctx, id, part, () => value.value as JsonObject);
}

/** Changes the value with an RFC 6902 patch. */
export function patchProcessValue(ctx: OperationContext, id: string, part: ValuePart, patch: JsonPatch): Process {
  return changeValue(ctx, id, part, (value) => applyJsonPatch(value, patch));
}

function changeValue(ctx: OperationContext, id: string, part: ValuePart, change: (value: JsonObject) => JsonObject) {
  return changeRunning(ctx, id, (process) => {
    const value = change(process[part]);
    linkDocuments(ctx, value, formatProcessUri(id));
    const changed = saveProcess(ctx, process, { [part]: value });
    recordEvent(ctx, { processId: id, kind: `${part}-saved`, principalId: ctx.principal.id });
    return changed;
  });
}

function saveProcess(ctx: OperationContext, process: ProcessRow, change: Partial<ProcessRow>): ProcessRow {
  const changed: ProcessRow = {
    ...process,
    ...change,
    ...withModification(process, ctx.principal.id, ctx.store.now()),
  };
  PROCESSES.update(ctx.store.sql, changed);
  if (changed.state !== process.state) enqueueProcessEvent(ctx, changed, 'PROCESS.STATE_CHANGED');
  return changed;
}

/** What happened to a process, in order. An unknown process is a 404. */
export function getProcessTimeline(ctx: Domain, processId: string): TimelineEntry[] {
  return findEvents(ctx.store.sql, requireProcess(ctx, processId).id);
}

/**
 * Records how the workflow of an action or of a process ended. If that of a process completed, a RUNNING process becomes COMPLETED and its
 * open tasks stay as they are. Any other outcome only shows in the timeline. Repeating an outcome changes nothing, and an unknown workflow is
 * ignored.
 */
export function recordWorkflowOutcome(ctx: Domain, workflowId: string, outcome: WorkflowOutcome): void {
  ctx.store.transaction(() => {
    const action = PROCESS_ACTIONS.findById(ctx.store.sql, workflowId);
    if (action !== undefined) {
      recordActionOutcome(ctx, action, outcome);
      return;
    }
    const processId = workflowId;
    const process = PROCESSES.findById(ctx.store.sql, processId);
    if (process === undefined || outcome.kind === 'continued' || process.workflowOutcome === outcome.kind) return;
    const { kind, message } = outcome;
    const completes = kind === 'completed' && process.state === 'RUNNING';
    PROCESSES.update(ctx.store.sql, {
      ...process,
      ...(completes && { state: 'COMPLETED', ...withModification(process, ctx.system.id, ctx.store.now()) }),
      workflowOutcome: kind,
      workflowMessage: message,
    });
    recordEvent(ctx, { processId, kind: `workflow-${kind}`, detail: message });
    if (completes) recordEvent(ctx, { processId, kind: 'process-completed', principalId: ctx.system.id });
  });
}

/** Ids of the workflows that are not known to have ended: after a restart they have to be watched again. */
export function listOpenWorkflows(ctx: Domain): string[] {
  const { sql } = ctx.store;
  const processes = findProcessesWithoutOutcome(sql).filter((process) => hasWorkflow(ctx, process));
  return [...processes.map(({ id }) => id), ...findOpenActionIds(sql)];
}
