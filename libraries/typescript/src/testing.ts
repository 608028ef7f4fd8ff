/** Tests of processes: an in-memory KuFlow, workflows on a time-skipping server, replays of histories, and the local KuFlow. */
export type { FakeKuFlow, Person } from './internal/testing/fake-kuflow.ts';
export { openLocalKuFlow, type LocalKuFlow, type LocalProcess } from './internal/testing/local-kuflow.ts';
export { replay } from './internal/testing/replay.ts';
export { openTestEnvironment, type ProcessRun, type TestEnvironment } from './internal/testing/test-environment.ts';
