import type { Database, Statement } from 'node-sqlite3-wasm';

/** What a column holds. Booleans and dates are stored as text or numbers by the tables' own files. */
export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** The one connection, with its prepared statements kept: preparing costs more than running here. */
export interface Sql {
  all(text: string, values?: readonly SqlValue[]): SqlRow[];
  get(text: string, values?: readonly SqlValue[]): SqlRow | undefined;
  /** Returns the number of changed rows. */
  run(text: string, values?: readonly SqlValue[]): number;
  exec(text: string): void;
}

// The library reads a text up to its first NUL, and UTF-8 has no lone surrogates: they are stored as an escape by a noncharacter.
const ESCAPE = '\u{10FFFF}';
const ESCAPED = /[\0\u{D800}-\u{DFFF}\u{10FFFF}]/gu;

function escapeText(value: SqlValue): SqlValue {
  if (typeof value !== 'string') return value;
  return value.replace(ESCAPED, (character) => `${ESCAPE}${(character.codePointAt(0) ?? 0).toString(16)};`);
}

function unescapeRow(row: SqlRow): SqlRow {
  const escaped = Object.entries(row).filter(([, value]) => typeof value === 'string' && value.includes(ESCAPE));
  if (escaped.length === 0) return row;
  const texts = escaped.map(([column, value]) => [
    column,
    String(value).replace(/\u{10FFFF}([0-9a-f]+);/gu, (_all, code: string) => String.fromCodePoint(parseInt(code, 16))),
  ]);
  return { ...row, ...(Object.fromEntries(texts) as SqlRow) };
}

// Filters of the find operations make many texts; the oldest statement goes first.
const KEPT_STATEMENTS = 200;

export function createSql(database: Database): Sql & { finalize(): void } {
  const statements = new Map<string, Statement>();
  const prepared = (text: string): Statement => {
    const known = statements.get(text);
    if (known !== undefined) {
      statements.delete(text);
      statements.set(text, known);
      return known;
    }
    const statement = database.prepare(text);
    statements.set(text, statement);
    if (statements.size > KEPT_STATEMENTS) {
      const [oldest] = statements;
      if (oldest !== undefined) {
        oldest[1].finalize();
        statements.delete(oldest[0]);
      }
    }
    return statement;
  };
  return {
    all: (text, values = []) => (prepared(text).all(values.map(escapeText)) as SqlRow[]).map(unescapeRow),
    get: (text, values = []) => {
      const row = prepared(text).get(values.map(escapeText)) as SqlRow | null;
      return row === null ? undefined : unescapeRow(row);
    },
    run: (text, values = []) => prepared(text).run(values.map(escapeText)).changes,
    exec: (text) => database.exec(text),
    finalize: () => {
      for (const statement of statements.values()) statement.finalize();
      statements.clear();
    },
  };
}

/** A text column of a row that the table declares NOT NULL. */
export function textColumn(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new Error(`Column ${column} holds no text`);
  return value;
}

export function optionalTextColumn(row: SqlRow, column: string): string | undefined {
  const value = row[column];
  return typeof value === 'string' ? value : undefined;
}

export function integerColumn(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'number') throw new Error(`Column ${column} holds no number`);
  return value;
}

/** `(?, ?, ?)` for an IN of `count` values. */
export function placeholders(count: number): string {
  return `(${Array.from({ length: count }, () => '?').join(', ')})`;
}
