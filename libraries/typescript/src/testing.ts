/** Tests of processes: an in-memory KuFlow, workflows on a time-skipping server, and replays of histories. */
export type { FakeKuFlow, Person } from './internal/testing/fake-kuflow.ts';
export { replay } from './internal/testing/replay.ts';
export { openTestEnvironment, type ProcessRun, type TestEnvironment } from './internal/testing/test-environment.ts';
