import { Type, type Static } from '@sinclair/typebox';
import type { JsonObject } from '../../base/json.ts';
import { AnyObject, DateTime, Email, Uuid, enumeration, model } from '../../kuflow/contract/common.ts';
import { ProcessAction } from '../../kuflow/contract/process-actions.ts';
import { Worker } from '../../kuflow/contract/workers.ts';
import { ProcessItemTaskState, ProcessItemType } from '../../kuflow/contract/process-items.ts';
import { ProcessState } from '../../kuflow/contract/processes.ts';
import { WebhookType } from '../../kuflow/contract/webhooks.ts';
import type { ActionDefinition, DataShape, TaskDefinition } from '../../process/definition.ts';
import type { FaultAction } from './faults.ts';
import type { PlatformEvent } from './types.ts';

/*
 * The data of `/_dev/…`, which KuFlow does not have: see `dev-operations.ts`. The console imports the types. Times are ISO 8601 in UTC.
 */

/** What a model describes, as a value that is only read. */
type Immutable<Value> = Value extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Immutable<Value[Key]> }
    : Value;

/** The header with which the console and shell completion mark their requests, so that the list of requests can leave them out. */
export type ConsoleHeader = 'x-kuflow-console';

const Text = Type.String();
const OptionalText = Type.Optional(Text);
const Count = Type.Integer({ minimum: 0 });

export const PartStatus = model('PartStatus', {
  part: enumeration('Part', ['store', 'temporal', 'gateway', 'rest']),
  state: enumeration('PartState', ['up', 'down']),
  address: OptionalText,
  detail: OptionalText,
});
export type PartStatus = Immutable<Static<typeof PartStatus>>;

export const ClockStatus = model('ClockStatus', {
  now: DateTime,
  aheadMs: Type.Number({ description: 'Milliseconds that were skipped since the state was created' }),
  obstacle: Type.Optional(Type.String({ description: "Why time can't be skipped; absent if it can" })),
  skipping: Type.Optional(
    Type.Object(
      { from: DateTime, until: Type.Optional(DateTime) },
      { description: 'The skip that is running. Without `until`, it ends when a process changes' },
    ),
  ),
});
/** The time of the local KuFlow and its processes. Tokens, certificates and registrations of workers have real time. */
export type ClockStatus = Immutable<Static<typeof ClockStatus>>;

export const SkipRequest = model('SkipRequest', {
  seconds: Type.Optional(Type.Number()),
  until: Type.Optional(Type.String({ description: 'ISO 8601 with a time zone' })),
});
export interface SkipRequest {
  readonly seconds?: number | undefined;
  readonly until?: string | undefined;
}

export const SkippedEvent = model('SkippedEvent', {
  time: DateTime,
  processId: Uuid,
  what: Text,
  code: OptionalText,
  processItemId: Type.Optional(Uuid),
  detail: OptionalText,
});
/** The event of a process; see `PlatformEvent`. */
export type SkippedEvent = Immutable<Static<typeof SkippedEvent>>;

export const WorkflowBehind = model('WorkflowBehind', {
  workflowId: Type.String({ description: 'That of the process, except for child workflows' }),
  now: DateTime,
  reason: Text,
});
export type WorkflowBehind = Immutable<Static<typeof WorkflowBehind>>;

/**
 * `reached`: it is the requested time. `acted`: a process has changed. `idle`: no timer that was pending at the beginning has changed a process.
 * `stuck`: a workflow did not finish its work. `time-limit` and `canceled`: the skip ended between two deadlines.
 */
export const SkipEnd = enumeration('SkipEnd', ['reached', 'acted', 'idle', 'stuck', 'time-limit', 'canceled']);
export type SkipEnd = Static<typeof SkipEnd>;

export const SkipResult = model('SkipResult', {
  end: SkipEnd,
  from: DateTime,
  now: DateTime,
  aheadMs: Type.Number(),
  until: Type.Optional(Type.String({ description: 'The requested time', format: 'date-time' })),
  events: Type.Array(SkippedEvent, { description: 'What happened in the processes on the way, the last 500 entries' }),
  behind: Type.Array(WorkflowBehind, { description: 'Workflows that are not at `now`, and why' }),
});
export type SkipResult = Immutable<Static<typeof SkipResult>>;

export const PlatformStatus = model('PlatformStatus', {
  version: Text,
  startedAt: DateTime,
  folder: Type.String({
    description: 'Working directory of the process that runs the platform: where the suggested commands run',
  }),
  stateDir: Text,
  tenantId: Uuid,
  namespace: Text,
  parts: Type.Array(PartStatus),
  endpoints: Type.Object({ http: Text, https: Text, engine: Text }),
  temporalUi: Type.Optional(Type.String({ description: "Address of Temporal's UI, if it runs" })),
  clock: ClockStatus,
  principal: Type.Object({ id: Uuid, name: Text }, { description: 'Who makes this request' }),
});
export type PlatformStatus = Immutable<Static<typeof PlatformStatus>>;

export const EnvironmentVariables = model('EnvironmentVariables', {
  variables: Type.Record(Type.String(), Type.String()),
});
export type EnvironmentVariables = Immutable<Static<typeof EnvironmentVariables>>;

const Shape = Type.Unsafe<DataShape>({ $id: 'DataShape', type: 'object', description: 'As in kuflow.process.yaml' });

const UserAction = Type.Unsafe<ActionDefinition>({
  $id: 'ActionDefinition',
  type: 'object',
  description: 'A user action, as in kuflow.process.yaml',
});

export const ServedProcess = model('ServedProcess', {
  id: Uuid,
  version: Uuid,
  code: Text,
  name: OptionalText,
  workflowType: OptionalText,
  taskQueue: OptionalText,
  webhookUrl: Type.Optional(Type.String({ description: 'Where its events are sent, instead of a workflow' })),
  confidential: Type.Optional(
    Type.Boolean({
      description:
        'Whether the process is confidential, which does not change after its start; for a definition, whether new processes are',
    }),
  ),
  metadata: Type.Optional(Shape),
  entity: Type.Optional(Shape),
  tasks: Type.Array(
    Type.Unsafe<TaskDefinition>({ $id: 'TaskDefinition', type: 'object', description: 'As in kuflow.process.yaml' }),
  ),
  actions: Type.Optional(Type.Array(UserAction)),
});
export type ServedProcess = Immutable<Static<typeof ServedProcess>>;

export const DefinitionProblem = model('DefinitionProblem', {
  file: Type.String({ description: '`<path>:<line>` if the line is known, relative to the folder' }),
  message: Text,
});
/** Not derived from the model, because the declarations of the package contain it. */
export interface DefinitionProblem {
  readonly file: string;
  readonly message: string;
}

export const ServedDefinitions = model('ServedDefinitions', {
  definitions: Type.Array(ServedProcess),
  problems: Type.Array(DefinitionProblem, {
    description:
      'The definition files that could not be loaded since they were last saved. Their last good content is still served',
  }),
});
export type ServedDefinitions = Immutable<Static<typeof ServedDefinitions>>;

export const ExampleParams = model('ExampleParams', {
  task: Type.Optional(Type.String({ description: 'Code of a task; without it, the data is the metadata' })),
  processId: Type.Optional(Uuid),
});

export const ExampleData = model('ExampleData', {
  value: Type.Unsafe<JsonObject>({ type: 'object', additionalProperties: true }),
  missing: Type.Array(Text, { description: 'Paths (JSON Pointer) that must be filled in by hand' }),
});
export interface ExampleData {
  readonly value: JsonObject;
  readonly missing: readonly string[];
}

export const CompiledValidators = model('CompiledValidators', { url: Text });
export type CompiledValidators = Immutable<Static<typeof CompiledValidators>>;

export const WorkerStatus = model('WorkerStatus', {
  ...Worker.properties,
  online: Type.Boolean({ description: 'Whether it polls now' }),
});
export type WorkerStatus = Immutable<Static<typeof WorkerStatus>>;

export const QueueStatus = model('QueueStatus', {
  taskQueue: Text,
  processes: Type.Array(Text, { description: 'Codes of the processes that use it' }),
  pollers: Type.Array(Text, { description: 'Identities of the workers that poll it now' }),
});
export type QueueStatus = Immutable<Static<typeof QueueStatus>>;

const workersStatus = {
  workers: Type.Array(WorkerStatus),
  queues: Type.Array(QueueStatus, { description: 'One entry for each task queue of the served definitions' }),
};
export const WorkersStatus = model('WorkersStatus', workersStatus);
export type WorkersStatus = Immutable<Static<typeof WorkersStatus>>;

const timeoutSeconds = Type.Optional(
  Type.Number({ minimum: 0, maximum: 600, description: 'How long to wait. Default: 30' }),
);

export const WorkersWait = model('WorkersWait', {
  taskQueue: Type.Optional(Type.String({ description: 'Default: all task queues of the served definitions' })),
  process: Type.Optional(Type.String({ description: 'Code of a process, instead of its task queue' })),
  timeoutSeconds,
});
export type WorkersWait = Immutable<Static<typeof WorkersWait>>;

export const WorkersWaitResult = model('WorkersWaitResult', {
  polling: Type.Boolean({ description: 'False: nobody polled in time' }),
  ...workersStatus,
});
export type WorkersWaitResult = Immutable<Static<typeof WorkersWaitResult>>;

export const LocalUser = model('LocalUser', {
  principalId: Uuid,
  userId: Uuid,
  email: Email,
  name: Text,
  groups: Type.Array(Text, { description: 'Codes' }),
  token: Type.String({ description: 'Signs this user in as `Bearer <token>`' }),
});
export type LocalUser = Immutable<Static<typeof LocalUser>>;

export const LocalGroup = model('LocalGroup', { id: Uuid, code: Text, name: Text });
export type LocalGroup = Immutable<Static<typeof LocalGroup>>;

export const LocalPeople = model('LocalPeople', { users: Type.Array(LocalUser), groups: Type.Array(LocalGroup) });
export type LocalPeople = Immutable<Static<typeof LocalPeople>>;

export const TimelineEntry = model('TimelineEntry', {
  time: DateTime,
  kind: Type.String({ description: 'Such as `item-claimed`' }),
  processItemId: Type.Optional(Uuid),
  code: OptionalText,
  principal: Type.Optional(Type.String({ description: 'Name of who did it' })),
  detail: OptionalText,
});
export type TimelineEntry = Immutable<Static<typeof TimelineEntry>>;

export const Timeline = model('Timeline', { entries: Type.Array(TimelineEntry) });

export const FailingWorkStatus = model('FailingWorkStatus', {
  kind: enumeration('FailingWorkKind', ['activity', 'workflow-task', 'workflow']),
  name: Text,
  failures: Count,
  message: Text,
  location: Type.Optional(Type.String({ description: "`<file>:<line>` in the worker's own code" })),
});
export type FailingWorkStatus = Immutable<Static<typeof FailingWorkStatus>>;

const failing = Type.Array(FailingWorkStatus, {
  description: 'What the workflow waits for and has failed, and how it ended if it failed',
});
export const FailingWorkList = model('FailingWorkList', { failing });
export type FailingWorkList = Immutable<Static<typeof FailingWorkList>>;

export const InvokedAction = model('InvokedAction', {
  action: ProcessAction,
  message: Type.Optional(Type.String({ description: 'What the workflow of the action returned, or why it failed' })),
  workflow: Type.Optional(
    Type.Object({
      taskQueue: Text,
      ended: Type.Boolean(),
      pollers: Type.Array(Text, { description: 'Identities of the workers that poll the task queue now' }),
    }),
  ),
});
export type InvokedAction = Immutable<Static<typeof InvokedAction>>;

export const ActionsOfProcess = model('ActionsOfProcess', {
  available: Type.Array(UserAction, { description: 'The user actions that you can invoke' }),
  invoked: Type.Array(InvokedAction, { description: 'Oldest first' }),
});
/** Not `Immutable`, which would distribute the union of the definitions. */
export interface ActionsOfProcess {
  readonly available: readonly ActionDefinition[];
  readonly invoked: readonly InvokedAction[];
}

export const SignalRequest = model('SignalRequest', {
  name: Type.String({ minLength: 1, maxLength: 1000 }),
  input: Type.Optional(
    Type.Unsafe<unknown>({
      description: 'Any JSON value: the argument of the signal. Without it, the signal does not have an argument',
    }),
  ),
});
export type SignalRequest = Immutable<Static<typeof SignalRequest>>;

export const SentSignal = model('SentSignal', { processId: Uuid, name: Text });
export type SentSignal = Immutable<Static<typeof SentSignal>>;

export const ProcessWait = model('ProcessWait', {
  states: Type.Optional(
    Type.Array(ProcessState, { minItems: 1, description: 'Default, without `task`: the states of ended processes' }),
  ),
  task: Type.Optional(Type.String({ description: 'Code of a task that must exist' })),
  taskStates: Type.Optional(
    Type.Array(ProcessItemTaskState, { minItems: 1, description: 'For `task`. Default: READY and CLAIMED' }),
  ),
  timeoutSeconds,
});
export type ProcessWait = Immutable<Static<typeof ProcessWait>>;

export const WaitedItem = model('WaitedItem', {
  id: Uuid,
  type: ProcessItemType,
  code: OptionalText,
  state: Type.Optional(ProcessItemTaskState),
});
export type WaitedItem = Immutable<Static<typeof WaitedItem>>;

export const ProcessWaitResult = model('ProcessWaitResult', {
  reached: Type.Boolean({ description: 'False: it did not happen in time, or can no longer happen' }),
  process: Type.Object({ id: Uuid, state: ProcessState }),
  items: Type.Array(WaitedItem, { description: 'All items of the process, oldest first' }),
  pollers: Type.Array(Text, { description: 'Identities of the workers that poll the task queue now' }),
  failing,
  problem: Type.Optional(Type.String({ description: 'If it did not happen: all of this as a text for people' })),
});
export type ProcessWaitResult = Immutable<Static<typeof ProcessWaitResult>>;

const requestRecord = {
  id: Type.Integer({ description: 'Increases by one for each request' }),
  time: DateTime,
  method: Text,
  path: Type.String({ description: 'Without the query' }),
  operationId: OptionalText,
  status: Type.Integer({ description: '0 without an answer' }),
  ms: Type.Number(),
  principal: Type.Optional(Type.String({ description: 'Name of the caller' })),
  problem: OptionalText,
  violations: Type.Array(Type.Object({ side: enumeration('Side', ['request', 'answer']), problem: Text }), {
    description: "Violations of KuFlow's API contract by the request or by the answer",
  }),
  console: Type.Boolean({ description: 'Whether the console or shell completion made it' }),
};
export const RequestRecord = model('RequestRecord', requestRecord);
export type RequestRecord = Immutable<Static<typeof RequestRecord>>;

export const RequestList = model('RequestList', { requests: Type.Array(RequestRecord) });
export type RequestList = Immutable<Static<typeof RequestList>>;

export const RecordedBody = model('RecordedBody', {
  bytes: Count,
  contentType: OptionalText,
  text: Type.Optional(Type.String({ description: 'Absent for bodies that are not text' })),
  truncated: Type.Boolean(),
});
export type RecordedBody = Immutable<Static<typeof RecordedBody>>;

const Headers = Type.Record(Type.String(), Type.String());
export const RequestDetail = model('RequestDetail', {
  ...requestRecord,
  url: Text,
  requestHeaders: Headers,
  responseHeaders: Headers,
  requestBody: Type.Optional(RecordedBody),
  responseBody: Type.Optional(RecordedBody),
});
export type RequestDetail = Immutable<Static<typeof RequestDetail>>;

export const WebhookDeliveryState = enumeration('WebhookDeliveryState', ['PENDING', 'DELIVERED', 'FAILED']);
export type WebhookDeliveryState = Static<typeof WebhookDeliveryState>;

const delivery = {
  id: Type.String({ description: 'ID of the event', format: 'uuid' }),
  time: Type.String({ description: 'When the event happened', format: 'date-time' }),
  type: WebhookType,
  processId: Uuid,
  url: Type.String({ description: 'Where the latest attempt sent it, or where it will be sent' }),
  state: WebhookDeliveryState,
  attempts: Count,
  latest: Type.Optional(
    model(
      'WebhookAttempt',
      {
        time: Type.String({ description: 'When it began, in real time', format: 'date-time' }),
        ms: Type.Number(),
        status: Type.Optional(Type.Integer({ description: 'Absent without an answer' })),
        problem: Type.Optional(
          Type.String({ description: 'Why it does not count, or why the answer is not complete' }),
        ),
      },
      { description: 'The latest attempt' },
    ),
  ),
};
export const WebhookDelivery = model('WebhookDelivery', delivery);
export type WebhookDelivery = Immutable<Static<typeof WebhookDelivery>>;

export const WebhookDeliveryList = model('WebhookDeliveryList', { deliveries: Type.Array(WebhookDelivery) });
export type WebhookDeliveryList = Immutable<Static<typeof WebhookDeliveryList>>;

export const WebhookDeliveryDetail = model('WebhookDeliveryDetail', {
  ...delivery,
  body: RecordedBody,
  answer: Type.Optional(RecordedBody),
});
export type WebhookDeliveryDetail = Immutable<Static<typeof WebhookDeliveryDetail>>;

/** The fields of all kinds: `findFaultProblem` checks which belong to which. */
const Action = Type.Unsafe<FaultAction>(
  model('FaultAction', {
    kind: enumeration('FaultKind', ['drop-request', 'drop-answer', 'cut-answer', 'no-answer', 'delay', 'status']),
    ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000, description: 'Of `delay`, required' })),
    status: Type.Optional(Type.Integer({ minimum: 400, maximum: 599, description: 'Of `status`, required' })),
    retryAfter: Type.Optional(Type.Integer({ minimum: 0, maximum: 3600, description: 'Of `status`, in seconds' })),
  }),
);

const operationId = Type.String({ description: "An operation of KuFlow's API, or * for all of them" });
const times = Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'How many calls it affects. Default: 1' });
export const FaultRequest = model('FaultRequest', { operationId, times: Type.Optional(times), action: Action });

export const FaultStatus = model('FaultStatus', {
  id: Uuid,
  operationId,
  times,
  left: Type.Integer({ minimum: 0, description: 'How many calls it will still affect' }),
  action: Action,
});
export type FaultStatus = Immutable<Static<typeof FaultStatus>>;

export const FaultList = model('FaultList', { faults: Type.Array(FaultStatus) });

export const ValidatorRequest = model('ValidatorRequest', { schemas: Type.Array(AnyObject) });

export const OpenFile = model('OpenFile', { file: Text });
export const RedeemedCode = model('RedeemedCode', { token: Text });

/**
 * A message of `GET /_dev/events` (server-sent events): `id` is the SSE id, `event` is the kind, `data` is this object. Events are hints to
 * read again. After a reconnect, the stream sends the events after `Last-Event-ID`, or a single `reset` if it has discarded some of them.
 */
export type LiveEvent = { readonly id: number; readonly time: string } & (
  | PlatformEvent
  | { readonly kind: 'reset' | 'workers-changed' | 'faults-changed' | 'clock-changed' }
);
