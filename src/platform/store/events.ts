import type { TimelineEntry } from '../shared/contract.ts';
import { optionalTextColumn, textColumn, type Sql } from './sql.ts';

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

export function insertEvent(sql: Sql, event: EventRow): void {
  sql.run(
    'INSERT INTO events (process_id, time, kind, process_item_id, code, principal_id, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [
      event.processId,
      event.time,
      event.kind,
      event.processItemId ?? null,
      event.code ?? null,
      event.principalId ?? null,
      event.detail ?? null,
    ],
  );
}

/** The events of a process, in order. */
export function findEvents(sql: Sql, processId: string): TimelineEntry[] {
  return sql
    .all(
      'SELECT e.*, p.name AS principal_name FROM events e LEFT JOIN principals p ON p.id = e.principal_id WHERE e.process_id = ? ORDER BY e.seq',
      [processId],
    )
    .map((row) => {
      const event: Record<string, string> = { time: textColumn(row, 'time'), kind: textColumn(row, 'kind') };
      for (const [name, column] of [
        ['processItemId', 'process_item_id'],
        ['code', 'code'],
        ['principal', 'principal_name'],
        ['detail', 'detail'],
      ] as const) {
        const value = optionalTextColumn(row, column);
        if (value !== undefined) event[name] = value;
      }
      return event as unknown as TimelineEntry;
    });
}
