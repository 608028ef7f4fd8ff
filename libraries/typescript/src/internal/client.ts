import { createHash } from 'node:crypto';
import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { createDocuments, type Documents } from './documents.ts';
import type { KuFlowOperations, ProcessItem, Uuid } from './model.ts';
import { RestError, type RestClient, type RestRequest } from './rest-client.ts';

/**
 * A KuFlow client for your own activities, with methods to transfer documents and one method for each of KuFlow's activities. The client
 * retries a failed call at most once, and then throws a `RestError`. If an activity does not catch the error, Temporal retries the activity.
 */
export interface KuFlowClient extends KuFlowOperations {
  /** The application whose credentials this worker uses. Its ID is its principal ID. */
  readonly applicationId: Uuid;
  readonly documents: Documents;
}

type Fields = Readonly<Record<string, unknown>>;

interface Operation {
  /** Method and path. `{name}` is a required field of the request. */
  readonly call: `${RestRequest['method']} ${string}`;
  /** The field of the result that holds the body of the response. Without it, the result is empty. */
  readonly returns?: string;
  /** The fields of the body, separated by spaces. `name!` is required, and one of `name|name` is. */
  readonly body?: string;
  /**
   * - `search`: the fields of the request are the query.
   * - `patch`: the body is a JSON Patch.
   * - `create`: adds an ID, the same one in every attempt, so that KuFlow creates only one resource.
   * - `once`: repeating the call would do harm.
   */
  readonly as?: 'search' | 'patch' | 'create' | 'once';
}

const PROCESS = '/processes/{processId}';
const PROCESS_ACTION = `${PROCESS}/actions/{processActionId}`;
const ITEM = '/process-items/{processItemId}';
const TASK = `${ITEM}/task`;
const ARTIFACT = '/business-artifacts/{businessArtifactId}';
const ARTIFACT_ACTION = `${ARTIFACT}/actions/{businessArtifactActionId}`;
const PREPARE_CREATE = {
  call: `POST ${ARTIFACT}/~actions/prepare-create-artifact`,
  body: 'businessArtifactActionDefinitionCode!',
} as const;

const CALLS: Readonly<Record<keyof KuFlowOperations, Operation>> = {
  retrievePrincipal: { call: 'GET /principals/{principalId}', returns: 'principal' },
  retrieveTenantUser: { call: 'GET /tenant-users/{tenantUserId}', returns: 'tenantUser' },

  findProcesses: { call: 'GET /processes', returns: 'processes', as: 'search' },
  retrieveProcess: { call: `GET ${PROCESS}`, returns: 'process' },
  deleteProcess: { call: `DELETE ${PROCESS}` },
  updateProcessEntity: { call: `PUT ${PROCESS}/entity`, returns: 'process', body: 'entity!' },
  patchProcessEntity: { call: `PATCH ${PROCESS}/entity`, returns: 'process', as: 'patch' },
  updateProcessMetadata: { call: `PUT ${PROCESS}/metadata`, returns: 'process', body: 'metadata!' },
  patchProcessMetadata: { call: `PATCH ${PROCESS}/metadata`, returns: 'process', as: 'patch' },
  changeProcessInitiator: {
    call: `POST ${PROCESS}/~actions/change-initiator`,
    returns: 'process',
    body: 'initiatorId|initiatorEmail',
  },
  createProcessAction: {
    call: `POST ${PROCESS}/actions`,
    returns: 'processAction',
    body: 'processActionDefinitionCode! createTask createProcessItemMessage startRelatedProcess sendWorkflowSignal',
    as: 'create',
  },
  retrieveProcessAction: { call: `GET ${PROCESS_ACTION}`, returns: 'processAction' },
  cancelProcessAction: { call: `POST ${PROCESS_ACTION}/~actions/cancel`, returns: 'processAction' },

  findProcessItems: { call: 'GET /process-items', returns: 'processItems', as: 'search' },
  retrieveProcessItem: { call: `GET ${ITEM}`, returns: 'processItem' },
  createProcessItem: {
    call: 'POST /process-items',
    returns: 'processItem',
    body: 'id! processId! type! processItemThreadId ownerId ownerEmail processItemDefinitionCode task message',
  },
  completeProcessItemTask: { call: `POST ${TASK}/~actions/complete`, returns: 'processItem' },
  claimProcessItemTask: { call: `POST ${TASK}/~actions/claim`, returns: 'processItem' },
  assignProcessItemTask: {
    call: `POST ${TASK}/~actions/assign`,
    returns: 'processItem',
    body: 'ownerId|ownerEmail',
  },
  updateProcessItemTaskData: { call: `PUT ${TASK}/data`, returns: 'processItem', body: 'data!' },
  patchProcessItemTaskData: { call: `PATCH ${TASK}/data`, returns: 'processItem', as: 'patch' },
  appendProcessItemTaskLog: {
    call: `POST ${TASK}/~actions/append-log`,
    returns: 'processItem',
    body: 'level! message!',
    as: 'once',
  },
  updateProcessItemTaskContextData: { call: `PUT ${TASK}/context-data`, returns: 'processItem', body: 'data!' },
  generateProcessItemAiAssistance: {
    call: `POST ${ITEM}/~actions/ai-assistance`,
    returns: 'processItemAiAssistance',
    body: 'requestId!',
  },
  retrieveProcessItemAiAssistance: { call: `GET ${ITEM}/~actions/ai-assistance`, returns: 'processItemAiAssistance' },
  cancelProcessItems: { call: `POST ${PROCESS}/~actions/cancel-process-items`, returns: 'process', as: 'search' },

  findBusinessArtifacts: { call: 'GET /business-artifacts', returns: 'businessArtifacts', as: 'search' },
  createBusinessArtifact: {
    call: 'POST /business-artifacts',
    returns: 'businessArtifact',
    body: 'businessArtifactDefinitionId|businessArtifactDefinitionCode tenantId data',
    as: 'create',
  },
  retrieveBusinessArtifact: { call: `GET ${ARTIFACT}`, returns: 'businessArtifact' },
  deleteBusinessArtifact: { call: `DELETE ${ARTIFACT}` },
  updateBusinessArtifact: { call: `PUT ${ARTIFACT}/data`, returns: 'businessArtifact', body: 'data!' },
  patchBusinessArtifact: { call: `PATCH ${ARTIFACT}/data`, returns: 'businessArtifact', as: 'patch' },
  createBusinessArtifactAction: {
    call: `POST ${ARTIFACT}/actions`,
    returns: 'businessArtifactAction',
    body: 'businessArtifactActionDefinitionCode! startWorkflow downloadable startProcess createArtifact',
    as: 'create',
  },
  retrieveBusinessArtifactAction: { call: `GET ${ARTIFACT_ACTION}`, returns: 'businessArtifactAction' },
  cancelBusinessArtifactAction: {
    call: `POST ${ARTIFACT_ACTION}/~actions/cancel`,
    returns: 'businessArtifactAction',
  },
  // One operation of the API, which older and newer KuFlow libraries name differently.
  prepareBusinessArtifactCreateArtifact: { ...PREPARE_CREATE, returns: 'businessArtifactCreateArtifactPrepare' },
  prepareBusinessArtifactActionCreateArtifact: {
    ...PREPARE_CREATE,
    returns: 'businessArtifactActionCreateArtifactPrepare',
  },
  prepareBusinessArtifactActionStartProcess: {
    call: `POST ${ARTIFACT}/~actions/prepare-start-process`,
    returns: 'businessArtifactActionStartProcessPrepare',
    body: 'businessArtifactActionDefinitionCode!',
  },
};

export const OPERATIONS = Object.keys(CALLS) as readonly (keyof KuFlowOperations)[];

/** Actions that cannot be repeated, and the state of the task after each. */
const ACTIONS: Partial<Record<keyof KuFlowOperations, string>> = {
  completeProcessItemTask: 'COMPLETED',
  claimProcessItemTask: 'CLAIMED',
  assignProcessItemTask: 'CLAIMED',
};

export function createKuFlowClient(rest: RestClient, applicationId: Uuid): KuFlowClient {
  const send = async (operation: keyof KuFlowOperations, request: Fields): Promise<Fields> => {
    const { returns } = CALLS[operation];
    const call = toCall(operation, request);
    const { body } = await rest.call<unknown>({ ...call, signal: cancellationSignal() });
    if (returns === undefined) return {};
    // An empty response does not prove that KuFlow did anything.
    if (body === undefined) throw new RestError(`${operation}: the response has no body`, call);
    return { [returns]: body };
  };

  const perform = async (operation: keyof KuFlowOperations, request: Fields): Promise<Fields> => {
    if (operation === 'createProcessItem') validateProcessItem(request);
    try {
      return await send(operation, request);
    } catch (error) {
      const wasRefused = error instanceof RestError && (error.status === 403 || error.status === 409);
      if (ACTIONS[operation] === undefined || !wasRefused) throw error;
      const processItemId = String(request['processItemId']);
      // If this call fails too, the refusal is still the reason.
      const result = await kuflow.retrieveProcessItem({ processItemId }).catch(() => undefined);
      if (result !== undefined && (await isDone(operation, request, result.processItem))) return result;
      throw error;
    }
  };

  /** Whether this application has already done what KuFlow refuses, because the first response was lost. */
  const isDone = async (operation: keyof KuFlowOperations, request: Fields, { task, ownerId }: ProcessItem) => {
    if (task?.state !== ACTIONS[operation] || ownerId === undefined) return false;
    if (operation !== 'assignProcessItemTask') return ownerId === applicationId;
    if (typeof request['ownerId'] === 'string') return ownerId === request['ownerId'];
    const { principal } = await kuflow.retrievePrincipal({ principalId: ownerId });
    return principal.user?.email?.toLowerCase() === String(request['ownerEmail']).toLowerCase();
  };

  const operations = OPERATIONS.map((operation) => [
    operation,
    (request: Fields = {}) => perform(operation, request),
  ]);
  const kuflow: KuFlowClient = {
    ...(Object.fromEntries(operations) as KuFlowOperations),
    applicationId,
    documents: createDocuments(rest),
  };
  return kuflow;
}

function toCall(operation: keyof KuFlowOperations, request: Fields) {
  const { call, body = '', as } = CALLS[operation];
  const [method = '', template = ''] = call.split(' ');
  const inPath: string[] = [];
  const path = template.replace(/\{(\w+)\}/g, (_, field: string) => {
    inPath.push(field);
    return encodeURIComponent(String(request[field]));
  });
  const fields = body.split(' ').filter((field) => field !== '');
  const names = [...(as === 'create' ? ['id'] : []), ...fields.flatMap((field) => field.replace('!', '').split('|'))];
  const values = as === 'create' && isMissing(request['id']) ? { ...request, id: activityUuid() } : request;
  // KuFlow's older Python library calls the field `params`.
  const jsonPatch = request['jsonPatch'] ?? request['params'];
  requireFields({ ...request, jsonPatch }, [
    ...inPath,
    ...fields.filter((field) => /[!|]/.test(field)),
    ...(as === 'patch' ? ['jsonPatch'] : []),
  ]);
  const content = names.filter((name) => !isMissing(values[name])).map((name) => [name, values[name]]);
  // Activities use plural names for filters; the API uses singular ones.
  const filters = Object.entries(request)
    .filter(([field]) => !inPath.includes(field))
    .map(([field, value]) => [field.replace(/s$/, ''), value]);
  return {
    operation,
    method: method as RestRequest['method'],
    path,
    ...(as === 'search' && { query: Object.fromEntries(filters) as NonNullable<RestRequest['query']> }),
    ...(as === 'patch' && { body: jsonPatch, contentType: 'application/json-patch+json' as const }),
    ...(as !== 'patch' && names.length > 0 && { body: Object.fromEntries(content) }),
    ...(as === 'once' && { once: true }),
  };
}

/** Throws a validation failure unless every field has a value. `a|b` requires one of the two. */
function requireFields(request: Fields, required: readonly string[]): void {
  for (const field of required) {
    const names = field.replace('!', '').split('|');
    if (names.every((name) => isMissing(request[name])))
      throw validationFailure(`${names.map((name) => `'${name}'`).join(' or ')} is required`);
  }
}

/** Checks the fields that KuFlow requires for the type of a process item. */
function validateProcessItem(request: Fields): void {
  requireFields(request, ['id', 'processId', 'type']);
  if (request['type'] !== 'MESSAGE') return requireFields(request, ['processItemDefinitionCode']);
  requireFields(request, ['message']);
  const { text, data, dataStructureDataDefinitionCode } = request['message'] as Fields;
  if (isMissing(text) && isMissing(data))
    throw validationFailure("'message.text' and/or 'message.data' is required for message items");
  if (!isMissing(data) && isMissing(dataStructureDataDefinitionCode))
    throw validationFailure(
      "'message.dataStructureDataDefinitionCode' is required for message items when 'message.data' is set",
    );
}

/** A request that can never succeed. Temporal does not repeat the activity. */
function validationFailure(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'KuFlowActivities.ValidationFailure');
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function activityUuid(): Uuid {
  const { workflowExecution, activityId } = activityInfo();
  const name = `${workflowExecution?.workflowId}/${workflowExecution?.runId}/${activityId}`;
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
