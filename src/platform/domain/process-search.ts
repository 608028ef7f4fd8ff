import type { ProcessPageItem } from '../../kuflow/contract/processes.ts';
import { findAll } from '../store/find.ts';
import { findPrincipalByEmail } from '../store/people.ts';
import { PROCESSES, type ProcessRow } from '../store/processes.ts';
import type { OperationContext } from './context.ts';
import {
  AUDIT_SORT_COLUMNS,
  createPage,
  filterDeleted,
  findResultPage,
  lowerCaseIds,
  parseSort,
  queryError,
  type ListQuery,
  type ResultPage,
} from './paging.ts';
import { toProcessPageItem } from './process-view.ts';

export function findProcesses(ctx: OperationContext, query: ListQuery<'findProcesses'>): ResultPage<ProcessPageItem> {
  const byEmail = query.initiatorEmail?.map((email) => findPrincipalByEmail(ctx.store.sql, email)?.id ?? '-');
  const criteria = parseCriteria(query);
  const filtered = {
    from: 'processes',
    where: [
      { column: 'tenant_id', values: lowerCaseIds(query.tenantId) },
      { column: 'definition_id', values: lowerCaseIds(query.processDefinitionId) },
      { column: 'definition_code', values: query.processDefinitionCode },
      { column: 'state', values: query.state },
      { column: 'initiator_id', values: lowerCaseIds(query.initiatorId) },
      { column: 'initiator_id', values: byEmail },
      ...filterDeleted(query),
    ],
    tieBreaker: 'seq',
  };
  if (criteria.length === 0)
    return findResultPage(ctx, query, { ...filtered, sort: AUDIT_SORT_COLUMNS }, (row) =>
      toProcessPageItem(PROCESSES.read(row)),
    );
  const matching = findAll(ctx.store.sql, { ...filtered, orders: parseSort(query, AUDIT_SORT_COLUMNS) })
    .map(PROCESSES.read)
    .filter((process) => criteria.every((criterion) => matches(process, criterion)));
  const first = query.page * query.size;
  return createPage(query, matching.length, matching.slice(first, first + query.size).map(toProcessPageItem));
}

interface Criterion {
  readonly field: string;
  readonly operation: string;
  readonly values: readonly string[];
}

/** Each expression is `<field code> <operation> <value>…`, each token percent-encoded. All expressions must match. */
function parseCriteria(query: ListQuery<'findProcesses'>): Criterion[] {
  const expressions = query.metadata ?? [];
  if (expressions.length === 0) return [];
  const definitions = (query.processDefinitionId ?? []).length + (query.processDefinitionCode ?? []).length;
  if (definitions !== 1)
    throw queryError('metadata', 'A metadata filter needs exactly one processDefinitionId or processDefinitionCode');
  return expressions.map((expression) => {
    const [field = '', operation = '', ...values] = expression.split(' ').map(decodeToken);
    if (operation === 'between' && values.length !== 2) throw queryError('metadata', 'between needs two values');
    if (['eq', 'le', 'ge', 'contains'].includes(operation) && values.length !== 1)
      throw queryError('metadata', `${operation} needs one value; encode spaces in it as %20`);
    return { field, operation, values };
  });
}

function decodeToken(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw queryError('metadata', 'Each token of a metadata filter must be percent-encoded');
  }
}

function matches(process: ProcessRow, { field, operation, values }: Criterion): boolean {
  const stored: unknown = Object.hasOwn(process.metadata, field) ? process.metadata[field] : undefined;
  const [first = '', second = ''] = values;
  return (Array.isArray(stored) ? (stored as unknown[]) : [stored]).some((one) => {
    if (typeof one !== 'string' && typeof one !== 'number' && typeof one !== 'boolean') return false;
    const text = String(one);
    switch (operation) {
      case 'eq':
        return compareValues(text, first) === 0;
      case 'le':
        return compareValues(text, first) <= 0;
      case 'ge':
        return compareValues(text, first) >= 0;
      case 'between':
        return compareValues(text, first) >= 0 && compareValues(text, second) <= 0;
      case 'contains':
        return text.toLowerCase().includes(first.toLowerCase());
      default:
        return values.some((value) => compareValues(text, value) === 0);
    }
  });
}

/** Compares numbers as numbers and everything else, including ISO dates, as text. */
function compareValues(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (a.trim() !== '' && b.trim() !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return a < b ? -1 : a > b ? 1 : 0;
}
