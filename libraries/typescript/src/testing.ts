/** Tests of processes: an in-memory KuFlow, workflows on a time-skipping server, and replays of histories. */
export type { FakeKuFlow, Person, TaskLog } from './internal/testing/fake-kuflow.ts';
export { replay } from './internal/testing/replay.ts';
export {
  openTestEnvironment,
  type ProcessRun,
  type RunOptions,
  type TestEnvironment,
  type TestEnvironmentOptions,
} from './internal/testing/test-environment.ts';
