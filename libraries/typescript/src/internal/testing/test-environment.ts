import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type * as Testing from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker, type ActivityInterceptorsFactory } from '@temporalio/worker';
import { createActivityInterceptor } from '../activity-interceptor.ts';
import type { ActionRequest } from '../model.ts';
import { payloadLimit } from '../payload-limit.ts';
import type { Validators } from '../task-data.ts';
import { workflowSources } from '../workflow-code.ts';
import { fakeKuFlow, PERSON_ID, requestTimes, type FakeKuFlow, type Person } from './fake-kuflow.ts';
import { callConfidential, testEncryption } from './confidential.ts';
import { timeSkippingServer } from './test-server.ts';
import { createTurns } from './turns.ts';
import { installTestRuntime, resultOf } from './workflow-result.ts';

const LIMIT = 30_000;

/** What `openTestEnvironment` needs. */
export interface TestEnvironmentOptions {
  /** The module with the workflows, such as `new URL('../src/workflows.ts', import.meta.url)`. */
  readonly workflows: URL;
  /** Checks the data of system tasks, as in the worker. */
  readonly validators?: Validators;
  /** Your interceptors of activities, as in the worker. */
  readonly activityInterceptors?: readonly ActivityInterceptorsFactory[];
}

/** Options of the start of a process in a test. */
export interface StartOptions {
  /** Whether the process is confidential: its payloads are encrypted with a test key. Default: false. */
  readonly confidential?: boolean;
  /** The code of a user action, to start its workflow instead of that of the process. */
  readonly action?: string;
}

/** Options of a run in a test. */
export interface RunOptions {
  /**
   * Called while the workflow runs, for example to send the signal of a user action. No time is skipped before it ends, except by
   * `temporal.sleep` of the test environment.
   */
  readonly meanwhile?: () => Promise<unknown>;
  /** How long to wait for the end of the workflow after `meanwhile`, in milliseconds. Default: 30 s. */
  readonly limit?: number;
}

/** A process's workflow on the test server. The workflow does not run until your test waits for its result. */
export interface ProcessRun {
  readonly processId: string;
  readonly handle: WorkflowHandleWithFirstExecutionRunId;
  /**
   * Runs the workflow to its end. Resolves to its result, or to the error that it fails with. Rejects if the workflow code throws another
   * error, and when the limit has passed, with the open tasks and the activities that fail.
   */
  result(options?: RunOptions): Promise<unknown>;
  /** Cancels the process. */
  cancel(): Promise<void>;
  /** The history of the workflow so far, for `replay`. */
  history(): Promise<unknown>;
}

/** Temporal's time-skipping test server with a project's workflows. */
export interface TestEnvironment {
  readonly temporal: Testing.TestWorkflowEnvironment;
  /**
   * An in-memory KuFlow for one process. `person` is asked about each open task that the application does not own. `metadata` is the
   * metadata of the process when it starts.
   */
  fakeKuFlow(person: Person, metadata?: Record<string, unknown>): FakeKuFlow;
  /** Starts the workflow of a process. `activities` are your own. */
  startProcess(
    workflowType: string,
    kuflow: FakeKuFlow,
    activities?: object,
    options?: StartOptions,
  ): Promise<ProcessRun>;
  close(): Promise<void>;
}

/** Starts the test server and bundles the workflows. */
export async function openTestEnvironment({
  workflows,
  validators = {},
  activityInterceptors = [],
}: TestEnvironmentOptions): Promise<TestEnvironment> {
  installTestRuntime();
  // A development dependency of the project. As a dependency of this library, it would be part of the image.
  const testing = createRequire(workflows)('@temporalio/testing') as typeof Testing;
  const confidential = new Set<string>();
  const closed = new AbortController();
  // Temporal's client adds a listener for each call.
  setMaxListeners(0, closed.signal);
  const temporal = await testing.TestWorkflowEnvironment.createTimeSkipping({
    server: await timeSkippingServer(workflows),
    client: {
      dataConverter: { payloadCodecs: [testEncryption] },
      interceptors: { workflow: [callConfidential(confidential)] },
    },
  });
  const { workflow: client } = temporal.client;
  const turns = createTurns(client);
  const workflowBundle = await bundleWorkflowCode({
    ...workflowSources(fileURLToPath(workflows)),
    logger: new DefaultLogger('ERROR'),
  });

  return {
    temporal,
    fakeKuFlow: (person, metadata) => fakeKuFlow(client, turns, person, metadata, validators),
    startProcess: async (workflowType, kuflow, activities = {}, options = {}) => {
      const processId = randomUUID();
      if (options.confidential === true) confidential.add(processId);
      const worker = await Worker.create({
        connection: temporal.nativeConnection,
        taskQueue: processId,
        workflowBundle,
        activities: { ...kuflow.activities, ...activities },
        dataConverter: { payloadCodecs: [payloadLimit(), testEncryption] },
        interceptors: { activity: [turns.interceptor, createActivityInterceptor({ validators }), ...activityInterceptors] },
      });
      const start = { workflowId: processId, taskQueue: processId, args: [requestOf(processId, options.action)] };
      const handle = await client.start(workflowType, start);
      return {
        processId,
        handle,
        result: ({ meanwhile, limit = LIMIT } = {}) =>
          turns.during(processId, () =>
            worker.runUntil(() => resultOf(handle, kuflow.items, { after: meanwhile, limit, closed: closed.signal })),
          ),
        cancel: () =>
          turns.take(processId, async () => {
            await handle.cancel();
          }),
        history: async () => JSON.parse(historyToJSON(await handle.fetchHistory())) as unknown,
      };
    },
    close: () => {
      closed.abort();
      return temporal.teardown();
    },
  };
}

/** What KuFlow passes to the workflow of a process or of an action. */
function requestOf(processId: string, action: string | undefined): { readonly processId: string } | ActionRequest {
  if (action === undefined) return { processId };
  return {
    processId,
    userActionDefinitionType: 'START_WORKFLOW',
    userActionDefinitionCode: action,
    userActionId: processId,
    requestorPrincipalId: PERSON_ID,
    ...requestTimes(),
  };
}
