import { placeholders, type SqlRow, type Sql, type SqlValue } from './sql.ts';

/** The condition `column IN values`; none without values. Columns come from the code, never from a request. */
export type ColumnFilter =
  | { readonly column: string; readonly values: readonly string[] | undefined }
  /** The condition that the column is or is not NULL. */
  | { readonly column: string; readonly isNull: boolean };

export interface SortOrder {
  readonly column: string;
  readonly descending: boolean;
}

export interface TableQuery {
  readonly from: string;
  readonly where: readonly ColumnFilter[];
  readonly orders: readonly SortOrder[];
  /** The column that orders equal rows, so that pages never overlap. */
  readonly tieBreaker: string;
  /** For what SQL cannot compare. Reads all rows. */
  readonly matches?: ((row: SqlRow) => boolean) | undefined;
}

/** One page of `query`: at most `size` rows, starting at row `page` × `size`, and the total number of rows. */
export function findPage(sql: Sql, query: TableQuery, paging: { readonly size: number; readonly page: number }) {
  const { clause, values } = buildWhere(query.where);
  const select = `SELECT * FROM ${query.from}${clause}${buildOrderBy(query)}`;
  const offset = paging.page * paging.size;
  if (query.matches !== undefined) {
    const rows = sql.all(select, values).filter(query.matches);
    return { rows: rows.slice(offset, offset + paging.size), total: rows.length };
  }
  const total = Number(sql.get(`SELECT count(*) AS total FROM ${query.from}${clause}`, values)?.['total']);
  // The offset of a page beyond the last one may exceed SQLite's integers.
  if (paging.size === 0 || offset >= total) return { rows: [], total };
  return { rows: sql.all(`${select} LIMIT ? OFFSET ?`, [...values, paging.size, offset]), total };
}

function buildWhere(conditions: readonly ColumnFilter[]): { clause: string; values: SqlValue[] } {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  for (const condition of conditions) {
    const { column } = condition;
    if ('isNull' in condition) {
      parts.push(`${column} IS ${condition.isNull ? '' : 'NOT '}NULL`);
      continue;
    }
    const { values: wanted } = condition;
    if (wanted === undefined || wanted.length === 0) continue;
    parts.push(`${column} IN ${placeholders(wanted.length)}`);
    values.push(...wanted);
  }
  return { clause: parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`, values };
}

function buildOrderBy(query: TableQuery): string {
  const orders = query.orders.map((order) => `${order.column} ${order.descending ? 'DESC' : 'ASC'}`);
  // "Newest first" must also hold within a millisecond.
  const tieBreaker = query.orders[0]?.descending === true ? `${query.tieBreaker} DESC` : query.tieBreaker;
  return ` ORDER BY ${[...orders, tieBreaker].join(', ')}`;
}
