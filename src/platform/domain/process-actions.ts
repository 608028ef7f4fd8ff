import { isRecord, withoutUndefined, type Json, type JsonObject } from '../../base/json.ts';
import { uuid5, uuid7 } from '../../base/uuid.ts';
import type { ProcessAction, ProcessActionCreateParams } from '../../kuflow/contract/process-actions.ts';
import { ACTION_AUDIENCES, type ActionDefinition } from '../../process/definition.ts';
import { newAudit, withModification } from '../store/audit.ts';
import {
  findActionsOfProcess,
  PROCESS_ACTIONS,
  type ProcessActionResult,
  type ProcessActionRow,
} from '../store/process-actions.ts';
import { PROCESSES, type ProcessRow } from '../store/processes.ts';
import type { WorkflowOutcome } from '../temporal/outcome.ts';
import { badRequest, conflict, forbidden, notFound, orNotFound } from './api-error.ts';
import { isPrincipalIn } from './task-candidates.ts';
import { enqueueForEngine, enqueueForProcess, recordEvent, type Domain, type OperationContext } from './context.ts';
import type { ServedAction } from './definitions.ts';
import { adoptDocument, formatActionUri, linkDocuments, storeDocument, type Upload } from './documents.ts';
import { createProcess } from './process-creation.ts';
import { createProcessItem } from './process-items.ts';
import { requireProcess, requireRunning, toProcess } from './process-view.ts';
import { formatRequestTime } from './request-time.ts';

/** Bytes of the JSON text. */
const MAX_INPUT_BYTES = 200 * 1024;

/** The field of a request that belongs to a type. */
const PARAMS_OF: Readonly<Partial<Record<ActionDefinition['type'], keyof ProcessActionCreateParams>>> = {
  'create-task': 'createTask',
  'create-process-item-message': 'createProcessItemMessage',
  'start-related-process': 'startRelatedProcess',
  'send-workflow-signal': 'sendWorkflowSignal',
};

/** The type as KuFlow's API writes it. */
const apiType = ({ type }: ActionDefinition): ProcessAction['type'] =>
  type.toUpperCase().replaceAll('-', '_') as ProcessAction['type'];

/** The application may invoke every action; people, those that are available to them. */
function mayInvoke(ctx: OperationContext, process: ProcessRow, action: ActionDefinition | undefined): boolean {
  if (ctx.principal.type !== 'USER') return true;
  return (action?.availableTo ?? ACTION_AUDIENCES).some((audience) =>
    audience === 'initiator'
      ? process.initiatorId === ctx.principal.id
      : ctx.processManagers === undefined || isPrincipalIn(ctx, ctx.processManagers, ctx.principal),
  );
}

function requireMayInvoke(ctx: OperationContext, process: ProcessRow, action: ActionDefinition): void {
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
export function listInvokedActions(ctx: Domain, process: ProcessRow) {
  return findActionsOfProcess(ctx.store.sql, process.id).map((row) => ({
    row,
    action: toProcessAction(ctx, process, row),
  }));
}

/** Invokes an action, which is COMPLETED unless it has a workflow. Returns an existing action with the requested id. */
export function createProcessAction(ctx: OperationContext, processId: string, params: ProcessActionCreateParams) {
  return ctx.store.transaction(() => {
    const process = requireProcess(ctx, processId);
    const id = params.id?.toLowerCase() ?? uuid7(ctx.clock.now());
    const existing = PROCESS_ACTIONS.findById(ctx.store.sql, id);
    if (existing !== undefined) {
      if (existing.processId !== processId) throw conflict(`Action ${id} exists in another process`);
      return { created: false, action: toProcessAction(ctx, process, existing) };
    }
    // A workflow of this process already has this id.
    if (PROCESSES.findById(ctx.store.sql, id) !== undefined) throw conflict(`${id} is the ID of a process`);
    requireRunning(process);
    const { processActionDefinitionCode: code } = params;
    const found = ctx.definitions.actionOf(process.definition, code);
    const served = orNotFound(found, `action definition of process ${processId}`, code);
    requireMayInvoke(ctx, process, served.definition);
    rejectOtherParams(params, served.definition);
    const { definition } = served;
    const hasWorkflow = 'workflow' in definition;
    const action: ProcessActionRow = {
      id,
      processId,
      code: definition.code,
      type: apiType(definition),
      status: hasWorkflow ? 'REQUESTED' : 'COMPLETED',
      result: invoke(ctx, process, served, { ...params, id }),
      taskQueue: hasWorkflow ? definition.workflow.taskQueue : undefined,
      ...newAudit(ctx.principal.id, ctx.store.now()),
    };
    PROCESS_ACTIONS.insert(ctx.store.sql, action);
    recordActionEvent(ctx, action);
    return { created: true, action: toProcessAction(ctx, process, action) };
  });
}

type Invocation = ProcessActionCreateParams & { readonly id: string };

function invoke(
  ctx: OperationContext,
  process: ProcessRow,
  { definition: action, input }: ServedAction,
  params: Invocation,
): ProcessActionResult | undefined {
  const processId = process.id;
  const workflow = { workflowId: params.id, processId };
  switch (action.type) {
    case 'start-workflow':
    case 'downloadable':
      enqueueForEngine(ctx, workflow, {
        kind: 'start-workflow',
        workflowType: action.workflow.type,
        taskQueue: action.workflow.taskQueue,
        input: {
          processId,
          userActionDefinitionType: apiType(action),
          userActionDefinitionCode: action.code,
          userActionId: params.id,
          requestorPrincipalId: ctx.principal.id,
          ...formatRequestTime(ctx.clock.now(), ctx.timeZone),
          extras: {},
        },
      });
      return undefined;
    case 'send-workflow-signal': {
      const value = requireInput(action.input !== undefined, input, params.sendWorkflowSignal?.input);
      if (value !== undefined) linkDocuments(ctx, value, formatActionUri(params.id));
      const now = ctx.clock.now();
      enqueueForProcess(ctx, process, {
        kind: 'signal-workflow',
        signalName: action.signal,
        payload: withoutUndefined({
          userActionDefinitionCode: action.code,
          ...formatRequestTime(now, ctx.timeZone),
          // What KuFlow's Python SDK reads instead of the other two.
          requestInstant: new Date(now).toISOString(),
          input: value,
        }) as Json,
      });
      return {
        sendWorkflowSignal: withoutUndefined({
          signalName: action.signal,
          input: value === undefined ? undefined : { valid: true, value: { ...value } },
        }),
      };
    }
    case 'create-task': {
      const { createTask = {} } = params;
      const item = { type: 'TASK' as const, processId, processItemDefinitionCode: action.task, ...createTask };
      return { createTask: { processItemId: createProcessItem(ctx, item).processItem.id } };
    }
    case 'create-process-item-message': {
      const { createProcessItemMessage: message } = params;
      if (message === undefined)
        throw badRequest(`Action ${action.code} needs a text`, 'body.createProcessItemMessage.text');
      const { text, ...thread } = message;
      const code = withoutUndefined({ processItemDefinitionCode: action.message });
      const item = { type: 'MESSAGE' as const, processId, ...code, message: { text }, ...thread };
      return { createProcessItemMessage: { processItemId: createProcessItem(ctx, item).processItem.id } };
    }
    case 'create-process-item-thread': {
      const item = { type: 'THREAD' as const, processId, processItemDefinitionCode: action.thread };
      return { createProcessItemThread: { processItemId: createProcessItem(ctx, item).processItem.id } };
    }
    case 'start-related-process': {
      const { metadata, entity } = params.startRelatedProcess ?? {};
      const { process: started } = createProcess(ctx, {
        processDefinitionCode: action.process,
        tenantId: process.tenantId,
        relatedProcessId: processId,
        ...(metadata === undefined ? {} : { metadata: { value: metadata } }),
        ...(entity === undefined ? {} : { entity: { value: entity } }),
      });
      return {
        startRelatedProcess: {
          processDefinitionId: requireProcess(ctx, started.id).definition.id,
          processId: started.id,
        },
      };
    }
  }
}

/** The input of a signal: only if the action declares one, valid, and not too large. */
function requireInput(
  isDeclared: boolean,
  check: ServedAction['input'],
  given: Readonly<Record<string, unknown>> | undefined,
): JsonObject | undefined {
  const location = 'body.sendWorkflowSignal.input';
  if (!isDeclared) {
    if (given !== undefined) throw badRequest('The action does not have an input', location);
    return undefined;
  }
  const input = (given ?? {}) as JsonObject;
  if (Buffer.byteLength(JSON.stringify(input)) > MAX_INPUT_BYTES)
    throw badRequest('The input is larger than 200 KiB', location);
  const { valid, errors = [] } = check(input);
  if (valid) return input;
  const problems = errors.map(({ propertyPath, type }) => `${propertyPath === '' ? '/' : propertyPath} (${type})`);
  throw badRequest(`The input is not valid: ${problems.join(', ')}`, location);
}

function rejectOtherParams(params: ProcessActionCreateParams, action: ActionDefinition): void {
  for (const field of Object.values(PARAMS_OF)) {
    if (params[field] !== undefined && PARAMS_OF[action.type] !== field)
      throw badRequest(`${field} is not for an action of type ${apiType(action)}`, `body.${field}`);
  }
}

function requireAction(ctx: Domain, processId: string, id: string) {
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
    const reason = `The action was canceled by ${ctx.principal.name}`;
    enqueueForEngine(ctx, { workflowId: id, processId }, { kind: 'cancel-workflow', reason });
    return toProcessAction(ctx, process, closeAction(ctx, action, { status: 'CANCELED' }));
  });
}

/** Stores the document of a requested downloadable action, which completes it. Repeating it changes nothing. */
export function uploadProcessActionDocument(ctx: OperationContext, processId: string, id: string, upload: Upload) {
  return ctx.store.transaction(() => {
    const { process, action } = requireAction(ctx, processId, id);
    return toProcessAction(ctx, process, completeWithUpload(ctx, action, upload) ?? action);
  });
}

/** The operation of older SDKs for `uploadProcessActionDocument`. Undefined if nothing changed. */
export function uploadUserActionDocument(ctx: OperationContext, processId: string, id: string, upload: Upload) {
  return ctx.store.transaction(() => {
    const { process, action } = requireAction(ctx, processId, id);
    return completeWithUpload(ctx, action, upload) === undefined ? undefined : toProcess(ctx, process);
  });
}

/** Undefined if the action already has its document. */
function completeWithUpload(ctx: OperationContext, action: ProcessActionRow, upload: Upload) {
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

function saveAction(ctx: OperationContext, action: ProcessActionRow, change: Partial<ProcessActionRow>) {
  const changed = { ...action, ...change, ...withModification(action, ctx.principal.id, ctx.store.now()) };
  PROCESS_ACTIONS.update(ctx.store.sql, changed);
  return changed;
}

const EVENT_KINDS = {
  REQUESTED: 'action-requested',
  COMPLETED: 'action-completed',
  ERROR: 'action-failed',
  CANCELED: 'action-canceled',
} as const;

/** Adds the status that an action got to the timeline of its process. */
function recordActionEvent(ctx: Domain, action: ProcessActionRow): void {
  const { processId, code, status, lastModifiedBy: principalId, workflowMessage: detail } = action;
  recordEvent(ctx, { processId, kind: EVENT_KINDS[status], code, principalId, detail });
}

function toProcessAction(ctx: Domain, process: ProcessRow, action: ProcessActionRow): ProcessAction {
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
