import type { ProcessPageItem } from '../../kuflow/contract/processes.ts';
import { findAll, findPage, type Query } from '../store/find.ts';
import { findPrincipalByEmail } from '../store/people.ts';
import { processOf, type ProcessRecord } from '../store/processes.ts';
import { ApiError } from './api-error.ts';
import type { OperationContext } from './context.ts';
import { AUDIT_SORTS, ordersOf, pageOf, type PageOf, type Paging } from './paging.ts';
import { pageItemOf } from './process-view.ts';

export interface ProcessFilter {
  readonly tenantId?: readonly string[];
  readonly processDefinitionId?: readonly string[];
  readonly processDefinitionCode?: readonly string[];
  readonly state?: readonly string[];
  readonly initiatorId?: readonly string[];
  readonly initiatorEmail?: readonly string[];
  /** `fieldCode operation value…`, each token percent-encoded; all must hold. */
  readonly metadata?: readonly string[];
}

const lower = (ids: readonly string[] | undefined): string[] | undefined => ids?.map((id) => id.toLowerCase());

export function findProcesses(ctx: OperationContext, query: Paging & ProcessFilter): PageOf<ProcessPageItem> {
  const byEmail = query.initiatorEmail?.map((email) => findPrincipalByEmail(ctx.store.sql, email)?.id ?? '-');
  const criteria = criteriaOf(query);
  const plain: Query = {
    from: 'processes',
    where: [
      { column: 'tenant_id', values: lower(query.tenantId) },
      { column: 'definition_id', values: lower(query.processDefinitionId) },
      { column: 'definition_code', values: query.processDefinitionCode },
      { column: 'state', values: query.state },
      { column: 'initiator_id', values: lower(query.initiatorId) },
      { column: 'initiator_id', values: byEmail },
    ],
    orders: ordersOf(query, AUDIT_SORTS),
    tieBreaker: 'seq',
  };
  if (criteria.length === 0) {
    const { rows, total } = findPage(ctx.store.sql, plain, query);
    return pageOf(query, total, rows.map(processOf).map(pageItemOf));
  }
  const matching = findAll(ctx.store.sql, plain)
    .map(processOf)
    .filter((process) => criteria.every((criterion) => holds(process, criterion)));
  const first = query.page * query.size;
  return pageOf(query, matching.length, matching.slice(first, first + query.size).map(pageItemOf));
}

interface Criterion {
  readonly field: string;
  readonly operation: string;
  readonly values: readonly string[];
}

function criteriaOf(query: ProcessFilter): Criterion[] {
  const expressions = query.metadata ?? [];
  if (expressions.length === 0) return [];
  const definitions = (query.processDefinitionId ?? []).length + (query.processDefinitionCode ?? []).length;
  if (definitions !== 1)
    throw queryError('metadata', 'A metadata filter needs exactly one processDefinitionId or processDefinitionCode');
  return expressions.map((expression) => {
    const [field = '', operation = '', ...values] = expression.split(' ').map(token);
    if (operation === 'between' && values.length !== 2) throw queryError('metadata', 'between takes two values');
    if (['eq', 'le', 'ge', 'contains'].includes(operation) && values.length !== 1)
      throw queryError('metadata', `${operation} takes one value; encode spaces in it as %20`);
    return { field, operation, values };
  });
}

function queryError(location: string, message: string): ApiError {
  return new ApiError(400, message, [{ code: 'invalid', message, location, locationType: 'query' }]);
}

function token(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw queryError('metadata', 'Each token of a filter is percent-encoded');
  }
}

function holds(process: ProcessRecord, { field, operation, values }: Criterion): boolean {
  const stored: unknown = Object.hasOwn(process.metadata, field) ? process.metadata[field] : undefined;
  const [first = '', second = ''] = values;
  return (Array.isArray(stored) ? (stored as unknown[]) : [stored]).some((one) => {
    if (typeof one !== 'string' && typeof one !== 'number' && typeof one !== 'boolean') return false;
    const text = String(one);
    switch (operation) {
      case 'eq':
        return compare(text, first) === 0;
      case 'le':
        return compare(text, first) <= 0;
      case 'ge':
        return compare(text, first) >= 0;
      case 'between':
        return compare(text, first) >= 0 && compare(text, second) <= 0;
      case 'contains':
        return text.toLowerCase().includes(first.toLowerCase());
      default:
        return values.some((value) => compare(text, value) === 0);
    }
  });
}

/** Numbers as numbers, all else (ISO dates included) as text. */
function compare(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (a.trim() !== '' && b.trim() !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return a < b ? -1 : a > b ? 1 : 0;
}
