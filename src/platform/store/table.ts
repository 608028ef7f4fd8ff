import { placeholders, type Sql, type SqlRow, type SqlValue } from './sql.ts';

/**
 * How a property is stored: in the column with its name in snake case, or the properties of an object in columns that begin with `prefix`.
 * Undefined is NULL, also for an object whose columns are all NULL.
 */
export type Columns<Row> = {
  readonly [Key in keyof Row]-?: Row[Key] extends string | undefined
    ? 'text'
    : Row[Key] extends number
      ? 'integer'
      : 'json' | { readonly prefix: string; readonly columns: Columns<NonNullable<Row[Key]>> };
};

export interface Table<Row> {
  readonly read: (row: SqlRow) => Row;
  /** The rows of a query that continues `SELECT * FROM <table>`. */
  readonly find: (sql: Sql, rest: string, values?: readonly SqlValue[]) => Row[];
  readonly findOne: (sql: Sql, rest: string, values: readonly SqlValue[]) => Row | undefined;
  readonly findById: (sql: Sql, id: string) => Row | undefined;
  readonly insert: (sql: Sql, row: Row, onConflict?: string) => void;
  /** Writes these properties of the row with this id. */
  readonly update: (sql: Sql, row: { readonly id: string } & Partial<Row>, keys: readonly (keyof Row)[]) => void;
}

interface Field {
  readonly path: readonly [string, string?];
  readonly column: string;
  readonly json: boolean;
}

type Properties = Readonly<Record<string, unknown>>;

export function defineTable<Row extends object>(name: string, columns: Columns<Row>): Table<Row> {
  const fields = Object.entries<unknown>(columns).flatMap(([key, column]) => fieldsOf(key, column));
  const names = fields.map(({ column }) => column).join(', ');
  const read = (row: SqlRow): Row => {
    const result: Record<string, unknown> = {};
    for (const field of fields) {
      const [key, inner] = field.path;
      const value = readValue(row, field);
      if (inner === undefined) result[key] = value;
      else if (value !== undefined) result[key] = { ...(result[key] as object | undefined), [inner]: value };
    }
    return result as Row;
  };
  const find: Table<Row>['find'] = (sql, rest, values) => sql.all(`SELECT * FROM ${name} ${rest}`, values).map(read);
  return {
    read,
    find,
    findOne: (sql, rest, values) => find(sql, rest, values)[0],
    findById: (sql, id) => find(sql, 'WHERE id = ?', [id])[0],
    insert: (sql, row, onConflict = '') => {
      const values = fields.map((field) => toValue(row as Properties, field));
      sql.run(`INSERT INTO ${name} (${names}) VALUES ${placeholders(fields.length)} ${onConflict}`, values);
    },
    update: (sql, row, keys) => {
      const written = fields.filter(({ path: [key] }) => keys.includes(key as keyof Row));
      const assignments = written.map(({ column }) => `${column} = ?`).join(', ');
      const values = written.map((field) => toValue(row as Properties, field));
      sql.run(`UPDATE ${name} SET ${assignments} WHERE id = ?`, [...values, row.id]);
    },
  };
}

function fieldsOf(key: string, column: unknown): readonly Field[] {
  if (typeof column === 'string') return [{ path: [key], column: toSnakeCase(key), json: column === 'json' }];
  const { prefix, columns } = column as { readonly prefix: string; readonly columns: Properties };
  return Object.entries(columns).map(([inner, kind]) => ({
    path: [key, inner],
    column: `${prefix}${toSnakeCase(inner)}`,
    json: kind === 'json',
  }));
}

const toSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function readValue(row: SqlRow, { column, json }: Field): unknown {
  const value = row[column] ?? undefined;
  return json && value !== undefined ? JSON.parse(String(value)) : value;
}

function toValue(row: Properties, { path: [key, inner], json }: Field): SqlValue {
  const value = inner === undefined ? row[key] : (row[key] as Properties | undefined)?.[inner];
  if (value === undefined) return null;
  return json ? JSON.stringify(value) : (value as SqlValue);
}
