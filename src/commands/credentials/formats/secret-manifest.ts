import { isMap, isScalar, parseDocument } from 'yaml';
import { usageError } from '../../../base/errors.ts';
import { escapeForTerminal } from '../../../base/escape.ts';
import { isRecord } from '../../../base/json.ts';
import { Secret } from '../../../base/secret.ts';
import type { CredentialSet } from '../set.ts';
import { editYaml, PARSING, yamlData, yamlText, type YamlData } from '../../../files/yaml-edit.ts';
import { listKeyChanges, type FormatInput, type Formatted, type KeyValues } from './format.ts';
import { cannotEdit, textFile } from '../../../files/text-file.ts';

const DEFAULT_NAME = 'kuflow-worker';
const DNS_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const HEADER =
  '# Credentials of a KuFlow worker, to be applied and not kept: whoever can read this file can act as the worker.';

/**
 * The manifest of a Secret with the keys `client.pem`, `client.key`, `ca.pem`, `namespace`, `target`, `server-name` and, with a token, `engine.token`.
 * In a file of several documents only the one of that name changes, in `stringData` or `data`, wherever a key of it stands; it is added at the end
 * when it is not there. Throws a KnownError.
 */
export function formatSecretManifest(input: FormatInput): Formatted {
  const { set, existing, name, secretName } = input;
  if (secretName !== undefined && !DNS_NAME.test(secretName))
    throw usageError(`${escapeForTerminal(secretName, 100)} is no name for a Secret`, [
      'Lower-case letters, digits, - and . only, beginning and ending with a letter or a digit',
    ]);
  const values = valuesOf(set);
  const { mark, text, lineEnd } = textFile(existing);
  const documents = documentsOf(text);
  const secrets = documents.flatMap((document, index) => secretAt(document, index, name));
  const found = chosen(secrets, secretName, name);
  if (found === undefined) {
    const made = secretOf(secretName ?? DEFAULT_NAME, values);
    const last = documents.at(-1) ?? '';
    const apart = isBlank(last) ? '' : '---\n';
    const joint = text === '' || text.endsWith('\n') ? '' : lineEnd;
    const added = ((text === '' ? `${HEADER}\n` : apart) + made).replaceAll('\n', lineEnd);
    return { text: new Secret(mark + text + joint + added), changes: listKeyChanges(new Map(), values), notes: [] };
  }
  const { type, immutable } = found.data;
  if (type !== undefined && type !== 'Opaque')
    throw cannotEdit(
      name,
      `the Secret ${found.name} is of another type than Opaque`,
      'Name another Secret by --secret-name',
    );
  const edits = [...values].flatMap(([key, value]) => editsOf(found.data, key, value));
  const edited = editYaml(documents[found.index] ?? '', edits, name, lineEnd);
  const now = documents.map((document, index) => (index === found.index ? edited : document)).join('');
  const before = new Map<string, string>();
  for (const key of values.keys()) {
    const said = saidOf(found.data, key);
    if (said !== undefined) before.set(key, said);
  }
  const notes =
    immutable === true
      ? [`The Secret ${found.name} is immutable: Kubernetes takes it only after the old one was deleted`]
      : [];
  return { text: new Secret(mark + now), changes: listKeyChanges(before, values), notes };
}

function valuesOf(set: CredentialSet): KeyValues {
  return new Map([
    ['client.pem', set.certificate],
    ['client.key', set.privateKey.reveal()],
    ['ca.pem', set.authorities],
    ['namespace', set.namespace],
    ['target', set.target],
    ['server-name', set.serverName],
    ...(set.token === undefined ? [] : [['engine.token', set.token.value.reveal()] as const]),
  ]);
}

interface FoundSecret {
  /** Of the document. */
  readonly index: number;
  readonly name: string;
  readonly data: YamlData;
}

/** The documents of a file, with all that is between them; together they are the file. */
function documentsOf(text: string): readonly string[] {
  return text.split(/^(?=---(?:\s|$))/m);
}

function isBlank(text: string): boolean {
  const { contents, errors } = parseDocument(text, PARSING);
  return (
    errors.length === 0 &&
    (contents === null || (isScalar(contents) && contents.value === null)) &&
    !text.includes('---')
  );
}

function secretAt(text: string, index: number, name: string): readonly FoundSecret[] {
  const { contents, errors } = parseDocument(text, PARSING);
  if (errors.length > 0) throw brokenIn(text, index, name);
  if (!isMap(contents)) return [];
  const data = yamlData(text, name);
  if (data['kind'] !== 'Secret' || data['apiVersion'] !== 'v1') return [];
  return [{ index, name: yamlText(data, ['metadata', 'name']) ?? '', data }];
}

function brokenIn(text: string, index: number, name: string): unknown {
  try {
    yamlData(text, `${name}${index === 0 ? '' : ` (document ${index + 1} of it)`}`);
  } catch (error) {
    return error;
  }
  return cannotEdit(name, 'it is no valid YAML', 'Correct the file, or name another one');
}

function chosen(secrets: readonly FoundSecret[], wanted: string | undefined, file: string): FoundSecret | undefined {
  const named = wanted === undefined ? secrets : secrets.filter(({ name }) => name === wanted);
  if (named.length <= 1) return named[0];
  const names = named.map(({ name }) => escapeForTerminal(name, 100)).join(', ');
  if (wanted !== undefined)
    throw cannotEdit(file, `the Secret ${names} stands in it more than once`, 'Remove all but one');
  throw usageError(`${file} holds several Secrets: ${names}`, ['Name the one by --secret-name']);
}

/** Where a key goes: wherever it stands, else where the others are. */
function editsOf(data: YamlData, key: string, value: string | undefined): ReturnType<typeof placed>[] {
  const standing = (['stringData', 'data'] as const).filter((section) => {
    const map = data[section];
    return isRecord(map) && Object.hasOwn(map, key);
  });
  if (standing.length > 0) {
    const different = standing.filter((section) => value === undefined || saidIn(data, section, key) !== value);
    return different.map((section) => placed(section, key, value));
  }
  if (value === undefined) return [];
  return [placed(isRecord(data['data']) && !isRecord(data['stringData']) ? 'data' : 'stringData', key, value)];
}

function placed(
  section: 'stringData' | 'data',
  key: string,
  value: string | undefined,
): { readonly path: readonly string[]; readonly value: string | undefined } {
  const encoded = value !== undefined && section === 'data' ? Buffer.from(value, 'utf8').toString('base64') : value;
  return { path: [section, key], value: encoded };
}

function saidOf(data: YamlData, key: string): string | undefined {
  return saidIn(data, 'stringData', key) ?? saidIn(data, 'data', key);
}

function saidIn(data: YamlData, section: 'stringData' | 'data', key: string): string | undefined {
  const text = yamlText(data, [section, key]);
  return section === 'stringData' || text === undefined ? text : Buffer.from(text, 'base64').toString('utf8');
}

function secretOf(name: string, values: KeyValues): string {
  const frame = 'apiVersion: v1\nkind: Secret\nmetadata:\ntype: Opaque\nstringData:\n';
  const edits = [...values].map(([key, value]) => ({ path: ['stringData', key], value }));
  return editYaml(frame, [{ path: ['metadata', 'name'], value: name }, ...edits], 'the manifest', '\n');
}
