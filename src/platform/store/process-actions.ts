import type { ProcessAction } from '../../kuflow/contract/process-actions.ts';
import { AUDIT_COLUMNS } from './audit.ts';
import type { Sql } from './sql.ts';
import { defineTable, jsonText, optional, text, type RowOf } from './table.ts';

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

export const PROCESS_ACTIONS = defineTable('process_actions', {
  /** Also the id of the workflow, if the type has one. */
  id: text(),
  processId: text(),
  code: text(),
  type: text<ProcessAction['type']>(),
  status: text<ProcessAction['status']>(),
  result: optional(jsonText<ProcessActionResult>()),
  /** Only if the type has a workflow. */
  taskQueue: optional(text()),
  /** As for a process. */
  workflowOutcome: optional(text()),
  workflowMessage: optional(text()),
  ...AUDIT_COLUMNS,
});
export type ProcessActionRow = RowOf<typeof PROCESS_ACTIONS>;

/** The actions that were invoked in a process, oldest first. */
export function findActionsOfProcess(sql: Sql, processId: string): ProcessActionRow[] {
  return PROCESS_ACTIONS.find(sql, 'WHERE process_id = ? ORDER BY seq', [processId]);
}

/** Whether the workflow of this action is not known to have ended. */
export const hasOpenWorkflow = ({ taskQueue, workflowOutcome }: ProcessActionRow): boolean =>
  taskQueue !== undefined && workflowOutcome === undefined;

/** Ids of the actions whose workflow is not known to have ended, oldest first. */
export function findOpenActionIds(sql: Sql): string[] {
  return sql.texts(
    'SELECT id FROM process_actions WHERE task_queue IS NOT NULL AND workflow_outcome IS NULL ORDER BY seq',
  );
}
