import { Type } from '@sinclair/typebox';
import { Uuid, answer, json } from '../../kuflow/contract/common.ts';
import { openApiDocumentOf } from '../../kuflow/contract/openapi.ts';
import { resource, type Operation } from '../../kuflow/contract/operation.ts';
import { ProcessItem } from '../../kuflow/contract/process-items.ts';
import * as contract from './dev-contract.ts';

/** The operations of the local KuFlow that KuFlow does not have: routes, validation and `/_dev/openapi.json` are made from this table. */
export const devOperations = {
  ...resource('platform', {
    readStatus: {
      call: 'GET /_dev/status',
      summary: 'Read the state of the components of the local KuFlow',
      responses: { 200: answer(contract.PlatformStatus, 'The state') },
    },
    readEnvironment: {
      call: 'GET /_dev/environment',
      access: 'users',
      summary: 'Read the environment variables that connect a worker, with the client secret',
      responses: { 200: answer(contract.EnvironmentVariables, 'The variables') },
    },
    listPeople: {
      call: 'GET /_dev/users',
      access: 'users',
      summary: 'List the users, with tokens that sign them in, and the groups',
      responses: { 200: answer(contract.LocalPeople, 'The people') },
    },
    streamEvents: {
      call: 'GET /_dev/events',
      summary:
        'Follow what happens, as server-sent events. With Last-Event-ID, the missed events come first, or a single `reset` if some were discarded',
      responses: {
        200: { description: 'The events', media: ['text/event-stream'], schema: Type.String() },
      },
    },
    openConsole: {
      call: 'POST /_dev/open-codes',
      access: 'users',
      summary:
        'Write a file in the state folder that opens the console, signed in as the caller. It works once, within a minute',
      query: { path: Type.String({ description: 'Path within the console' }) },
      responses: { 201: answer(contract.OpenFile, 'The name of the file') },
    },
    redeemOpenCode: {
      call: 'POST /_dev/open-codes/{code}',
      access: 'everybody',
      summary: 'Exchange the code in such a file for the token of the user',
      parameters: { code: Type.String() },
      responses: { 200: answer(contract.RedeemedCode, 'The token') },
    },
  }),
  ...resource('workers', {
    listWorkers: {
      call: 'GET /_dev/workers',
      summary: 'List the registered workers, and who polls which task queue',
      responses: { 200: answer(contract.WorkersStatus, 'The workers') },
    },
    waitForWorkers: {
      call: 'POST /_dev/workers/wait',
      summary: 'Wait until a worker polls a task queue, or each of them',
      body: { ...json(contract.WorkersWait), required: false },
      responses: { 200: answer(contract.WorkersWaitResult, 'Whether a worker polls, and the workers') },
    },
  }),
  ...resource('definitions', {
    listServedDefinitions: {
      call: 'GET /_dev/definitions',
      summary: 'List the definitions that new processes use',
      responses: { 200: answer(contract.ServedDefinitions, 'The definitions') },
    },
    createExample: {
      call: 'POST /_dev/definitions/{code}/examples',
      summary: 'Make valid example data for the metadata of a process, or for a task',
      parameters: { code: Type.String() },
      body: { ...json(contract.ExampleParams), required: false },
      responses: {
        200: answer(
          contract.ExampleData,
          'The data. References are real: principals and groups exist, and documents are created in the process. Without a process, documents are left out',
        ),
      },
    },
    compileValidators: {
      call: 'POST /_dev/validators',
      summary: 'Get the address of a script that validates data against each of these JSON Schemas, for the console',
      body: json(contract.ValidatorRequest),
      responses: { 200: answer(contract.CompiledValidators, 'The address') },
    },
  }),
  ...resource('processes', {
    readTimeline: {
      call: 'GET /_dev/processes/{id}/timeline',
      summary: 'Read what happened to a process, in order',
      responses: { 200: answer(contract.Timeline, 'The timeline') },
    },
    readProcessDefinition: {
      call: 'GET /_dev/processes/{id}/definition',
      summary: 'Read the definition that a process was started with, and the tasks that were added to it since then',
      responses: { 200: answer(contract.ServedProcess, 'The definition') },
    },
    listFailingWork: {
      call: 'GET /_dev/processes/{id}/failing-work',
      summary: 'List what the workflow of a process waits for and has failed',
      responses: { 200: answer(contract.FailingWorkList, 'The failures') },
    },
    listProcessActions: {
      call: 'GET /_dev/processes/{id}/actions',
      summary:
        "List the user actions that you can invoke on a process, and those that were invoked. Invoke them with KuFlow's API",
      responses: { 200: answer(contract.ActionsOfProcess, 'The actions') },
    },
    sendSignal: {
      call: 'POST /_dev/processes/{id}/signals',
      summary: "Send a signal to a running process's workflow, encrypted if the process is confidential",
      body: json(contract.SignalRequest),
      responses: { 202: answer(contract.SentSignal, 'The signal will be delivered') },
    },
    waitForProcess: {
      call: 'POST /_dev/processes/{id}/wait',
      summary: 'Wait until a process has a state or a task. The answer says what is open, who polls and what fails',
      body: { ...json(contract.ProcessWait), required: false },
      responses: { 200: answer(contract.ProcessWaitResult, 'Whether it happened, and the present state') },
    },
    releaseTask: {
      call: 'POST /_dev/process-items/{id}/release',
      summary: 'Give a claimed task back, as its owner',
      responses: { 200: answer(ProcessItem, 'The task') },
    },
  }),
  ...resource('clock', {
    readClock: {
      call: 'GET /_dev/clock',
      summary:
        'Read the time of the local KuFlow and its processes. Tokens, certificates and registrations of workers have real time',
      responses: { 200: answer(contract.ClockStatus, 'The time') },
    },
    skipTime: {
      call: 'POST /_dev/clock/skip',
      summary:
        'Skip time by `seconds` or `until` a time, or without both until a process changes. Answers when the skip has ended, after two minutes at most: with the end `time-limit`, send the request again with the `until` of the answer. Closing the connection ends the skip',
      body: { ...json(contract.SkipRequest), required: false },
      responses: { 200: answer(contract.SkipResult, 'The new time, and what happened on the way') },
    },
  }),
  ...resource('faults', {
    listFaults: {
      call: 'GET /_dev/faults',
      summary: 'List the faults, including those that are used up',
      responses: { 200: answer(contract.FaultList, 'The faults, oldest first') },
    },
    addFault: {
      call: 'POST /_dev/faults',
      summary: "Make calls of KuFlow's API fail",
      body: json(contract.FaultRequest),
      responses: { 201: answer(contract.FaultStatus, 'The fault') },
    },
    removeFaults: {
      call: 'DELETE /_dev/faults',
      summary: 'Remove all faults',
      responses: { 204: { description: 'Removed' } },
    },
    removeFault: {
      call: 'DELETE /_dev/faults/{id}',
      summary: 'Remove a fault',
      parameters: { id: Type.String() },
      responses: { 204: { description: 'Removed' } },
    },
  }),
  ...resource('requests', {
    listRequests: {
      call: 'GET /_dev/requests',
      summary: 'List the latest requests, newest first. At most 500 are kept, and none survives a restart',
      query: { limit: Type.Integer({ minimum: 0 }) },
      responses: { 200: answer(contract.RequestList, 'The requests') },
    },
    readRequest: {
      call: 'GET /_dev/requests/{id}',
      summary: 'Read a request with its bodies. Secrets are redacted, and bodies are cut at 16 KiB',
      parameters: { id: Type.Integer() },
      responses: { 200: answer(contract.RequestDetail, 'The request') },
    },
  }),
  ...resource('webhooks', {
    listWebhookDeliveries: {
      call: 'GET /_dev/webhooks',
      summary: 'List the events for webhooks, newest first, and how their latest delivery went',
      query: { processId: Uuid, limit: Type.Integer({ minimum: 0, maximum: 1000, description: 'Default: 100' }) },
      responses: { 200: answer(contract.WebhookDeliveryList, 'The deliveries') },
    },
    readWebhookDelivery: {
      call: 'GET /_dev/webhooks/{id}',
      summary: 'Read an event with its body and the latest answer. Secrets are redacted, and bodies are cut at 16 KiB',
      responses: { 200: answer(contract.WebhookDeliveryDetail, 'The delivery') },
    },
    replayWebhookDelivery: {
      call: 'POST /_dev/webhooks/{id}/replay',
      summary: 'Send an event again, whatever became of it. A pending one is sent without waiting for the next attempt',
      responses: { 202: answer(contract.WebhookDelivery, 'It will be sent') },
    },
  }),
} as const;

export type DevOperationId = keyof typeof devOperations;

export const devOperationIds = Object.keys(devOperations) as DevOperationId[];

/** `GET /_dev/openapi.json`. */
export function devOpenApiDocument(serverUrl: string, version: string): object {
  return openApiDocumentOf(Object.values<Operation>(devOperations), {
    info: {
      title: 'Local KuFlow',
      version,
      description:
        "What the local KuFlow adds to KuFlow's REST API, which /openapi.json describes. Processes are started and tasks completed there, as a user with the user's token.",
    },
    serverUrl,
  });
}
