import type { Database, Statement } from 'node-sqlite3-wasm';

/** What a column holds. Booleans and dates are stored as text or numbers by the tables' own files. */
export type SqlValue = string | number | null;
export type Row = Readonly<Record<string, SqlValue>>;

/** The one connection, with its prepared statements kept: preparing costs more than running here. */
export interface Sql {
  all(text: string, values?: readonly SqlValue[]): Row[];
  get(text: string, values?: readonly SqlValue[]): Row | undefined;
  /** Returns the number of changed rows. */
  run(text: string, values?: readonly SqlValue[]): number;
  exec(text: string): void;
}

// Filters of the find operations make many texts; the oldest statement goes first.
const KEPT_STATEMENTS = 200;

export function sqlOf(database: Database): Sql & { finalize(): void } {
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
    all: (text, values = []) => prepared(text).all([...values]) as Row[],
    get: (text, values = []) => (prepared(text).get([...values]) as Row | null) ?? undefined,
    run: (text, values = []) => prepared(text).run([...values]).changes,
    exec: (text) => database.exec(text),
    finalize: () => {
      for (const statement of statements.values()) statement.finalize();
      statements.clear();
    },
  };
}

/** A text column of a row that the table declares NOT NULL. */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new Error(`Column ${column} holds no text`);
  return value;
}

export function optionalText(row: Row, column: string): string | undefined {
  const value = row[column];
  return typeof value === 'string' ? value : undefined;
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'number') throw new Error(`Column ${column} holds no number`);
  return value;
}

/** `(?, ?, ?)` for an IN of `count` values. */
export function placeholders(count: number): string {
  return `(${Array.from({ length: count }, () => '?').join(', ')})`;
}
