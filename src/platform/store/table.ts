import { placeholders, type Sql, type SqlRow, type SqlValue } from './sql.ts';

/** How the values of a property are stored: in the column with its name in snake case, or, for `group`, in several columns. Undefined is NULL. */
interface Column<Value> {
  readonly json?: boolean;
  /** Columns for the properties of an object; their names begin with `prefix`. If all of them are NULL, the object is undefined. */
  readonly group?: { readonly prefix: string; readonly columns: Columns };
  /** Never set; it only carries the type. */
  readonly value?: Value;
}

type Columns = Readonly<Record<string, Column<unknown>>>;

type ValueOf<AnyColumn> = AnyColumn extends Column<infer Value> ? Value : never;

type Row<AnyColumns> = {
  readonly [Key in keyof AnyColumns as undefined extends ValueOf<AnyColumns[Key]> ? never : Key]: ValueOf<
    AnyColumns[Key]
  >;
} & {
  readonly [Key in keyof AnyColumns as undefined extends ValueOf<AnyColumns[Key]> ? Key : never]?: ValueOf<
    AnyColumns[Key]
  >;
};

export const text = <Value extends string = string>(): Column<Value> => ({});
export const integer = (): Column<number> => ({});
export const jsonText = <Value>(): Column<Value> => ({ json: true });
export const group = <Inner extends Columns>(columns: Inner, prefix = ''): Column<Row<Inner>> => ({
  group: { prefix, columns },
});
export const optional = <Value>(column: Column<Value>): Column<Value | undefined> => column;

export type RowOf<AnyTable> = AnyTable extends { readonly read: (row: SqlRow) => infer AnyRow } ? AnyRow : never;

interface Field {
  readonly path: readonly [string, string?];
  readonly column: string;
  readonly json: boolean;
}

type Properties = Readonly<Record<string, unknown>>;

export function defineTable<TableColumns extends Columns>(name: string, columns: TableColumns) {
  type AnyRow = Row<TableColumns>;
  const fields = Object.entries(columns).flatMap(([key, column]) => fieldsOf(key, column));
  const names = fields.map(({ column }) => column).join(', ');
  const assignments = fields.map(({ column }) => `${column} = ?`).join(', ');
  const read = (row: SqlRow): AnyRow => {
    const result: Record<string, unknown> = {};
    for (const field of fields) {
      const [key, inner] = field.path;
      const value = readValue(row, field);
      if (inner === undefined) result[key] = value;
      else if (value !== undefined) result[key] = { ...(result[key] as object | undefined), [inner]: value };
    }
    return result as AnyRow;
  };
  const toValues = (row: AnyRow): readonly SqlValue[] => fields.map((field) => toValue(row, field));
  /** The rows of a query that continues `SELECT * FROM <table>`. */
  const find = (sql: Sql, rest: string, values: readonly SqlValue[] = []): AnyRow[] =>
    sql.all(`SELECT * FROM ${name} ${rest}`, values).map(read);
  const findOne = (sql: Sql, rest: string, values: readonly SqlValue[]): AnyRow | undefined =>
    find(sql, rest, values)[0];
  return {
    read,
    find,
    findOne,
    findById: (sql: Sql, id: string) => findOne(sql, 'WHERE id = ?', [id]),
    insert: (sql: Sql, row: AnyRow, onConflict = ''): void => {
      sql.run(`INSERT INTO ${name} (${names}) VALUES ${placeholders(fields.length)} ${onConflict}`, toValues(row));
    },
    /** Replaces the row with this id. */
    update: (sql: Sql, row: AnyRow & { readonly id: string }): void => {
      sql.run(`UPDATE ${name} SET ${assignments} WHERE id = ?`, [...toValues(row), row.id]);
    },
  };
}

function fieldsOf(key: string, { group: inner, json = false }: Column<unknown>): readonly Field[] {
  if (inner === undefined) return [{ path: [key], column: toSnakeCase(key), json }];
  return Object.entries(inner.columns).map(([name, column]) => ({
    path: [key, name],
    column: `${inner.prefix}${toSnakeCase(name)}`,
    json: column.json === true,
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
