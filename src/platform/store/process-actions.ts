import type { ProcessAction } from '../../kuflow/contract/process-actions.ts';
import { AUDIT_COLUMNS, type Audit } from './audit.ts';
import { textColumn, type Sql } from './sql.ts';
import { defineTable } from './table.ts';

/** The part of an action that its type adds. */
export type ProcessActionResult = Pick<
  ProcessAction,
  | 'downloadable'
  | 'startRelatedProcess'
  | 'createTask'
  | 'createProcessItemMessage'
  | 'createProcessItemThread'
  | 'sendWorkflowSignal'
>;

export interface ProcessActionRow extends Audit {
  /** Also the id of the workflow, if the type has one. */
  readonly id: string;
  readonly processId: string;
  readonly code: string;
  readonly type: ProcessAction['type'];
  readonly status: ProcessAction['status'];
  readonly result?: ProcessActionResult | undefined;
  /** Only if the type has a workflow. */
  readonly taskQueue?: string | undefined;
  /** As for a process. */
  readonly workflowOutcome?: string | undefined;
  readonly workflowMessage?: string | undefined;
}

const ACTIONS = defineTable<ProcessActionRow>('process_actions', {
  id: 'text',
  processId: 'text',
  code: 'text',
  type: 'text',
  status: 'text',
  result: 'json',
  taskQueue: 'text',
  workflowOutcome: 'text',
  workflowMessage: 'text',
  ...AUDIT_COLUMNS,
});

export const insertProcessAction = ACTIONS.insert;

export const findProcessActionById = ACTIONS.findById;

/** The actions that were invoked in a process, oldest first. */
export function findActionsOfProcess(sql: Sql, processId: string): ProcessActionRow[] {
  return ACTIONS.find(sql, 'WHERE process_id = ? ORDER BY seq', [processId]);
}

/** Whether the workflow of this action is not known to have ended. */
export const hasOpenWorkflow = ({ taskQueue, workflowOutcome }: ProcessActionRow): boolean =>
  taskQueue !== undefined && workflowOutcome === undefined;

/** Ids of the actions whose workflow is not known to have ended, oldest first. */
export function findOpenActionIds(sql: Sql): string[] {
  return sql
    .all('SELECT id FROM process_actions WHERE task_queue IS NOT NULL AND workflow_outcome IS NULL ORDER BY seq')
    .map((row) => textColumn(row, 'id'));
}

export function updateProcessAction(sql: Sql, action: ProcessActionRow): void {
  ACTIONS.update(sql, action, [
    ...(['status', 'result', 'workflowOutcome', 'workflowMessage', 'lastModifiedBy', 'lastModifiedAt'] as const),
  ]);
}
