/** What workflow code imports from this library. Runs in the workflow sandbox. */
export type { Uuid, UserActionSignal, WorkflowRequest, WorkflowResponse } from './internal/model.ts';
export * from './internal/values.ts';
export { all } from './internal/workflow/all.ts';
export { kuflowActivities, ownActivities, TRANSFER, workerActivities } from './internal/workflow/kuflow-activities.ts';
export {
  openProcess,
  TaskCancelled,
  type Deadline,
  type KuFlowProcess,
  type Owner,
  type ProcessOptions,
  type SystemTaskHandle,
  type TaskHandle,
} from './internal/workflow/kuflow-process.ts';
export { CallRejected, failOnRejection } from './internal/workflow/rejections.ts';
export {
  human,
  message,
  system,
  thread,
  type HumanTask,
  type Message,
  type SystemTask,
  type Thread,
} from './internal/workflow/task.ts';
