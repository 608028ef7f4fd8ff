import { withoutUndefined } from '../../base/json.ts';
import type { TimelineEntry } from '../shared/contract.ts';
import { optionalTextColumn, type Sql } from './sql.ts';
import { defineTable } from './table.ts';

export interface EventRow {
  readonly processId: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly kind: string;
  readonly processItemId?: string | undefined;
  readonly code?: string | undefined;
  readonly principalId?: string | undefined;
  readonly detail?: string | undefined;
}

const EVENTS = defineTable<EventRow>('events', {
  processId: 'text',
  time: 'text',
  kind: 'text',
  processItemId: 'text',
  code: 'text',
  principalId: 'text',
  detail: 'text',
});

export const insertEvent = EVENTS.insert;

/** The events of a process, in order. */
export function findEvents(sql: Sql, processId: string): TimelineEntry[] {
  return sql
    .all(
      'SELECT e.*, p.name AS principal_name FROM events e LEFT JOIN principals p ON p.id = e.principal_id WHERE e.process_id = ? ORDER BY e.seq',
      [processId],
    )
    .map((row) => {
      const { time, kind, processItemId, code, detail } = EVENTS.read(row);
      const principal = optionalTextColumn(row, 'principal_name');
      return withoutUndefined({ time, kind, processItemId, code, principal, detail });
    });
}
