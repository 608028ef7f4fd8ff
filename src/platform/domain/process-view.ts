import { withoutUndefined } from '../../base/json.ts';
import type { Process, ProcessPageItem } from '../../kuflow/contract/processes.ts';
import { PROCESSES, findProcessIdsRelatedTo, type ProcessRow } from '../store/processes.ts';
import { forbidden, orNotFound } from './api-error.ts';
import type { Domain } from './context.ts';
import { acceptAnyValue } from './json-values.ts';

export const formatProcessUri = (processId: string): string => `ku:process/${processId}`;

export function requireProcess(ctx: Domain, id: string): ProcessRow {
  return orNotFound(PROCESSES.findById(ctx.store.sql, id), 'process', id);
}

/** 403 once the process has ended, because then nothing in it can be changed. */
export function requireRunning(process: ProcessRow): void {
  if (process.state !== 'RUNNING') throw forbidden(`Process ${process.id} is ${process.state} and can't be changed`);
}

export function toProcess(ctx: Domain, process: ProcessRow): Process {
  const served = ctx.definitions.forProcess(process.definition);
  const incoming = findProcessIdsRelatedTo(ctx.store.sql, process.id);
  const outcoming = process.relatedProcessId === undefined ? [] : [process.relatedProcessId];
  return {
    ...toProcessPageItem(process),
    metadata: (served?.metadata ?? acceptAnyValue)(process.metadata),
    entity: (served?.entity ?? acceptAnyValue)(process.entity),
    ...(incoming.length + outcoming.length > 0 && {
      processRelated: { ...(incoming.length > 0 && { incoming }), ...(outcoming.length > 0 && { outcoming }) },
    }),
  };
}

export function toProcessPageItem(process: ProcessRow): ProcessPageItem {
  const { id, tenantId, definition, state, initiatorId } = process;
  const { createdBy, createdAt, lastModifiedBy, lastModifiedAt, deletedBy, deletedAt } = process;
  return withoutUndefined({
    ...{ id, uri: formatProcessUri(id), state, processDefinitionRef: definition, initiatorId, tenantId },
    ...{ createdBy, createdAt, lastModifiedBy, lastModifiedAt, deletedBy, deletedAt },
  });
}
