import { withoutUndefined } from '../../base/json.ts';
import type { TimelineEntry } from '../shared/dev-contract.ts';
import type { Sql } from './sql.ts';
import { defineTable, optional, text, type RowOf } from './table.ts';

const COLUMNS = {
  processId: text(),
  /** ISO 8601, UTC. */
  time: text(),
  kind: text(),
  processItemId: optional(text()),
  code: optional(text()),
  principalId: optional(text()),
  detail: optional(text()),
};
export const EVENTS = defineTable('events', COLUMNS);
export type EventRow = RowOf<typeof EVENTS>;

const EVENTS_WITH_NAMES = defineTable('events', { ...COLUMNS, principal: optional(text()) });

/** The events of a process, in order. */
export function findEvents(sql: Sql, processId: string): TimelineEntry[] {
  return sql
    .all(
      'SELECT e.*, p.name AS principal FROM events e LEFT JOIN principals p ON p.id = e.principal_id WHERE e.process_id = ? ORDER BY e.seq',
      [processId],
    )
    .map((row) => {
      const { time, kind, processItemId, code, principal, detail } = EVENTS_WITH_NAMES.read(row);
      return withoutUndefined({ time, kind, processItemId, code, principal, detail });
    });
}
