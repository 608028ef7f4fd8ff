// Values in KuFlow's data that refer to something else. They are strings with percent-encoded fields.

/** A document: a value of the format `kuflow-file`. */
export type KuFlowFile = `kuflow-file:${string}`;
/** A user or application: a value of the format `kuflow-principal`. */
export type KuFlowPrincipal = `kuflow-principal:${string}`;
/** A group of users: a value of the format `kuflow-group`. */
export type KuFlowGroup = `kuflow-group:${string}`;

/** The fields of a document. */
export interface FileFields {
  /** `ku:process/…/document/…` */
  readonly uri: string;
  /** Media type. */
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  readonly name: string;
}

/** The fields of a user or application. */
export interface PrincipalFields {
  readonly id: string;
  readonly type: 'USER' | 'APPLICATION' | 'SYSTEM';
  readonly name: string;
}

/** The fields of a group of users. */
export interface GroupFields {
  readonly id: string;
  readonly type: string;
  readonly name: string;
}

/** The fields of a document. Throws if a field is missing. */
export function parseFile(value: string): FileFields {
  const { uri, type, size, name } = parse('kuflow-file', ['uri', 'type', 'size', 'name'], value);
  if (!/^\d+$/.test(size)) throw new Error(`Not a kuflow-file value: its size is not a number`);
  return { uri, type, size: Number(size), name };
}

/** The fields of a user or application. Throws if the ID or type is missing. */
export function parsePrincipal(value: string): PrincipalFields {
  return parse('kuflow-principal', ['id', 'type'], value) as unknown as PrincipalFields;
}

/** The fields of a group. Throws if the ID or type is missing. */
export function parseGroup(value: string): GroupFields {
  return parse('kuflow-group', ['id', 'type'], value);
}

/** The value of a document. */
export const formatFile = ({ uri, type, size, name }: FileFields): KuFlowFile =>
  format('kuflow-file', { uri, type, size: String(size), name });
/** The value of a user or application. */
export const formatPrincipal = ({ id, type, name }: PrincipalFields): KuFlowPrincipal =>
  format('kuflow-principal', { id, type, name });
/** The value of a group. */
export const formatGroup = ({ id, type, name }: GroupFields): KuFlowGroup =>
  format('kuflow-group', { id, type, name });

type Parsed<Required extends string> = Record<Required | 'name', string>;

function parse<Required extends string>(kind: string, required: readonly Required[], value: string): Parsed<Required> {
  if (!value.startsWith(`${kind}:`)) throw new Error(`Not a ${kind} value`);
  const pairs = value.slice(kind.length + 1).split(';').filter((pair) => pair.includes('='));
  const fields = Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim().toLowerCase(), decodeURIComponent(pair.slice(at + 1))];
    }),
  );
  const missing = required.find((field) => !fields[field]);
  if (missing !== undefined) throw new Error(`Not a ${kind} value: it has no ${missing}`);
  return { name: '', ...fields } as Parsed<Required>;
}

function format<Kind extends string>(kind: Kind, fields: Readonly<Record<string, string>>): `${Kind}:${string}` {
  // KuFlow's libraries split at every `;` and `=`, and expect `:` and `/` as they are.
  const encode = (text: string): string => encodeURIComponent(text).replaceAll('%3A', ':').replaceAll('%2F', '/');
  return `${kind}:${Object.entries(fields).map(([name, text]) => `${name}=${encode(text)};`).join('')}`;
}
