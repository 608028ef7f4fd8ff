import { join } from 'node:path';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Pair,
  type YAMLMap,
  Document,
} from 'yaml';
import { codeOf } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { MIB, readSmallFile, unreadableStep } from '../files/read.ts';
import { nearMatch } from '../base/near-match.ts';
import { APPLICATION_FILES, SETTING_KEYS, type SettingName } from './keys.ts';
import type { Entry, Layer, SettingProblem, SettingWarning, Source } from './sources.ts';
import { Secret } from '../base/secret.ts';

const SECRETS: ReadonlySet<string> = new Set(
  SETTING_KEYS.filter(({ kind }) => kind === 'secret' || kind === 'secret-pem').map(({ name }) => name),
);

/** Reads the application files of a folder, strongest first. A file that does not exist has no layer. */
export async function readApplicationFiles(dir: string): Promise<readonly Layer[]> {
  const layers = await Promise.all(APPLICATION_FILES.map((name) => readApplicationFile(dir, name)));
  return layers.filter((layer) => layer !== undefined);
}

async function readApplicationFile(dir: string, name: string): Promise<Layer | undefined> {
  const file = join(dir, name);
  const empty: Layer = { group: 'files', entries: new Map(), problems: [], warnings: [] };
  const failed = (problem: string, { line, next }: Pick<Source, 'line'> & Pick<SettingProblem, 'next'> = {}): Layer => {
    const source: Source = { kind: 'file', name, file, line };
    return { ...empty, problems: [{ key: name, code: 'unreadable', source, problem, next }] };
  };
  let text: string;
  let mode: number;
  try {
    const content = await readSmallFile(file, MIB);
    if (content.bytes === undefined)
      return failed(content.refused === 'too-large' ? 'the file is larger than 1 MiB' : 'not a file');
    mode = content.mode;
    text = content.bytes.toString('utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    const next = await unreadableStep(file, code ?? '');
    return failed(`the file cannot be read: ${code ?? 'unknown error'}`, { next });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  if (broken !== undefined) {
    // The parser's messages may quote the file, and with it the secret.
    const { line, col } = lines.linePos(broken.pos[0]);
    const twice = broken.code === 'DUPLICATE_KEY' ? findRepeatedKey(text, broken.pos[0]) : undefined;
    if (twice !== undefined) {
      const first = lines.linePos(twice.first).line;
      const text = `Remove one of the two lines with ${twice.name} (${name}:${first} and ${name}:${line})`;
      return failed(`${twice.name} occurs twice, at lines ${first} and ${line}`, { line, next: { text } });
    }
    return failed(`invalid YAML at line ${line}, column ${col}`, { line });
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) return empty;
  if (!isMap(document.contents)) return failed('expected a YAML map');
  const layer = readLayer(document, document.contents, (offset, key) => ({
    kind: 'file',
    name: key,
    file,
    line: lines.linePos(offset).line,
  }));
  return { ...layer, warnings: [...layer.warnings, ...exposureWarnings(layer, name, mode)] };
}

const KNOWN_STEPS: ReadonlySet<string> = new Set(SETTING_KEYS.flatMap(({ name }) => name.split('.')));

/** The key at `second`, if it is part of a setting, and where the same map has it first. Other keys are not quoted. */
function findRepeatedKey(text: string, second: number): { readonly name: string; readonly first: number } | undefined {
  let found: { readonly name: string; readonly first: number } | undefined;
  visit(parseDocument(text, { uniqueKeys: false, prettyErrors: false }), {
    Map: (_key, { items }) => {
      const starts = items.map(({ key }) => (isScalar(key) ? { name: String(key.value), at: key.range?.[0] } : {}));
      const repeated = starts.find(({ at }) => at === second);
      const first = starts.find(({ name }) => name === repeated?.name)?.at;
      if (repeated?.name === undefined || first === undefined || !KNOWN_STEPS.has(repeated.name)) return undefined;
      found = { name: repeated.name, first };
      return visit.BREAK;
    },
  });
  return found;
}

function readLayer(document: Document, contents: YAMLMap, sourceAt: (offset: number, key: string) => Source): Layer {
  const entries = new Map<SettingName, Entry>();
  const problems: SettingProblem[] = [];
  const warnings: SettingWarning[] = [];
  const readMap = (map: YAMLMap, path: string): void => {
    const known = childKeys(path);
    for (const { key, value: written } of mergedItems(map, document)) {
      if (!isScalar(key)) continue;
      const value = isAlias(written) ? written.resolve(document) : written;
      const step = String(key.value);
      const name = path === '' ? step : `${path}.${step}`;
      const source = sourceAt(key.range?.[0] ?? 0, name);
      const setting = SETTING_KEYS.find((candidate) => candidate.name === name || candidate.alias === name);
      if (setting !== undefined) {
        const raw = scalarText(value, setting.kind === 'uuids');
        if (raw === undefined)
          problems.push({ key: setting.name, code: 'invalid', source, problem: 'expected a single value' });
        else if (raw.trim() !== '' && (name === setting.name || !entries.has(setting.name)))
          entries.set(setting.name, { raw, source: isNumber(value) ? { ...source, isNumber: true } : source });
      } else if (known.includes(step)) {
        if (isMap(value)) readMap(value, name);
        else if (!isScalar(value) || value.value !== null)
          problems.push({ key: name, code: 'invalid', source, problem: 'expected a map' });
      } else {
        // Other keys belong to the worker, unless they look like a misspelled setting.
        const near = path === '' ? undefined : nearMatch(step, known);
        if (near !== undefined) {
          const meant = `${path}.${near}`;
          const message = `${escapeForTerminal(name, 100)} is not a setting; did you mean ${meant}?`;
          warnings.push({ key: escapeForTerminal(name, 100), code: 'unknown-key', source, message, meant });
        }
      }
    }
  };
  readMap(contents, '');
  return { group: 'files', entries, problems, warnings };
}

/** The items of a map with those of its merge keys (`<<`), which its own keys override. */
function mergedItems(map: YAMLMap, document: Document, seen = new Set<unknown>()): readonly Pair[] {
  seen.add(map);
  const isMerge = ({ key }: Pair): boolean => isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
  const items = map.items.filter((item) => !isMerge(item));
  for (const { value } of map.items.filter(isMerge)) {
    const merged = isAlias(value) ? value.resolve(document) : value;
    for (const one of isSeq(merged) ? merged.items : [merged]) {
      const source = isAlias(one) ? one.resolve(document) : one;
      // The second time, a map adds nothing; one that contains itself has no end.
      if (!isMap(source) || seen.has(source)) continue;
      const known = new Set(items.map(({ key }) => (isScalar(key) ? key.value : key)));
      for (const item of mergedItems(source, document, seen))
        if (!known.has(isScalar(item.key) ? item.key.value : item.key)) items.push(item);
    }
  }
  return items;
}

const isNumber = (value: unknown): boolean => isScalar(value) && typeof value.value === 'number';

/** The keys of settings in the map at that path. */
function childKeys(path: string): readonly string[] {
  const depth = path === '' ? 0 : path.split('.').length;
  const inside = SETTING_KEYS.map(({ name }) => name).filter((name) => path === '' || name.startsWith(`${path}.`));
  return [...new Set(inside.map((name) => name.split('.')[depth] ?? ''))];
}

/** The text of a scalar as written, so that a secret of digits keeps its leading zeros; the items of a list joined by commas; empty for null. */
function scalarText(node: unknown, list: boolean): string | undefined {
  if (node === null || node === undefined) return '';
  if (isScalar(node)) {
    const { value, source } = node as { value: unknown; source?: string };
    if (value === null) return '';
    if (typeof value === 'string') return value;
    return typeof value === 'number' ? (source ?? String(value)) : undefined;
  }
  if (!list || !isSeq(node)) return undefined;
  const items = node.items.map((item) => scalarText(item, false));
  return items.includes(undefined) ? undefined : items.join(',');
}

function exposureWarnings(layer: Layer, name: string, mode: number): readonly SettingWarning[] {
  return [...layer.entries].flatMap(([key, { raw, source }]): readonly SettingWarning[] => {
    if (!SECRETS.has(key) || raw.includes('FILL_ME')) return [];
    if (name === 'application.yaml') {
      const message = `${key} is in application.yaml, which git tracks. Move it to application-local.yaml and replace it, because the git history keeps the old value`;
      return [{ key, code: 'secret-in-tracked-file', source, message }];
    }
    if (process.platform === 'win32' || (mode & 0o077) === 0) return [];
    const message = `${name} contains a secret and other users can read it. To fix: chmod 600 ${name}`;
    return [{ key, code: 'readable-by-others', source, message }];
  });
}

export type LocalValues = Readonly<
  Partial<Record<SettingName, string | number | readonly string[] | Secret | undefined>>
>;

const HEADER = ` Settings of this machine, which override application.yaml. Contains secrets: git ignores this file, and only you should be able to read it.`;

/** The text of a new `application-local.yaml`. It contains the secrets in clear text, so write it with mode 0600. */
export function localSettingsText(values: LocalValues): string {
  const document = new Document({});
  document.commentBefore = HEADER;
  for (const { name, description } of SETTING_KEYS) {
    const value = values[name];
    if (value === undefined) continue;
    const path = name.split('.');
    document.setIn(path, value instanceof Secret ? value.reveal() : value);
    const parent = document.getIn(path.slice(0, -1), true);
    if (!isMap(parent)) continue;
    const pair = parent.items.find(({ key }) => (isScalar(key) ? key.value : key) === path.at(-1));
    if (pair === undefined) continue;
    const key = document.createNode(path.at(-1));
    key.commentBefore = ` ${description}`;
    pair.key = key;
  }
  return document.toString({ lineWidth: 0 });
}
