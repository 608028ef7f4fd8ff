import type { RequestRecord } from '../platform/shared/dev-contract.ts';
import type { ViewProps } from './route.ts';

/** Whether the list shows the request. The requests of the console itself are left out unless the filter asks for them. */
export function matchesRequest(request: RequestRecord, filter: Omit<ViewProps<'requests'>['route'], 'view'>): boolean {
  const { method, path, operationId = '', status, principal = '', problem = '', violations } = request;
  if (request.console && filter.own !== true) return false;
  if (filter.operation !== undefined && filter.operation !== '' && filter.operation !== operationId) return false;
  const hasFailed = status === 0 || status >= 400;
  if (filter.status === 'ok' && hasFailed) return false;
  if (filter.status === 'failed' && !hasFailed) return false;
  if (filter.status === 'violations' && violations.length === 0) return false;
  const text = [method, path, operationId, String(status), principal, problem].join(' ').toLowerCase();
  return (filter.text ?? '')
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
