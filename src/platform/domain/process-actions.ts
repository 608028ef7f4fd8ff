import { isRecord, type JsonObject } from '../../base/json.ts';
import { uuid5 } from '../../base/uuid.ts';
import type { ProcessAction } from '../../kuflow/contract/process-actions.ts';
import type { Process } from '../../kuflow/contract/processes.ts';
import { ACTION_AUDIENCES, type ActionDefinition } from '../../process/definition.ts';
import type { WorkflowOutcome } from '../temporal/outcome.ts';
import { withModification } from '../store/audit.ts';
import {
  findActionsOfProcess,
  PROCESS_ACTIONS,
  updateProcessAction,
  type ProcessActionRow,
} from '../store/process-actions.ts';
import type { ProcessRow } from '../store/processes.ts';
import { conflict, forbidden, notFound } from './api-error.ts';
import { isPrincipalIn } from './candidates.ts';
import { enqueueForEngine, recordEvent, type Domain, type OperationContext } from './context.ts';
import { adoptDocument, formatActionUri, storeDocument, type Upload } from './documents.ts';
import { requireProcess, toProcess } from './process-view.ts';

/** The application may invoke every action; people, those that are available to them. */
function mayInvoke(ctx: OperationContext, process: ProcessRow, action: ActionDefinition | undefined): boolean {
  if (ctx.principal.type !== 'USER') return true;
  return (action?.availableTo ?? ACTION_AUDIENCES).some((audience) =>
    audience === 'initiator'
      ? process.initiatorId === ctx.principal.id
      : ctx.processManagers === undefined || isPrincipalIn(ctx, ctx.processManagers, ctx.principal),
  );
}

export function requireMayInvoke(ctx: OperationContext, process: ProcessRow, action: ActionDefinition): void {
  if (mayInvoke(ctx, process, action)) return;
  const audience = (action.availableTo ?? ACTION_AUDIENCES).map((one) =>
    one === 'initiator' ? 'the initiator of the process' : 'process managers',
  );
  throw forbidden(
    `${ctx.principal.name} may not invoke action ${action.code}: it is available to ${audience.join(' and ')}`,
  );
}

/** The actions of a process that the caller may invoke, as the process and the definition that is served now have them. */
export function listAvailableActions(ctx: OperationContext, process: ProcessRow): readonly ActionDefinition[] {
  return ctx.definitions.actionsOf(process.definition).filter((action) => mayInvoke(ctx, process, action));
}

/** The actions that were invoked in a process, oldest first. */
export function listInvokedActions(
  ctx: Domain,
  process: ProcessRow,
): readonly { readonly row: ProcessActionRow; readonly action: ProcessAction }[] {
  return findActionsOfProcess(ctx.store.sql, process.id).map((row) => ({
    row,
    action: toProcessAction(ctx, process, row),
  }));
}

function requireAction(
  ctx: Domain,
  processId: string,
  id: string,
): { readonly process: ProcessRow; readonly action: ProcessActionRow } {
  const process = requireProcess(ctx, processId);
  const action = PROCESS_ACTIONS.findById(ctx.store.sql, id);
  if (action?.processId !== process.id) throw notFound(`action of process ${processId}`, id);
  return { process, action };
}

export function retrieveProcessAction(ctx: OperationContext, processId: string, id: string): ProcessAction {
  const { process, action } = requireAction(ctx, processId, id);
  return toProcessAction(ctx, process, action);
}

/** Changes REQUESTED to CANCELED and requests cancellation of the workflow. Any other action stays as it is. */
export function cancelProcessAction(ctx: OperationContext, processId: string, id: string): ProcessAction {
  return ctx.store.transaction(() => {
    const { process, action } = requireAction(ctx, processId, id);
    const definition = ctx.definitions.actionOf(process.definition, action.code)?.definition;
    if (action.createdBy !== ctx.principal.id && !mayInvoke(ctx, process, definition))
      throw forbidden(`${ctx.principal.name} may not cancel action ${id}`);
    if (action.status !== 'REQUESTED') return toProcessAction(ctx, process, action);
    enqueueForEngine(
      ctx,
      { workflowId: id, processId },
      { kind: 'cancel-workflow', reason: `The action was canceled by ${ctx.principal.name}` },
    );
    return toProcessAction(ctx, process, closeAction(ctx, action, { status: 'CANCELED' }));
  });
}

/** Stores the document of a requested downloadable action, which completes it. Repeating it changes nothing. */
export function uploadProcessActionDocument(
  ctx: OperationContext,
  processId: string,
  id: string,
  upload: Upload,
): ProcessAction {
  return ctx.store.transaction(() => {
    const { process, action } = requireAction(ctx, processId, id);
    return toProcessAction(ctx, process, completeWithUpload(ctx, action, upload) ?? action);
  });
}

/** The operation of older SDKs for `uploadProcessActionDocument`. Undefined if nothing changed. */
export function uploadUserActionDocument(
  ctx: OperationContext,
  processId: string,
  id: string,
  upload: Upload,
): Process | undefined {
  return ctx.store.transaction(() => {
    const { process, action } = requireAction(ctx, processId, id);
    return completeWithUpload(ctx, action, upload) === undefined ? undefined : toProcess(ctx, process);
  });
}

/** Undefined if the action already has its document. */
function completeWithUpload(
  ctx: OperationContext,
  action: ProcessActionRow,
  upload: Upload,
): ProcessActionRow | undefined {
  if (action.type !== 'DOWNLOADABLE')
    throw conflict(`Action ${action.id} is of type ${action.type} and does not have a document`);
  if (action.status === 'COMPLETED') return undefined;
  if (action.status !== 'REQUESTED')
    throw conflict(`Action ${action.id} is ${action.status} and does not accept a document`);
  const documentUri = storeDocument(ctx, formatActionUri(action.id), upload);
  return closeAction(ctx, action, completedWith(documentUri));
}

/**
 * Records how the workflow of an action ended. A REQUESTED action becomes COMPLETED, or ERROR or CANCELED if its workflow failed or was canceled.
 * A downloadable one also becomes ERROR if its document has not arrived.
 */
export function recordActionOutcome(domain: Domain, action: ProcessActionRow, outcome: WorkflowOutcome): void {
  if (outcome.kind === 'continued' || action.workflowOutcome === outcome.kind) return;
  const ctx: OperationContext = { ...domain, principal: domain.system };
  const returned = outcome.kind === 'completed' && isRecord(outcome.result) ? outcome.result : {};
  const message = outcome.message ?? (typeof returned['message'] === 'string' ? returned['message'] : undefined);
  const ended = { workflowOutcome: outcome.kind, workflowMessage: message };
  if (action.status !== 'REQUESTED') saveAction(ctx, action, ended);
  else if (outcome.kind === 'completed') closeAction(ctx, action, { ...ended, ...toCompletion(ctx, action, returned) });
  else closeAction(ctx, action, { ...ended, status: outcome.kind === 'canceled' ? 'CANCELED' : 'ERROR' });
}

/** The final state of an action whose workflow completed and returned `returned`. */
function toCompletion(ctx: OperationContext, action: ProcessActionRow, returned: JsonObject): ClosingChange {
  if (action.type !== 'DOWNLOADABLE') return { status: 'COMPLETED' };
  const downloadable = isRecord(returned['downloadable']) ? returned['downloadable'] : {};
  const reference = downloadable['documentUri'];
  if (typeof reference !== 'string')
    return { status: 'ERROR', workflowMessage: 'The workflow ended without a document' };
  const documentUri = adoptDocument(ctx, reference, action.processId, action.id);
  return documentUri === undefined
    ? { status: 'ERROR', workflowMessage: 'The process does not have the document that the workflow returned' }
    : completedWith(documentUri);
}

type ClosingChange = Partial<ProcessActionRow> & { readonly status: 'COMPLETED' | 'ERROR' | 'CANCELED' };

const completedWith = (documentUri: string): ClosingChange => ({
  status: 'COMPLETED',
  result: { downloadable: { documentUri, documentExpired: false } },
});

function closeAction(ctx: OperationContext, action: ProcessActionRow, change: ClosingChange): ProcessActionRow {
  const closed = saveAction(ctx, action, change);
  recordActionEvent(ctx, closed);
  return closed;
}

function saveAction(
  ctx: OperationContext,
  action: ProcessActionRow,
  change: Partial<ProcessActionRow>,
): ProcessActionRow {
  const changed = { ...action, ...change, ...withModification(action, ctx.principal.id, ctx.store.now()) };
  updateProcessAction(ctx.store.sql, changed);
  return changed;
}

const EVENT_KINDS = {
  REQUESTED: 'action-requested',
  COMPLETED: 'action-completed',
  ERROR: 'action-failed',
  CANCELED: 'action-canceled',
} as const;

/** Adds the status that an action got to the timeline of its process. */
export function recordActionEvent(ctx: Domain, action: ProcessActionRow): void {
  const { processId, code, status, lastModifiedBy: principalId, workflowMessage: detail } = action;
  recordEvent(ctx, { processId, kind: EVENT_KINDS[status], code, principalId, detail });
}

export function toProcessAction(ctx: Domain, process: ProcessRow, action: ProcessActionRow): ProcessAction {
  const { id, code, type, status, result, createdBy, createdAt, lastModifiedBy, lastModifiedAt } = action;
  const isDefined = ctx.definitions.actionOf(process.definition, code) !== undefined;
  return {
    id,
    type,
    status,
    processActionDefinitionRef: {
      ...(isDefined ? { id: uuid5(process.definition.id, `action ${code}`) } : {}),
      code,
    },
    ...result,
    ...{ createdBy, createdAt, lastModifiedBy, lastModifiedAt },
  };
}
