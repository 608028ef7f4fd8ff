/** Runs the workers of KuFlow's processes. `kuflow-worker/workflow` is for workflow code, and `kuflow-worker/testing` for tests. */
export type { KuFlowClient } from './internal/client.ts';
export { runWorker, type WorkerOptions } from './internal/program.ts';
export { RestError } from './internal/rest-client.ts';
export type { Validators } from './internal/task-data.ts';
export * from './internal/values.ts';
