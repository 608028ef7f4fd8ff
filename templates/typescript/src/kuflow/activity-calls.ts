import { createHash } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { isMissing, type Request } from './activity-validation.ts';
import type { RestRequest } from './rest-client.ts';

/** The call that an activity makes to KuFlow's API. */
export type Call = Pick<RestRequest, 'operation' | 'method' | 'path' | 'query' | 'body' | 'contentType' | 'once'>;
/** Converts the request of an activity to a call. */
export type ToCall = (request: Request) => Omit<Call, 'operation'>;
type ToPath = (request: Request) => string;

export const get =
  (path: ToPath): ToCall =>
  (request) => ({ method: 'GET', path: path(request) });
export const remove =
  (path: ToPath): ToCall =>
  (request) => ({ method: 'DELETE', path: path(request) });
export const put =
  (path: ToPath, fields: readonly string[]): ToCall =>
  (request) => ({
    method: 'PUT',
    path: path(request),
    body: pick(request, fields),
  });
export const patch =
  (path: ToPath): ToCall =>
  (request) => ({
    method: 'PATCH',
    path: path(request),
    body: request['jsonPatch'],
    contentType: 'application/json-patch+json',
  });
/**
 * `with id` adds an ID to a create request without one. Every attempt uses the same ID, so that KuFlow creates only one
 * resource.
 */
export const post =
  (path: ToPath, fields: readonly string[], create?: 'with id'): ToCall =>
  (request) => ({
    method: 'POST',
    path: path(request),
    ...(fields.length === 0
      ? {}
      : {
          body: pick(
            create ? { id: activityUuid(), ...withoutEmpty(request) } : request,
            create ? ['id', ...fields] : fields,
          ),
        }),
  });
export const find =
  (path: string): ToCall =>
  (request) => ({
    method: 'GET',
    path,
    query: Object.fromEntries(
      Object.entries(request).map(([field, value]) => [
        QUERY_NAMES[field] ?? field,
        value as string | number | readonly string[] | undefined,
      ]),
    ),
  });

// Activities use plural names for filters; the API uses singular ones.
const QUERY_NAMES: Readonly<Record<string, string>> = {
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

/** The value of a field, encoded for a path. */
export function pathParam(request: Request, field: string): string {
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

function activityUuid(): string {
  const { workflowExecution, activityId } = activityInfo();
  const name = `${workflowExecution?.workflowId}/${workflowExecution?.runId}/${activityId}`;
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
