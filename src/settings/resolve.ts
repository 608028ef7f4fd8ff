import { KnownError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { normaliseEndpoint } from '../kuflow/endpoint.ts';
import { applicationFiles } from './application-files.ts';
import { environmentLayer } from './environment.ts';
import type { Environment } from './environment.ts';
import { CLIENT_ID, CLIENT_SECRET, ENDPOINT, SETTING_KEYS } from './keys.ts';
import type { SettingKey, SettingName, SettingValues } from './keys.ts';
import { mutualTlsProblems } from './mutual-tls.ts';
import { sourceText } from './sources.ts';
import type { Entry, Layer, SettingProblem, SettingWarning, Source } from './sources.ts';
import { readValue } from './values.ts';

export interface Setting<T> {
  readonly value: T;
  readonly source: Source;
  /** Weaker sources that give the key too, strongest first. */
  readonly shadows: readonly Source[];
}

export type ResolvedSettings = { readonly [K in SettingName]?: Setting<SettingValues[K]> };

export interface SettingsResult {
  /** Those that could be read, even when there are problems. */
  readonly settings: ResolvedSettings;
  /** All of them at once; empty when the settings may be used. */
  readonly problems: readonly SettingProblem[];
  readonly warnings: readonly SettingWarning[];
}

/** A value given on the command line, with the option that gave it; a secret comes from `secret-input.ts`. */
export interface FlagValue {
  readonly value: string | Secret;
  readonly option: string;
}

export type SettingFlags = Readonly<Partial<Record<SettingName, FlagValue>>>;

/** Stored credentials with what belongs to them; its values count only when its credentials are the ones in use. */
export interface ProfileSource {
  /** `flag`: as strong as flags. `environment`: below the environment. `default`: below everything but defaults. */
  readonly chosenBy: 'flag' | 'environment' | 'default';
  readonly name: string;
  readonly file?: string;
  readonly values: Readonly<Partial<Record<SettingName, string | Secret>>>;
}

export interface SettingsQuestion {
  readonly flags?: SettingFlags;
  readonly env: Environment;
  /** Folder of `application.yaml` and `application-local.yaml`; relative paths in them start there. Absent: no files are read. */
  readonly files?: { readonly dir: string };
  readonly profiles?: readonly ProfileSource[];
  /** What must be there; what a worker needs when absent. */
  readonly required?: readonly SettingName[];
  /** Where relative paths of flags and variables start; the working directory when absent. */
  readonly cwd?: string;
}

/**
 * Every setting with its value, where it comes from and what it shadows: flags over environment over
 * `application-local.yaml` over `application.yaml` over defaults, key by key. Client id and secret always come from one
 * source; with those of the environment the endpoint is KUFLOW_API_ENDPOINT or the default, and a file that
 * names another one is a problem. With those of a profile it is the profile's, and a file or a variable that names another one is a problem.
 * Never rejects for a bad setting: all problems are in the result.
 */
export async function resolveSettings(question: SettingsQuestion): Promise<SettingsResult> {
  const cwd = question.cwd ?? process.cwd();
  const layers = await allLayers(question, cwd);
  const credentials = chooseCredentials(layers);
  const used = layers.filter((layer) => !layer.group.startsWith('profile') || layer.group === credentials.group);
  const settings: Record<string, Setting<unknown>> = {};
  const problems: SettingProblem[] = [...layers.flatMap((layer) => layer.problems), ...credentials.problems];
  const faulty = (key: string): boolean => problems.some((problem) => problem.key === key);

  for (const key of SETTING_KEYS) {
    const { chosen, shadows } = candidates(key.name, used, layers, credentials);
    const entry = chosen ?? byDefault(key);
    if (entry === undefined || (faulty(key.name) && entry.raw === '')) continue;
    const folder = entry.source.kind === 'file' ? (question.files?.dir ?? cwd) : cwd;
    const read = await readValue(key, entry, folder);
    if (read.kind === 'good') settings[key.name] = { value: read.value, source: entry.source, shadows };
    else problems.push({ key: key.name, code: read.code, source: entry.source, expected: read.expected });
  }

  const resolved = settings as ResolvedSettings;
  problems.push(...endpointMismatch(resolved, layers, credentials), ...mutualTlsProblems(used));
  for (const name of question.required ?? SETTING_KEYS.filter((key) => key.required === true).map((key) => key.name)) {
    const key = SETTING_KEYS.find((candidate) => candidate.name === name);
    if (key === undefined || settings[name] !== undefined || faulty(name)) continue;
    problems.push({
      key: name,
      code: 'missing',
      expected: `${key.description}, as ${key.env} or in application-local.yaml`,
    });
  }
  return { settings: resolved, problems, warnings: layers.flatMap((layer) => layer.warnings) };
}

/** The settings, or a KnownError that lists every problem: status 2 when all that is wrong is that something is not given, else 1. */
export function requireSettings(result: SettingsResult, next: readonly string[] = []): ResolvedSettings {
  if (result.problems.length === 0) return result.settings;
  // An answer that is missing, or one that this very call gives.
  const usage = result.problems.every(
    ({ code, source }) => code === 'missing' || code === 'placeholder' || source?.kind === 'flag',
  );
  throw new KnownError({
    message: `The settings can't be used:\n${result.problems.map((problem) => `  ${problemText(problem)}`).join('\n')}`,
    next,
    page: 'reference/settings',
    status: usage ? 2 : 1,
  });
}

/**
 * What options gave, as the variables by which a worker gets it; undefined for one that would contradict them. Credentials of options bring
 * their endpoint along, since a worker with credentials of its environment takes none from files.
 */
export function optionsAsEnvironment(settings: ResolvedSettings): Environment {
  const byOption = (name: SettingName): boolean => settings[name]?.source.kind === 'flag';
  const variables = SETTING_KEYS.flatMap(
    ({ name, env, fileEnv }): readonly (readonly [string, string | undefined])[] => {
      const value = settings[name]?.value;
      if (value === undefined || !(byOption(name) || (name === ENDPOINT && byOption(CLIENT_ID)))) return [];
      const text = value instanceof Secret ? value.reveal() : String(value);
      return [[env, text], ...(fileEnv === undefined ? [] : [[fileEnv, undefined] as const])];
    },
  );
  return Object.fromEntries(variables);
}

/** One line: key, source, what was expected. */
export function problemText({ key, source, expected, code }: SettingProblem): string {
  return `${key}${source === undefined ? '' : ` (${sourceText(source)})`}: ${code === 'missing' ? 'missing' : 'expected'} ${expected}`;
}

interface Credentials {
  readonly group: Layer['group'] | undefined;
  readonly problems: readonly SettingProblem[];
}

async function allLayers(question: SettingsQuestion, cwd: string): Promise<readonly Layer[]> {
  const profile = (chosenBy: ProfileSource['chosenBy']): readonly Layer[] =>
    (question.profiles ?? []).filter((one) => one.chosenBy === chosenBy).map(profileLayer);
  return [
    flagLayer(question.flags ?? {}),
    ...profile('flag'),
    await environmentLayer(question.env, cwd),
    ...profile('environment'),
    ...(question.files === undefined ? [] : await applicationFiles(question.files.dir)),
    ...profile('default'),
  ];
}

function flagLayer(flags: SettingFlags): Layer {
  const entries = SETTING_KEYS.flatMap(({ name }): readonly (readonly [SettingName, Entry])[] => {
    const flag = flags[name];
    return flag === undefined ? [] : [[name, { raw: plain(flag.value), source: { kind: 'flag', name: flag.option } }]];
  });
  return { group: 'flags', entries: new Map(entries), problems: [], warnings: [] };
}

function profileLayer({ chosenBy, name, file, values }: ProfileSource): Layer {
  const source: Source = { kind: 'profile', name, ...(file === undefined ? {} : { file }) };
  const entries = SETTING_KEYS.flatMap((key): readonly (readonly [SettingName, Entry])[] => {
    const value = values[key.name];
    return value === undefined ? [] : [[key.name, { raw: plain(value), source }]];
  });
  return { group: `profile-${chosenBy}`, entries: new Map(entries), problems: [], warnings: [] };
}

function plain(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value;
}

/** The strongest source that gives id or secret; half a pair is never filled up from another source. */
function chooseCredentials(layers: readonly Layer[]): Credentials {
  const has = (layer: Layer, name: SettingName): boolean => layer.entries.has(name);
  const group = layers.find((layer) => has(layer, CLIENT_ID) || has(layer, CLIENT_SECRET))?.group;
  const own = layers.filter((layer) => layer.group === group);
  const others = layers.filter((layer) => layer.group !== group);
  const problems = ([CLIENT_ID, CLIENT_SECRET] as const).flatMap((name): readonly SettingProblem[] => {
    const present = name === CLIENT_ID ? CLIENT_SECRET : CLIENT_ID;
    if (group === undefined || own.some((layer) => has(layer, name))) return [];
    const beside = own.map((layer) => layer.entries.get(present)?.source).find((source) => source !== undefined);
    const elsewhere = others.map((layer) => layer.entries.get(name)?.source).find((source) => source !== undefined);
    const where = beside === undefined ? '' : ` beside ${sourceText(beside)}`;
    const also = elsewhere === undefined ? '' : `; the one of ${sourceText(elsewhere)} belongs to another source`;
    return [
      {
        key: name,
        code: elsewhere === undefined ? 'missing' : 'mixed-credentials',
        ...(beside === undefined ? {} : { source: beside }),
        expected: `${name}${where}, since id and secret come from one source${also}`,
      },
    ];
  });
  return { group, problems };
}

function candidates(
  name: SettingName,
  used: readonly Layer[],
  layers: readonly Layer[],
  credentials: Credentials,
): { readonly chosen: Entry | undefined; readonly shadows: readonly Source[] } {
  const isCredential = name === CLIENT_ID || name === CLIENT_SECRET;
  const allowed = (layer: Layer): boolean => {
    if (isCredential) return layer.group === credentials.group;
    return name !== ENDPOINT || !standsApart(credentials) || layer.group !== 'files';
  };
  const entry = (layer: Layer): Entry | undefined => layer.entries.get(name);
  const from = used.find((layer) => allowed(layer) && entry(layer) !== undefined);
  const shadows = (isCredential ? layers : used).filter((layer) => layer !== from).map(entry);
  return {
    chosen: from === undefined ? undefined : entry(from),
    shadows: shadows.flatMap((one) => (one === undefined ? [] : [one.source])),
  };
}

function byDefault(key: SettingKey): Entry | undefined {
  return key.default === undefined ? undefined : { raw: key.default, source: { kind: 'default', name: key.name } };
}

/** Whether the credentials come from a source with an endpoint of its own: sent to what a file names, they would reach the wrong KuFlow. */
function standsApart({ group }: Credentials): boolean {
  return group === 'environment' || group?.startsWith('profile') === true;
}

function endpointMismatch(
  settings: ResolvedSettings,
  layers: readonly Layer[],
  credentials: Credentials,
): readonly SettingProblem[] {
  const endpoint = settings[ENDPOINT];
  if (!standsApart(credentials) || endpoint === undefined || endpoint.source.kind === 'flag') return [];
  const own = layers.find((layer) => layer.group === credentials.group)?.entries.get(ENDPOINT);
  if (endpoint.source.kind === 'environment' && own !== undefined && !sameEndpoint(own.raw, endpoint.value)) {
    const expected = `${endpointShown(own.raw)} (${sourceText(own.source)}), the endpoint of the credentials in use; the variable names ${endpoint.value}`;
    return [{ key: ENDPOINT, code: 'endpoint-mismatch', source: endpoint.source, expected }];
  }
  const written = layers.find((layer) => layer.group === 'files' && layer.entries.has(ENDPOINT))?.entries.get(ENDPOINT);
  if (written === undefined || written.raw.includes('FILL_ME') || sameEndpoint(written.raw, endpoint.value)) return [];
  const where = endpoint.source.kind === 'default' ? 'the default' : sourceText(endpoint.source);
  return [
    {
      key: ENDPOINT,
      code: 'endpoint-mismatch',
      source: written.source,
      expected: `${endpoint.value} (${where}), the endpoint of the credentials in use; the file names ${endpointShown(written.raw)}`,
    },
  ];
}

function sameEndpoint(written: string, endpoint: string): boolean {
  try {
    return normaliseEndpoint(written, { allowInsecure: true }) === endpoint;
  } catch {
    return false;
  }
}

function endpointShown(written: string): string {
  try {
    return normaliseEndpoint(written, { allowInsecure: true });
  } catch {
    return 'something that is no endpoint';
  }
}
