/** Runs the workers of KuFlow's processes. `kuflow-worker/workflow` is for workflow code, and `kuflow-worker/testing` for tests. */
export type { AppSettings } from './internal/app-settings.ts';
export type { KuFlowClient } from './internal/client.ts';
export { runWorker } from './internal/program.ts';
export { RestError } from './internal/rest-client.ts';
export * from './internal/values.ts';
