import type { SortOrder } from '../store/find.ts';
import { ApiError } from './api-error.ts';

/** `size` 0 to 1000, `page` from 0, `sort` as `property`, `property,asc` or `property,desc`. */
export interface Paging {
  readonly size: number;
  readonly page: number;
  readonly sort?: readonly string[];
}

export interface ResultPage<Item> {
  readonly metadata: {
    readonly size: number;
    readonly page: number;
    readonly totalElements: number;
    readonly totalPages: number;
  };
  readonly content: Item[];
}

export function createPage<Item>(paging: Paging, total: number, content: Item[]): ResultPage<Item> {
  const totalPages = paging.size === 0 ? 0 : Math.ceil(total / paging.size);
  return { metadata: { size: paging.size, page: paging.page, totalElements: total, totalPages }, content };
}

/** Reads `sort` with the sortable properties and their columns; anything else is refused with 400. */
export function parseSort(paging: Paging, columns: Readonly<Record<string, string>>): SortOrder[] {
  return (paging.sort ?? []).map((text) => {
    const [property = '', direction = 'asc', ...more] = text.split(',').map((part) => part.trim());
    const column = Object.hasOwn(columns, property) ? columns[property] : undefined;
    if (column === undefined || more.length > 0 || !['asc', 'desc'].includes(direction.toLowerCase())) {
      const message = `Can't sort by that; sortable: ${Object.keys(columns).join(', ')}, each with ,asc or ,desc`;
      throw new ApiError(400, message, [{ code: 'invalid', message, location: 'sort', locationType: 'query' }]);
    }
    return { column, descending: direction.toLowerCase() === 'desc' };
  });
}

export const AUDIT_SORT_COLUMNS = { id: 'id', createdAt: 'created_at', lastModifiedAt: 'last_modified_at' } as const;
