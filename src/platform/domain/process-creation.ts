import { uuid7 } from '../../base/uuid.ts';
import type { JsonObject } from '../../base/json.ts';
import type { ProcessCreateParams } from '../../kuflow/contract/processes.ts';
import { newAudit } from '../store/audit.ts';
import { PROCESSES, type ProcessRow } from '../store/processes.ts';
import { ApiError, badRequest } from './api-error.ts';
import { enqueueForProcess, recordEvent, type OperationContext } from './context.ts';
import type { ServedDefinition } from './definitions.ts';
import { linkDocuments } from './documents.ts';
import { requireKeyOfDefinition } from './confidential.ts';
import { resolvePrincipal } from './people.ts';
import { formatProcessUri, toProcess } from './process-view.ts';
import { formatRequestTime } from './request-time.ts';
import { enqueueProcessEvent } from './webhook-events.ts';

/**
 * Creates a process and, in the same commit, the command that starts its workflow (the workflow ID is the process ID) or the events for its webhook.
 * If a process with the requested id exists, returns that one and does nothing else.
 */
export function createProcess(ctx: OperationContext, params: ProcessCreateParams) {
  return ctx.store.transaction(() => {
    const id = params.id?.toLowerCase() ?? uuid7(ctx.clock.now());
    const existing = PROCESSES.findById(ctx.store.sql, id);
    if (existing !== undefined) return { created: false, process: toProcess(ctx, existing) };
    const served = requireDefinition(ctx, params);
    const initiator = resolvePrincipal(ctx, params, 'initiator') ?? ctx.principal;
    const relatedProcessId = requireRelatedProcess(ctx, params.relatedProcessId);
    const { workflow } = served.definition;
    const process: ProcessRow = {
      id,
      tenantId: served.tenantId,
      definition: served.ref,
      state: 'RUNNING',
      initiatorId: initiator.id,
      relatedProcessId,
      metadata: (params.metadata?.value ?? {}) as JsonObject,
      entity: (params.entity?.value ?? {}) as JsonObject,
      encryptionKeyId:
        served.definition.process.confidential === true ? requireKeyOfDefinition(ctx, served.ref.id) : undefined,
      ...newAudit(ctx.principal.id, ctx.store.now()),
    };
    PROCESSES.insert(ctx.store.sql, process);
    linkDocuments(ctx, process.metadata, formatProcessUri(id));
    linkDocuments(ctx, process.entity, formatProcessUri(id));
    if (workflow !== undefined)
      enqueueForProcess(ctx, process, {
        kind: 'start-workflow',
        workflowType: workflow.type,
        taskQueue: workflow.taskQueue,
        input: { processId: id, ...formatRequestTime(ctx.clock.now(), ctx.timeZone), extras: {} },
      });
    enqueueProcessEvent(ctx, process, 'PROCESS.CREATED');
    enqueueProcessEvent(ctx, process, 'PROCESS.STATE_CHANGED');
    recordEvent(ctx, { processId: id, kind: 'process-started', code: served.ref.code, principalId: initiator.id });
    return { created: true, process: toProcess(ctx, process) };
  });
}

function requireDefinition(ctx: OperationContext, params: ProcessCreateParams): ServedDefinition {
  const { processDefinitionId: id, processDefinitionCode: code, tenantId } = params;
  const served =
    id !== undefined
      ? ctx.definitions.byId(id.toLowerCase())
      : ctx.definitions.byCode((tenantId ?? ctx.tenantId).toLowerCase(), code ?? '');
  if (served !== undefined) return served;
  const all = ctx.definitions.all.map(({ ref, tenantId: tenant }) => `${ref.code} (id ${ref.id}, tenant ${tenant})`);
  const wanted = id !== undefined ? `id ${id}` : `code ${code ?? ''} in tenant ${tenantId ?? ctx.tenantId}`;
  const list = all.length === 0 ? 'none' : all.join(', ');
  throw new ApiError(404, `No process definition with ${wanted}; available here: ${list}`);
}

function requireRelatedProcess(ctx: OperationContext, id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  if (PROCESSES.findById(ctx.store.sql, id.toLowerCase()) === undefined)
    throw badRequest('The process in relatedProcessId does not exist', 'body.relatedProcessId');
  return id.toLowerCase();
}
