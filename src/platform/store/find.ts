import { integerColumn, placeholders, type SqlRow, type Sql, type SqlValue } from './sql.ts';

/** One condition: `column IN values`. No values means no condition. Columns come from our own code, never from a request. */
export interface ColumnFilter {
  readonly column: string;
  readonly values: readonly string[] | undefined;
}

export interface SortOrder {
  readonly column: string;
  readonly descending: boolean;
}

export interface TableQuery {
  readonly from: string;
  readonly where: readonly ColumnFilter[];
  readonly orders: readonly SortOrder[];
  /** Decides among equals, so that pages never overlap. */
  readonly tieBreaker: string;
}

export interface FoundPage {
  readonly rows: SqlRow[];
  readonly total: number;
}

/** One page of `query`: `size` rows (0 for none) from `page` × `size` on, and the number of all. */
export function findPage(
  sql: Sql,
  query: TableQuery,
  paging: { readonly size: number; readonly page: number },
): FoundPage {
  const { clause, values } = buildWhere(query.where);
  const total = integerColumn(sql.get(`SELECT count(*) AS total FROM ${query.from}${clause}`, values) ?? {}, 'total');
  const offset = paging.page * paging.size;
  // A page beyond the last may lie beyond SQLite's integers too.
  if (paging.size === 0 || offset >= total) return { rows: [], total };
  const rows = sql.all(`SELECT * FROM ${query.from}${clause}${buildOrderBy(query)} LIMIT ? OFFSET ?`, [
    ...values,
    paging.size,
    offset,
  ]);
  return { rows, total };
}

/** Every row of `query`, in order. */
export function findAll(sql: Sql, query: TableQuery): SqlRow[] {
  const { clause, values } = buildWhere(query.where);
  return sql.all(`SELECT * FROM ${query.from}${clause}${buildOrderBy(query)}`, values);
}

function buildWhere(conditions: readonly ColumnFilter[]): { clause: string; values: SqlValue[] } {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  for (const { column, values: wanted } of conditions) {
    if (wanted === undefined || wanted.length === 0) continue;
    parts.push(`${column} IN ${placeholders(wanted.length)}`);
    values.push(...wanted);
  }
  return { clause: parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`, values };
}

function buildOrderBy(query: TableQuery): string {
  const orders = query.orders.map((order) => `${order.column} ${order.descending ? 'DESC' : 'ASC'}`);
  // Newest first means newest first within one millisecond too.
  const tieBreaker = query.orders[0]?.descending === true ? `${query.tieBreaker} DESC` : query.tieBreaker;
  return ` ORDER BY ${[...orders, tieBreaker].join(', ')}`;
}
