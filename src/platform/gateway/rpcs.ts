const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService/';
const HEALTH = '/grpc.health.v1.Health/';

/** A worker completes a workflow task with it; the process watcher needs to know. */
export const RESPOND_WORKFLOW_TASK_COMPLETED = `${SERVICE}RespondWorkflowTaskCompleted`;

/** Allowed without a token, because SDKs call them before they have one. */
const OPEN = new Set([`${SERVICE}GetSystemInfo`, `${HEALTH}Check`, `${HEALTH}Watch`]);

/** Calls without a namespace, whose header may be missing. */
const WITHOUT_NAMESPACE = new Set([...OPEN, `${SERVICE}GetClusterInfo`]);

/**
 * The RPCs that a worker needs, and the reads of a connection check. Starting, signalling, querying, cancelling and
 * listing workflows is left to the platform, as in KuFlow.
 */
const WORKER_RPCS = new Set(
  [
    'GetSystemInfo',
    'GetClusterInfo',
    'DescribeNamespace',
    'DescribeTaskQueue',
    'GetWorkflowExecutionHistory',
    'PollWorkflowTaskQueue',
    'RespondWorkflowTaskCompleted',
    'RespondWorkflowTaskFailed',
    'RespondQueryTaskCompleted',
    'ResetStickyTaskQueue',
    'PollActivityTaskQueue',
    'RecordActivityTaskHeartbeat',
    'RecordActivityTaskHeartbeatById',
    'RespondActivityTaskCompleted',
    'RespondActivityTaskCompletedById',
    'RespondActivityTaskFailed',
    'RespondActivityTaskFailedById',
    'RespondActivityTaskCanceled',
    'RespondActivityTaskCanceledById',
    'PollNexusTaskQueue',
    'RespondNexusTaskCompleted',
    'RespondNexusTaskFailed',
    'ShutdownWorker',
    'RecordWorkerHeartbeat',
    'FetchWorkerConfig',
  ].map((name) => SERVICE + name),
);

export const needsToken = (path: string): boolean => !OPEN.has(path);
export const needsNamespace = (path: string): boolean => !WITHOUT_NAMESPACE.has(path);
export const isWorkerRpc = (path: string): boolean => WORKER_RPCS.has(path) || OPEN.has(path);

/**
 * The method name of a call to Temporal's service, such as `RespondWorkflowTaskCompleted`; the whole path of any other.
 */
export function rpcName(path: string): string {
  return path.startsWith(SERVICE) ? path.slice(SERVICE.length) : path;
}
