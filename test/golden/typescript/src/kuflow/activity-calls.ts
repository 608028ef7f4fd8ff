import { createHash } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { isMissing, type Request } from './activity-validation.ts';
import type { RestRequest } from './rest-client.ts';

/** The call of KuFlow's API that an activity makes. */
export type Call = Pick<RestRequest, 'operation' | 'method' | 'path' | 'query' | 'body' | 'contentType' | 'once'>;
/** How a request of an activity becomes a call. */
export type CallOf = (request: Request) => Omit<Call, 'operation'>;
type PathOf = (request: Request) => string;

export const get =
  (path: PathOf): CallOf =>
  (request) => ({ method: 'GET', path: path(request) });
export const remove =
  (path: PathOf): CallOf =>
  (request) => ({ method: 'DELETE', path: path(request) });
export const put =
  (path: PathOf, fields: readonly string[]): CallOf =>
  (request) => ({
    method: 'PUT',
    path: path(request),
    body: pick(request, fields),
  });
export const patch =
  (path: PathOf): CallOf =>
  (request) => ({
    method: 'PATCH',
    path: path(request),
    body: request['jsonPatch'],
    contentType: 'application/json-patch+json',
  });
/** A create that came without an id gets one that stays the same in every attempt, so that KuFlow creates only once. */
export const post =
  (path: PathOf, fields: readonly string[], create?: 'with id'): CallOf =>
  (request) => ({
    method: 'POST',
    path: path(request),
    ...(fields.length === 0
      ? {}
      : {
          body: pick(
            create ? { id: idOfThisActivity(), ...withoutEmpty(request) } : request,
            create ? ['id', ...fields] : fields,
          ),
        }),
  });
export const find =
  (path: string): CallOf =>
  (request) => ({
    method: 'GET',
    path,
    query: Object.fromEntries(
      Object.entries(request).map(([field, value]) => [
        FILTERS[field] ?? field,
        value as string | number | readonly string[] | undefined,
      ]),
    ),
  });

// The activities name filters in the plural, the API in the singular.
const FILTERS: Readonly<Record<string, string>> = {
  sorts: 'sort',
  tenantIds: 'tenantId',
  processIds: 'processId',
  processDefinitionIds: 'processDefinitionId',
  processDefinitionCodes: 'processDefinitionCode',
  states: 'state',
  initiatorIds: 'initiatorId',
  initiatorEmails: 'initiatorEmail',
  types: 'type',
  taskStates: 'taskState',
  processItemDefinitionCodes: 'processItemDefinitionCode',
  businessArtifactDefinitionIds: 'businessArtifactDefinitionId',
  businessArtifactDefinitionCodes: 'businessArtifactDefinitionCode',
  values: 'value',
};

/** The value of a field as a step of a path. */
export function id(request: Request, field: string): string {
  return encodeURIComponent(String(request[field]));
}

export function pick(request: Request, fields: readonly string[]): Request {
  return Object.fromEntries(
    fields.map((field) => [field, request[field]]).filter(([, value]) => value !== undefined && value !== null),
  );
}

function withoutEmpty(request: Request): Request {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => !isMissing(value)));
}

function idOfThisActivity(): string {
  const { workflowExecution, activityId } = activityInfo();
  const name = `${workflowExecution?.workflowId}/${workflowExecution?.runId}/${activityId}`;
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
