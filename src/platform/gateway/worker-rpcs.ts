import { messageField, messageFields, numberField, stringField } from '../../engine/protobuf.ts';
import { NAMESPACE_FIELDS } from './namespace-fields.ts';

const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService/';
const HEALTH = '/grpc.health.v1.Health/';

/** A worker completes a workflow task with it; the process watcher needs to know. */
export const RESPOND_WORKFLOW_TASK_COMPLETED = `${SERVICE}RespondWorkflowTaskCompleted`;

/** Allowed without a token, because SDKs call them before they have one. */
const OPEN = new Set([`${SERVICE}GetSystemInfo`, `${HEALTH}Check`, `${HEALTH}Watch`]);

/** Their requests have no namespace. */
const WITHOUT_NAMESPACE = new Set([...OPEN, `${SERVICE}GetClusterInfo`]);

/** The RPCs of a worker and of a connection check. As in KuFlow, only the platform starts, signals, queries, cancels and lists workflows. */
export const WORKER_RPCS: ReadonlySet<string> = new Set([
  ...WITHOUT_NAMESPACE,
  ...[
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
]);

export const needsToken = (path: string): boolean => !OPEN.has(path);
export const needsNamespace = (path: string): boolean => !WITHOUT_NAMESPACE.has(path);

/** The number of the field `namespace` in the request of an RPC; undefined if it has no such field. */
export const namespaceField = (path: string): number | undefined => NAMESPACE_FIELDS[rpcName(path)];

/** The method of a call to Temporal's service, such as `RespondWorkflowTaskCompleted`; the whole path of any other. */
export function rpcName(path: string): string {
  return path.startsWith(SERVICE) ? path.slice(SERVICE.length) : path;
}

/** `temporal.api.enums.v1.CommandType` of the commands that end a run: complete, fail, cancel, continue as new. */
const CLOSING: ReadonlySet<number | undefined> = new Set([4, 5, 7, 10]);

/** The ID of the workflow whose run a RespondWorkflowTaskCompleted request ends, from the server's task token; undefined if it does not end one. */
export function endedWorkflow(message: Uint8Array): string | undefined {
  const ends = messageFields(message, 2).some((command) => CLOSING.has(numberField(command, 1)));
  return ends ? stringField(messageField(message, 1), 2) || undefined : undefined;
}
