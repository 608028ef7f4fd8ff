import type { Database, Statement } from 'node-sqlite3-wasm';

/** The value of a column. The file of each table stores booleans and dates as text or numbers. */
export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

// The library reads text up to the first NUL, and UTF-8 cannot encode lone surrogates: both are stored escaped, after a
// noncharacter.
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

// The filters of the find operations produce many statements; the least recently used one is removed first.
const MAX_STATEMENTS = 200;

/** The only connection. It caches prepared statements, because preparing one costs more than running it. */
export function createSql(database: Database) {
  const statements = new Map<string, Statement>();
  const prepare = (text: string): Statement => {
    const cached = statements.get(text);
    if (cached !== undefined) {
      statements.delete(text);
      statements.set(text, cached);
      return cached;
    }
    const statement = database.prepare(text);
    statements.set(text, statement);
    if (statements.size > MAX_STATEMENTS) {
      const [oldest] = statements;
      if (oldest !== undefined) {
        oldest[1].finalize();
        statements.delete(oldest[0]);
      }
    }
    return statement;
  };
  const all = (text: string, values: readonly SqlValue[] = []): SqlRow[] =>
    (prepare(text).all(values.map(escapeText)) as SqlRow[]).map(unescapeRow);
  return {
    all,
    /** The first column of each row. */
    texts: (text: string, values?: readonly SqlValue[]): string[] =>
      all(text, values).map((row) => String(Object.values(row)[0])),
    get: (text: string, values: readonly SqlValue[] = []): SqlRow | undefined => {
      // The library's own `get` stops at the first row. The statement then keeps a read lock, and no checkpoint can empty the write-ahead log.
      const [row] = prepare(text).all(values.map(escapeText)) as SqlRow[];
      return row === undefined ? undefined : unescapeRow(row);
    },
    /** Returns the number of changed rows. */
    run: (text: string, values: readonly SqlValue[] = []): number => prepare(text).run(values.map(escapeText)).changes,
    exec: (text: string): void => database.exec(text),
    /** Closes the cached statements. */
    finalize: (): void => {
      for (const statement of statements.values()) statement.finalize();
      statements.clear();
    },
  };
}

export type Sql = ReturnType<typeof createSql>;

/** Reads a text column that the table declares NOT NULL. */
export function textColumn(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new Error(`Column ${column} is not text`);
  return value;
}

/** `(?, ?, ?)` for IN with `count` values. */
export function placeholders(count: number): string {
  return `(${Array.from({ length: count }, () => '?').join(', ')})`;
}
