import { withoutUndefined } from '../../base/json.ts';
import type { TimelineEntry } from '../shared/contract.ts';
import { optionalTextColumn, type Sql } from './sql.ts';
import { defineTable, optional, text, type RowOf } from './table.ts';

export const EVENTS = defineTable('events', {
  processId: text(),
  /** ISO 8601, UTC. */
  time: text(),
  kind: text(),
  processItemId: optional(text()),
  code: optional(text()),
  principalId: optional(text()),
  detail: optional(text()),
});
export type EventRow = RowOf<typeof EVENTS>;

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
