import { isMap, isScalar, parseDocument } from 'yaml';
import { usageError } from '../../../base/errors.ts';
import { escapeForTerminal } from '../../../base/escape.ts';
import { isRecord, textAtPath } from '../../../base/json.ts';
import { Secret } from '../../../base/secret.ts';
import type { CredentialSet } from '../credential-set.ts';
import { editYaml, PARSING, parseYamlMap, type YamlData } from '../../../files/yaml-edit.ts';
import { listKeyChanges, type FormatInput, type Formatted, type KeyValues } from './format.ts';
import { cannotEditError, splitTextFile } from '../../../files/text-file.ts';

const DEFAULT_NAME = 'kuflow-worker';
const DNS_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const HEADER =
  '# Credentials of a KuFlow worker. Apply this file, then delete it: anyone who can read it can act as the worker.';

/**
 * The manifest of a Secret with the keys `client.pem`, `client.key`, `ca.pem`, `namespace`, `target`, `server-name`
 * and, with a token, `engine.token`. In a file with several documents, only the Secret of that name changes; each key
 * is edited in `stringData` or `data`, wherever it is. A missing Secret is added at the end. Throws a KnownError.
 */
export function formatSecretManifest(input: FormatInput): Formatted {
  const { set, existing, name, secretName } = input;
  if (secretName !== undefined && !DNS_NAME.test(secretName))
    throw usageError(`${escapeForTerminal(secretName, 100)} is not a valid name for a Secret`, [
      'Use lowercase letters, digits, - and . only; start and end with a letter or a digit',
    ]);
  const values = secretValues(set);
  const { mark, text, lineEnd } = splitTextFile(existing);
  // With the text between them: joined, they are the file.
  const documents = text.split(/^(?=---(?:\s|$))/m);
  const secrets = documents.flatMap((document, index) => findSecret(document, index, name));
  const target = selectSecret(secrets, secretName, name);
  if (target === undefined) {
    const manifest = newManifest(secretName ?? DEFAULT_NAME, values);
    const last = documents.at(-1) ?? '';
    const separator = isBlank(last) ? '' : '---\n';
    const lineBreak = text === '' || text.endsWith('\n') ? '' : lineEnd;
    const added = ((text === '' ? `${HEADER}\n` : separator) + manifest).replaceAll('\n', lineEnd);
    return {
      text: new Secret(mark + text + lineBreak + added),
      changes: listKeyChanges(values, () => undefined),
      notes: [],
    };
  }
  const { type, immutable } = target.data;
  if (type !== undefined && type !== 'Opaque')
    throw cannotEditError(
      name,
      `the Secret ${target.name} is not of type Opaque`,
      'Choose another Secret with --secret-name',
    );
  const edits = [...values].flatMap(([key, value]) => editsForKey(target.data, key, value));
  const edited = editYaml(documents[target.index] ?? '', edits, name, lineEnd);
  const joined = documents.map((document, index) => (index === target.index ? edited : document)).join('');
  const changes = listKeyChanges(
    values,
    (key) => readSectionKey(target.data, 'stringData', key) ?? readSectionKey(target.data, 'data', key),
  );
  const notes =
    immutable === true
      ? [`The Secret ${target.name} is immutable: delete the old one from the cluster before you apply this file`]
      : [];
  return { text: new Secret(mark + joined), changes, notes };
}

function secretValues(set: CredentialSet): KeyValues {
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
  /** Index of its document. */
  readonly index: number;
  readonly name: string;
  readonly data: YamlData;
}

function isBlank(text: string): boolean {
  const { contents, errors } = parseDocument(text, PARSING);
  return (
    errors.length === 0 &&
    (contents === null || (isScalar(contents) && contents.value === null)) &&
    !text.includes('---')
  );
}

function findSecret(text: string, index: number, name: string): readonly FoundSecret[] {
  const { contents, errors } = parseDocument(text, PARSING);
  if (errors.length === 0 && !isMap(contents)) return [];
  const data = parseYamlMap(text, index === 0 ? name : `${name} (document ${index + 1})`);
  if (data['kind'] !== 'Secret' || data['apiVersion'] !== 'v1') return [];
  return [{ index, name: textAtPath(data, ['metadata', 'name']) ?? '', data }];
}

function selectSecret(
  secrets: readonly FoundSecret[],
  wanted: string | undefined,
  file: string,
): FoundSecret | undefined {
  const matching = wanted === undefined ? secrets : secrets.filter(({ name }) => name === wanted);
  if (matching.length <= 1) return matching[0];
  const names = matching.map(({ name }) => escapeForTerminal(name, 100)).join(', ');
  if (wanted !== undefined)
    throw cannotEditError(file, `it contains several Secrets with the name ${wanted}`, 'Remove all but one');
  throw usageError(`${file} contains several Secrets: ${names}`, ['Choose one with --secret-name']);
}

/** The edits for a key: in each section that has it, otherwise in the section that has the other keys. */
function editsForKey(data: YamlData, key: string, value: string | undefined): ReturnType<typeof sectionEdit>[] {
  const present = (['stringData', 'data'] as const).filter((section) => {
    const map = data[section];
    return isRecord(map) && Object.hasOwn(map, key);
  });
  if (present.length > 0) {
    const different = present.filter((section) => value === undefined || readSectionKey(data, section, key) !== value);
    return different.map((section) => sectionEdit(section, key, value));
  }
  if (value === undefined) return [];
  return [sectionEdit(isRecord(data['data']) && !isRecord(data['stringData']) ? 'data' : 'stringData', key, value)];
}

function sectionEdit(
  section: 'stringData' | 'data',
  key: string,
  value: string | undefined,
): { readonly path: readonly string[]; readonly value: string | undefined } {
  const encoded = value !== undefined && section === 'data' ? Buffer.from(value, 'utf8').toString('base64') : value;
  return { path: [section, key], value: encoded };
}

function readSectionKey(data: YamlData, section: 'stringData' | 'data', key: string): string | undefined {
  const text = textAtPath(data, [section, key]);
  return section === 'stringData' || text === undefined ? text : Buffer.from(text, 'base64').toString('utf8');
}

function newManifest(name: string, values: KeyValues): string {
  const skeleton = 'apiVersion: v1\nkind: Secret\nmetadata:\ntype: Opaque\nstringData:\n';
  const edits = [...values].map(([key, value]) => ({ path: ['stringData', key], value }));
  return editYaml(skeleton, [{ path: ['metadata', 'name'], value: name }, ...edits], 'the manifest', '\n');
}
