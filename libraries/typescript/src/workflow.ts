/** What workflow code imports from this library. Runs in the workflow sandbox. */
export type { ActionRequest, ActionResponse, UserActionSignal, WorkflowRequest, WorkflowResponse } from './internal/model.ts';
export * from './internal/values.ts';
export { all } from './internal/workflow/all.ts';
export { kuflowActivities, ownActivities, TRANSFER } from './internal/workflow/kuflow-activities.ts';
export {
  openProcess,
  TaskCancelled,
  type KuFlowProcess,
  type SystemTaskHandle,
  type TaskHandle,
} from './internal/workflow/kuflow-process.ts';
export { CallRejected, failOnRejection } from './internal/workflow/rejections.ts';
export { human, message, signalAction, system, thread, type HumanTask, type SignalAction, type SystemTask } from './internal/workflow/task.ts';
