import type { DeletedQueryParam } from '../../kuflow/contract/common.ts';
import type { ColumnFilter } from '../store/find.ts';

/** The query parameters of a search that decide about deleted processes and their items. */
export interface DeletedFilter {
  readonly deleted?: DeletedQueryParam | undefined;
  readonly tenantId?: readonly string[] | undefined;
  readonly processDefinitionId?: readonly string[] | undefined;
  readonly processDefinitionCode?: readonly string[] | undefined;
}

/**
 * The condition on `deleted_at`. As in KuFlow, deleted rows are only found if the query names exactly one process definition, by its id or by
 * its code and one tenant; otherwise they are silently left out.
 */
export function filterDeleted(query: DeletedFilter): readonly ColumnFilter[] {
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
