import type { WorkflowOutcome } from '../process-engine.ts';
import { withModification } from '../store/audit.ts';
import { findOpenWorkflowIds, findProcessById, updateProcess } from '../store/processes.ts';
import { recordEvent, type Domain } from './context.ts';

/**
 * Takes note of how the workflow of a process ended. Completed: a RUNNING process becomes COMPLETED, open tasks stay as they are.
 * Anything else leaves the process as it is and shows in its timeline. Repeating an outcome changes nothing; an unknown process is ignored.
 */
export function recordWorkflowOutcome(ctx: Domain, processId: string, outcome: WorkflowOutcome): void {
  ctx.store.transaction(() => {
    const process = findProcessById(ctx.store.sql, processId);
    if (process === undefined || outcome.kind === 'continued' || process.workflowOutcome === outcome.kind) return;
    const completes = outcome.kind === 'completed' && process.state === 'RUNNING';
    updateProcess(ctx.store.sql, {
      ...process,
      ...(completes
        ? { state: 'COMPLETED' as const, ...withModification(process, ctx.system.id, ctx.store.now()) }
        : {}),
      workflowOutcome: outcome.kind,
      workflowMessage: outcome.kind === 'completed' ? undefined : outcome.message,
    });
    const detail = outcome.kind === 'completed' ? undefined : outcome.message;
    recordEvent(ctx, { processId, kind: `workflow-${outcome.kind}`, ...(detail === undefined ? {} : { detail }) });
    if (completes) recordEvent(ctx, { processId, kind: 'process-completed', principalId: ctx.system.id });
  });
}

/** Ids of the processes whose workflow, as far as is known, is still open: what is to be watched after a restart. */
export function listOpenWorkflows(ctx: Domain): string[] {
  return findOpenWorkflowIds(ctx.store.sql);
}
