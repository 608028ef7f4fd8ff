const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService/';
const HEALTH = '/grpc.health.v1.Health/';

/** The call that hands in a workflow task; the process watcher wants to know of it. */
export const RESPOND_WORKFLOW_TASK_COMPLETED = `${SERVICE}RespondWorkflowTaskCompleted`;

/** What passes without a token: an SDK asks for it before it has one. */
const OPEN = new Set([`${SERVICE}GetSystemInfo`, `${HEALTH}Check`, `${HEALTH}Watch`]);

/** What names no namespace, so that its header may be absent. */
const WITHOUT_NAMESPACE = new Set([...OPEN, `${SERVICE}GetClusterInfo`]);

/**
 * What a worker needs, and no more: it works on what others started. Starting, signalling, querying, cancelling and
 * listing are the platform's, as at KuFlow; reads that a connection check makes are let through.
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

/** `RespondWorkflowTaskCompleted` for a call of Temporal's service, the whole path for any other. */
export function rpcName(path: string): string {
  return path.startsWith(SERVICE) ? path.slice(SERVICE.length) : path;
}
