import { withoutUndefined, type Json, type JsonObject } from '../../base/json.ts';
import { uuid7 } from '../../base/uuid.ts';
import type { ProcessAction, ProcessActionCreateParams } from '../../kuflow/contract/process-actions.ts';
import type { ActionDefinition } from '../../process/definition.ts';
import { newAudit } from '../store/audit.ts';
import { PROCESS_ACTIONS, type ProcessActionResult, type ProcessActionRow } from '../store/process-actions.ts';
import { PROCESSES, type ProcessRow } from '../store/processes.ts';
import { badRequest, conflict, orNotFound } from './api-error.ts';
import { enqueueForEngine, enqueueForProcess, type Domain, type OperationContext } from './context.ts';
import type { ServedAction } from './definitions.ts';
import { formatActionUri, linkDocuments } from './documents.ts';
import { recordActionEvent, requireMayInvoke, toProcessAction } from './process-actions.ts';
import { createProcess } from './process-creation.ts';
import { createProcessItem } from './process-item-creation.ts';
import { requireProcess, requireRunning } from './process-view.ts';
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

/**
 * Invokes an action of a running process. Types without a workflow are COMPLETED at once; the others are REQUESTED until their workflow ends.
 * If an action with the requested id exists, returns that one and does nothing else.
 */
export function createProcessAction(
  ctx: OperationContext,
  processId: string,
  params: ProcessActionCreateParams,
): { readonly created: boolean; readonly action: ProcessAction } {
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
    const served = requireActionDefinition(ctx, process, params.processActionDefinitionCode);
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
  switch (action.type) {
    case 'start-workflow':
    case 'downloadable':
      enqueueForEngine(
        ctx,
        { workflowId: params.id, processId },
        {
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
        },
      );
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

function requireActionDefinition(ctx: Domain, process: ProcessRow, code: string): ServedAction {
  const served = ctx.definitions.actionOf(process.definition, code);
  return orNotFound(served, `action definition of process ${process.id}`, code);
}
