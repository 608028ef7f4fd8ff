import sqlite from 'node-sqlite3-wasm';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/base/json.ts';
import { createSql } from '../../../../src/platform/store/sql.ts';
import {
  defineTable,
  group,
  integer,
  jsonText,
  optional,
  text,
  type RowOf,
} from '../../../../src/platform/store/table.ts';

const things = defineTable('things', {
  id: text(),
  ownerId: optional(text()),
  count: integer(),
  data: optional(jsonText<JsonObject>()),
  task: optional(group({ state: text(), contextData: optional(jsonText<JsonObject>()) }, 'task_')),
});
type Row = RowOf<typeof things>;

it('reads what it wrote, with undefined as NULL and objects in columns with a prefix, and replaces the row with an id', () => {
  const database = new sqlite.Database();
  const sql = createSql(database);
  sql.exec(
    'CREATE TABLE things (id TEXT, owner_id TEXT, count INTEGER, data TEXT, task_state TEXT, task_context_data TEXT)',
  );
  const full: Row = { id: 'a', ownerId: 'o', count: 2, data: { x: null }, task: { state: 'READY', contextData: {} } };
  const bare: Row = { id: 'b', count: 0 };
  things.insert(sql, full);
  things.insert(sql, bare);
  expect(things.find(sql, 'ORDER BY id')).toEqual([full, bare]);
  expect(sql.get("SELECT * FROM things WHERE id = 'b'")).toEqual({
    ...{ id: 'b', owner_id: null, count: 0 },
    ...{ data: null, task_state: null, task_context_data: null },
  });
  const changed = { ...full, ownerId: undefined, count: 9, task: { state: 'DONE' } };
  things.update(sql, changed);
  expect(things.find(sql, 'ORDER BY id')).toEqual([changed, bare]);
  expect(things.findOne(sql, 'WHERE id = ?', ['c'])).toBeUndefined();
  sql.finalize();
  database.close();
});
