import type { Static } from '@sinclair/typebox';
import type { PagedOperationId, QueryOf } from '../../kuflow/call-types.ts';
import type { PageMetadata } from '../../kuflow/contract/common.ts';
import { findPage, type ColumnFilter, type SortOrder, type TableQuery } from '../store/find.ts';
import type { SqlRow } from '../store/sql.ts';
import { ApiError } from './api-error.ts';
import type { Domain } from './context.ts';

/** `size` is 0 to 1000, `page` starts at 0, and `sort` is `property`, `property,asc` or `property,desc`. */
export interface Paging {
  readonly size: number;
  readonly page: number;
  readonly sort?: readonly string[] | undefined;
}

/** The query of a list operation, with the defaults filled in. */
export type ListQuery<Id extends PagedOperationId> = QueryOf<Id> & Paging;

export interface ResultPage<Item> {
  readonly metadata: Static<typeof PageMetadata>;
  readonly content: Item[];
}

interface PageQuery<Item> extends Omit<TableQuery, 'orders'> {
  /** The sortable properties and their columns. */
  readonly sort: Readonly<Record<string, string>>;
  readonly toItem: (row: SqlRow) => Item;
}

/** One page of a query. */
export function findResultPage<Item>(
  { store }: Domain,
  paging: Paging,
  { sort, toItem, ...query }: PageQuery<Item>,
): ResultPage<Item> {
  const { rows, total } = findPage(store.sql, { ...query, orders: parseSort(paging, sort) }, paging);
  const { size, page } = paging;
  const totalPages = size === 0 ? 0 : Math.ceil(total / size);
  return { metadata: { size, page, totalElements: total, totalPages }, content: rows.map(toItem) };
}

/** Parses `sort`, given the sortable properties and their columns. Refuses any other property or direction with 400. */
function parseSort(paging: Paging, columns: Readonly<Record<string, string>>): SortOrder[] {
  return (paging.sort ?? []).map((text) => {
    const [property = '', direction = 'asc', ...more] = text.split(',').map((part) => part.trim());
    const column = Object.hasOwn(columns, property) ? columns[property] : undefined;
    if (column === undefined || more.length > 0 || !['asc', 'desc'].includes(direction.toLowerCase())) {
      throw queryError('sort', `Can't sort by that; use ${Object.keys(columns).join(', ')}, each with ,asc or ,desc`);
    }
    return { column, descending: direction.toLowerCase() === 'desc' };
  });
}

/** 400 because of a query parameter. */
export function queryError(parameter: string, message: string): ApiError {
  return new ApiError(400, message, [{ code: 'invalid', message, location: parameter, locationType: 'query' }]);
}

/** The store has ids in lower case. */
export function lowerCaseIds(ids: readonly string[] | undefined): string[] | undefined {
  return ids?.map((id) => id.toLowerCase());
}

export const AUDIT_SORT_COLUMNS = { id: 'id', createdAt: 'created_at', lastModifiedAt: 'last_modified_at' } as const;

/**
 * The condition on `deleted_at`. As in KuFlow, deleted rows are only found if the query names exactly one process definition, by its id or by
 * its code and one tenant; otherwise they are silently left out.
 */
export function filterDeleted(
  query: Pick<ListQuery<'findProcesses'>, 'deleted' | 'tenantId' | 'processDefinitionId' | 'processDefinitionCode'>,
): readonly ColumnFilter[] {
  const deleted = query.deleted ?? 'EXCLUDE';
  const namesDefinition =
    query.processDefinitionId?.length === 1 ||
    (query.processDefinitionCode?.length === 1 && query.tenantId?.length === 1);
  const isDeleted: ColumnFilter = { column: 'deleted_at', isNull: false };
  const isPresent: ColumnFilter = { column: 'deleted_at', isNull: true };
  if (deleted === 'EXCLUDE') return [isPresent];
  if (namesDefinition) return deleted === 'INCLUDE' ? [] : [isDeleted];
  return deleted === 'INCLUDE' ? [isPresent] : [isPresent, isDeleted];
}
