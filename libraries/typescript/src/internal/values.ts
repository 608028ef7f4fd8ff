// Values in KuFlow's data that refer to something else. They are strings with percent-encoded fields.

/** Reads and writes the values of one kind. */
interface ValueFormat<Value extends string, Fields> {
  /** The fields of a value. Throws if a required field is missing. */
  parse(value: string): Fields;
  format(fields: Fields): Value;
}

interface FileFields {
  /** `ku:process/…/document/…` */
  readonly uri: string;
  /** Media type. */
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  readonly name: string;
}

interface PrincipalFields {
  readonly id: string;
  readonly type: 'USER' | 'APPLICATION' | 'SYSTEM';
  readonly name: string;
}

interface GroupFields {
  readonly id: string;
  readonly type: string;
  readonly name: string;
}

/** A document, represented in KuFlow's data by a value in the `kuflow-file` format. */
export type KuFlowFile = `kuflow-file:${string}`;
/** The object of the same name parses and formats document values. */
export const KuFlowFile: ValueFormat<KuFlowFile, FileFields> = {
  parse: (value) => {
    const { uri, type, size, name } = parse('kuflow-file', ['uri', 'type', 'size', 'name'], value);
    if (!/^\d+$/.test(size)) throw new Error(`Not a kuflow-file value: its size is not a number`);
    return { uri, type, size: Number(size), name };
  },
  format: ({ uri, type, size, name }) => format('kuflow-file', { uri, type, size: String(size), name }),
};

/** A user or application, represented in KuFlow's data by a value in the `kuflow-principal` format. */
export type KuFlowPrincipal = `kuflow-principal:${string}`;
/** The object of the same name parses and formats user and application values. */
export const KuFlowPrincipal: ValueFormat<KuFlowPrincipal, PrincipalFields> = {
  parse: (value) => parse('kuflow-principal', ['id', 'type'], value) as unknown as PrincipalFields,
  format: ({ id, type, name }) => format('kuflow-principal', { id, type, name }),
};

/** A group of users, represented in KuFlow's data by a value in the `kuflow-group` format. */
export type KuFlowGroup = `kuflow-group:${string}`;
/** The object of the same name parses and formats group values. */
export const KuFlowGroup: ValueFormat<KuFlowGroup, GroupFields> = {
  parse: (value) => parse('kuflow-group', ['id', 'type'], value),
  format: ({ id, type, name }) => format('kuflow-group', { id, type, name }),
};

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
