import { uuid7 } from '../../base/uuid.ts';
import { withoutUndefined } from '../../base/json.ts';
import type { Worker, WorkerCreateParams } from '../../kuflow/contract/workers.ts';
import { newAudit, withModification } from '../store/audit.ts';
import { findWorker, findWorkers, saveWorker, type WorkerRow } from '../store/workers.ts';
import type { Domain, OperationContext } from './context.ts';
import { requireTenant } from './people.ts';

/** Seconds between two registrations of a worker. */
export const WORKER_DELAY_WINDOW = 300;

/** Creates or updates the registration of an identity on a task queue. SDKs use one identity for several queues. */
export function createWorker(ctx: OperationContext, params: WorkerCreateParams) {
  const { workflowTypes, activityTypes, hostname, ip, installationId, robotIds, tenantId } = params;
  const registration = { workflowTypes, activityTypes, hostname, ip, installationId, robotIds, tenantId };
  if (tenantId !== undefined) requireTenant(ctx, tenantId);
  return ctx.store.transaction(() => {
    // Workers register in real time, which decides whether they still run.
    const time = ctx.clock.real.now();
    const now = new Date(time).toISOString();
    const known = findWorker(ctx.store.sql, params.identity, params.taskQueue);
    const worker: WorkerRow = {
      id: known?.id ?? uuid7(time),
      identity: params.identity,
      taskQueue: params.taskQueue,
      registration: withoutUndefined(registration),
      ...(known === undefined ? newAudit(ctx.principal.id, now) : withModification(known, ctx.principal.id, now)),
    };
    saveWorker(ctx.store.sql, worker);
    return { created: known === undefined, worker: toWorker(worker) };
  });
}

/** The registered workers, the most recent registration first. */
export function listWorkers(ctx: Pick<Domain, 'store'>): Worker[] {
  return findWorkers(ctx.store.sql).map(toWorker);
}

function toWorker(worker: WorkerRow): Worker {
  const { registration, ...rest } = worker;
  return { ...rest, ...registration } as unknown as Worker;
}
