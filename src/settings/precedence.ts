import { formatAdvice } from '../base/advice.ts';
import { KnownError } from '../base/errors.ts';
import { revealed, type Secret } from '../base/secret.ts';
import { normaliseEndpoint } from '../kuflow/endpoint.ts';
import { readApplicationFiles } from './application-files.ts';
import { readDotenvNames, readEnvironment, type Environment } from './environment.ts';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  ENDPOINT,
  SETTING_KEYS,
  variableOf,
  whereToSet,
  type SettingName,
  type SettingValues,
} from './keys.ts';
import {
  formatSource,
  type Entry,
  type Layer,
  type SettingProblem,
  type SettingWarning,
  type Source,
} from './sources.ts';
import { readValue } from './read-value.ts';

export interface Setting<T> {
  readonly value: T;
  readonly source: Source;
  /** Weaker sources that have the key too, strongest first. */
  readonly shadows: readonly Source[];
}

export type ResolvedSettings = { readonly [K in SettingName]?: Setting<SettingValues[K]> };

export interface SettingsResult {
  /** Those that are valid, even when there are problems with others. */
  readonly settings: ResolvedSettings;
  /** Empty if the settings can be used. */
  readonly problems: readonly SettingProblem[];
  readonly warnings: readonly SettingWarning[];
}

/** Values given on the command line, and their options. Secrets come from `secret-input.ts`. */
export type SettingFlags = Readonly<
  Partial<Record<SettingName, { readonly value: string | Secret; readonly option: string }>>
>;

/** Stored credentials and the settings stored with them, which apply only while these credentials are in use. */
export interface ProfileSource {
  /** Precedence: `flag` that of flags, `environment` just below the environment, `default` just above the defaults. */
  readonly chosenBy: 'flag' | 'environment' | 'default';
  readonly name: string;
  readonly file?: string;
  readonly values: Readonly<Partial<Record<SettingName, string | Secret>>>;
}

/** The settings of a running local KuFlow. They replace every other setting of the connection; only settings of the worker still count. */
export interface LocalSource {
  /** For use as a source. */
  readonly name: string;
  readonly values: ProfileSource['values'];
  /** Codes of the processes that it serves. */
  readonly codes: readonly string[];
}

export interface SettingsRequest {
  readonly flags?: SettingFlags;
  readonly env: Environment;
  /** Folder of the application files, from which relative paths in them start. Absent: no files are read. */
  readonly files?: { readonly dir: string };
  readonly profiles?: readonly ProfileSource[];
  readonly local?: LocalSource | undefined;
  /** Default: the settings that a worker requires. */
  readonly required?: readonly SettingName[];
  /** Where relative paths of flags and variables start. Default: the working directory. */
  readonly cwd?: string;
  /** Where relative paths of flags start, if not there. */
  readonly flagFolder?: string;
}

/**
 * Resolves every setting to its value, its source and the sources it shadows. Precedence, key by key: flags, environment,
 * `application-local.yaml`, `application.yaml`, defaults. Client ID and secret always come from the same source. If that is
 * the environment, the endpoint is KUFLOW_API_ENDPOINT or the default, and a file with a different endpoint is a problem.
 * If it is a profile, the endpoint is the profile's, and a file or variable with a different endpoint is a problem.
 * Never rejects because of a setting: the result lists all problems.
 */
export async function resolveSettings(request: SettingsRequest): Promise<SettingsResult> {
  const cwd = request.cwd ?? process.cwd();
  const layers = await collectLayers(request, cwd);
  const credentials = chooseCredentials(layers, request.env);
  const used = layers.filter((layer) => !layer.group.startsWith('profile') || layer.group === credentials.group);
  const settings: Record<string, Setting<unknown>> = {};
  const problems: SettingProblem[] = [...layers.flatMap((layer) => layer.problems), ...credentials.problems];
  const folders: Readonly<Record<string, string | undefined>> = { file: request.files?.dir, flag: request.flagFolder };
  const hasProblem = (key: string): boolean => problems.some((problem) => problem.key === key);

  for (const key of SETTING_KEYS) {
    const { chosen, shadows } = selectEntry(key.name, used, layers, credentials);
    const standard: Entry | undefined =
      key.default === undefined ? undefined : { raw: key.default, source: { kind: 'default', name: key.name } };
    const entry = chosen ?? standard;
    if (entry === undefined || (hasProblem(key.name) && entry.raw === '')) continue;
    const read = await readValue(key, entry, folders[entry.source.kind] ?? cwd);
    if (read.kind === 'valid') settings[key.name] = { value: read.value, source: entry.source, shadows };
    else {
      const { code, problem, next } = read;
      problems.push({ key: key.name, code, source: entry.source, problem, next });
    }
  }

  const resolved = settings as ResolvedSettings;
  problems.push(...endpointMismatch(resolved, layers, credentials), ...mutualTlsProblems(used));
  const hasFiles = layers.some(({ group }) => group === 'files');
  const dotenv = await readDotenvNames(request.files?.dir);
  for (const name of request.required ?? SETTING_KEYS.filter((key) => key.required === true).map((key) => key.name)) {
    const key = SETTING_KEYS.find((candidate) => candidate.name === name);
    if (key === undefined || settings[name] !== undefined || hasProblem(name)) continue;
    const what = isBlank(request.env[key.env]) ? `${key.env} is blank` : 'missing';
    const isInDotenv = dotenv?.names.includes(key.env) === true;
    const how = isInDotenv ? `${key.env} is in .env, which is not read` : whereToSet(name, hasFiles);
    problems.push({
      key: name,
      code: 'missing',
      problem: `${what}; ${how}`,
      next: isInDotenv ? dotenv.next : undefined,
    });
  }
  return { settings: resolved, problems, warnings: layers.flatMap((layer) => layer.warnings) };
}

/** Returns the settings, or throws a KnownError that lists every problem, with status 2. */
export function requireSettings(result: SettingsResult, next: readonly string[] = []): ResolvedSettings {
  if (result.problems.length === 0) return result.settings;
  const steps = result.problems.flatMap((problem) => (problem.next === undefined ? [] : [formatAdvice(problem.next)]));
  throw new KnownError({
    message: `Settings are missing or invalid:\n${result.problems.map((problem) => `  ${formatProblem(problem)}`).join('\n')}`,
    next: [...new Set(steps), ...next],
    page: 'reference/settings',
    status: 2,
  });
}

/**
 * Settings given by options or by the local KuFlow, as environment variables for a worker. A variable that would contradict them is undefined.
 * Credentials given by options include their endpoint, because a worker with credentials in its environment ignores the endpoint in files.
 */
export function overridesAsEnvironment(settings: ResolvedSettings): Environment {
  const isOverride = (name: SettingName): boolean => ['flag', 'local'].includes(settings[name]?.source.kind ?? '');
  return asEnvironment(settings, (name) => isOverride(name) || (name === ENDPOINT && isOverride(CLIENT_ID)));
}

/** As `overridesAsEnvironment`, and with the rest of the connection to the REST API wherever it comes from, for example from a profile. */
export function connectionAsEnvironment(settings: ResolvedSettings): Environment {
  return {
    ...overridesAsEnvironment(settings),
    ...asEnvironment(settings, (name) => name.startsWith('kuflow.api.')),
  };
}

function asEnvironment(settings: ResolvedSettings, isIncluded: (name: SettingName) => boolean): Environment {
  const variables = SETTING_KEYS.flatMap(
    ({ name, env, fileEnv }): readonly (readonly [string, string | undefined])[] => {
      const value = settings[name]?.value;
      if (value === undefined || !isIncluded(name)) return [];
      return [[env, revealed(value)], ...(fileEnv === undefined ? [] : [[fileEnv, undefined] as const])];
    },
  );
  return Object.fromEntries(variables);
}

/** One line: key, source and problem. */
export function formatProblem({ key, code, source, problem }: SettingProblem): string {
  // The source of a missing credential is that of the other one, which the problem mentions.
  return `${key}${source === undefined || code === 'missing' ? '' : ` (${formatSource(source)})`}: ${problem}`;
}

interface Credentials {
  readonly group: Layer['group'] | undefined;
  readonly problems: readonly SettingProblem[];
}

async function collectLayers(request: SettingsRequest, cwd: string): Promise<readonly Layer[]> {
  const { flags = {}, local, profiles = [], files } = request;
  const profile = (chosenBy: ProfileSource['chosenBy']): readonly Layer[] =>
    profiles
      .filter((one) => one.chosenBy === chosenBy)
      .map(({ name, file, values }) => valuesLayer(`profile-${chosenBy}`, { kind: 'profile', name, file }, values));
  const layers = [
    layerOf(
      'flags',
      Object.entries(flags).map(([name, { value, option }]) => [name, value, { kind: 'flag', name: option }]),
    ),
    ...profile('flag'),
    await readEnvironment(request.env, cwd),
    ...profile('environment'),
    ...(files === undefined ? [] : await readApplicationFiles(files.dir)),
    ...profile('default'),
  ];
  if (local === undefined) return layers;
  return [valuesLayer('local', { kind: 'local', name: local.name }, local.values), ...layers.map(onlyWorkerSettings)];
}

/** Settings that only a worker needs, not a connection. */
export const isWorkerSetting = (key: string): boolean => key === 'temporal.kuflow-queue' || /^worker(\.|$)/.test(key);

/** Problems of a file that cannot be read stay, because it may contain settings of the worker. */
function onlyWorkerSettings(layer: Layer): Layer {
  return {
    ...layer,
    entries: new Map([...layer.entries].filter(([name]) => isWorkerSetting(name))),
    problems: layer.problems.filter(
      ({ key, code }) => isWorkerSetting(key) || (code === 'unreadable' && !key.includes('.api.')),
    ),
  };
}

function valuesLayer(group: Layer['group'], source: Source, values: ProfileSource['values']): Layer {
  return layerOf(
    group,
    Object.entries(values).map(([name, value]) => [name, value, source]),
  );
}

function layerOf(group: Layer['group'], given: readonly (readonly [string, string | Secret, Source])[]): Layer {
  const entries = given.map(
    ([name, value, source]) => [name as SettingName, { raw: revealed(value), source }] as const,
  );
  return { group, entries: new Map(entries), problems: [], warnings: [] };
}

/** Whether a variable is set to nothing, which usually comes from a variable of the shell that is not set. */
function isBlank(value: string | undefined): boolean {
  return value?.trim() === '';
}

/** The strongest source that has client ID or secret. A missing half is never taken from another source. */
function chooseCredentials(layers: readonly Layer[], env: Environment): Credentials {
  const has = (layer: Layer, name: SettingName): boolean => layer.entries.has(name);
  const group = layers.find((layer) => has(layer, CLIENT_ID) || has(layer, CLIENT_SECRET))?.group;
  const own = layers.filter((layer) => layer.group === group);
  const others = layers.filter((layer) => layer.group !== group);
  const problems = ([CLIENT_ID, CLIENT_SECRET] as const).flatMap((name): readonly SettingProblem[] => {
    const other = name === CLIENT_ID ? CLIENT_SECRET : CLIENT_ID;
    if (group === undefined || own.some((layer) => has(layer, name))) return [];
    const sourceOfOther = own.map((layer) => layer.entries.get(other)?.source).find((source) => source !== undefined);
    const elsewhere = others.map((layer) => layer.entries.get(name)?.source).find((source) => source !== undefined);
    const variable = variableOf(name);
    const role = other === CLIENT_ID ? 'client ID' : 'client secret';
    const what =
      elsewhere === undefined
        ? `${isBlank(env[variable]) ? `${variable} is blank` : 'missing'}. The ${role} comes from ${sourceOfOther === undefined ? 'another source' : formatSource(sourceOfOther)}`
        : `${name} comes from ${formatSource(elsewhere)}`;
    return [
      {
        key: name,
        code: elsewhere === undefined ? 'missing' : 'mixed-credentials',
        source: sourceOfOther,
        problem: `${what}${elsewhere === undefined ? ', and' : ';'} the client ID and the client secret must come from the same source${sourceOfOther?.kind === 'environment' ? `: set ${variable} too, or unset ${variableOf(other)}` : ''}`,
      },
    ];
  });
  return { group, problems };
}

function selectEntry(
  name: SettingName,
  used: readonly Layer[],
  layers: readonly Layer[],
  credentials: Credentials,
): { readonly chosen: Entry | undefined; readonly shadows: readonly Source[] } {
  const isCredential = name === CLIENT_ID || name === CLIENT_SECRET;
  const allowed = (layer: Layer): boolean => {
    if (isCredential) return layer.group === credentials.group;
    return name !== ENDPOINT || !hasOwnEndpoint(credentials) || layer.group !== 'files';
  };
  const entry = (layer: Layer): Entry | undefined => layer.entries.get(name);
  const from = used.find((layer) => allowed(layer) && entry(layer) !== undefined);
  const shadows = (isCredential ? layers : used).filter((layer) => layer !== from).map(entry);
  return {
    chosen: from === undefined ? undefined : entry(from),
    shadows: shadows.flatMap((one) => (one === undefined ? [] : [one.source])),
  };
}

/** Whether the source of the credentials has its own endpoint. Sent to the endpoint in a file, they would reach the wrong KuFlow. */
function hasOwnEndpoint({ group }: Credentials): boolean {
  return group === 'environment' || group?.startsWith('profile') === true;
}

function endpointMismatch(
  settings: ResolvedSettings,
  layers: readonly Layer[],
  credentials: Credentials,
): readonly SettingProblem[] {
  const endpoint = settings[ENDPOINT];
  if (!hasOwnEndpoint(credentials) || endpoint === undefined || endpoint.source.kind === 'flag') return [];
  const own = layers.find((layer) => layer.group === credentials.group)?.entries.get(ENDPOINT);
  if (endpoint.source.kind === 'environment' && own !== undefined && formatEndpoint(own.raw) !== endpoint.value) {
    const problem = endpointProblem(endpoint.value, formatEndpoint(own.raw), formatSource(own.source));
    return [{ key: ENDPOINT, code: 'endpoint-mismatch', source: endpoint.source, problem }];
  }
  const written = layers.find((layer) => layer.group === 'files' && layer.entries.has(ENDPOINT))?.entries.get(ENDPOINT);
  if (written === undefined || written.raw.includes('FILL_ME') || formatEndpoint(written.raw) === endpoint.value)
    return [];
  const where = endpoint.source.kind === 'default' ? 'the default' : formatSource(endpoint.source);
  return [
    {
      key: ENDPOINT,
      code: 'endpoint-mismatch',
      source: written.source,
      problem: endpointProblem(formatEndpoint(written.raw), endpoint.value, where),
    },
  ];
}

function endpointProblem(seen: string, inUse: string, source: string): string {
  return `${seen} is not the endpoint of the credentials in use, which is ${inUse} (${source})`;
}

/** The endpoint, or a phrase for a value that is not one. */
function formatEndpoint(written: string): string {
  try {
    return normaliseEndpoint(written, true);
  } catch {
    return 'this value';
  }
}

const CERTIFICATE_FILES = ['temporal.mutual-tls.cert', 'temporal.mutual-tls.key', 'temporal.mutual-tls.ca'] as const;
const CERTIFICATE_DATA = [
  'temporal.mutual-tls.cert-data',
  'temporal.mutual-tls.key-data',
  'temporal.mutual-tls.ca-data',
] as const;

/**
 * Problems with a certificate in the settings. Like KuFlow's own libraries, it needs all three parts, either as files or
 * inline, and the namespace: without an engine certificate from KuFlow, nothing else names it.
 */
function mutualTlsProblems(layers: readonly Layer[]): readonly SettingProblem[] {
  const findSource = (name: SettingName): Source | undefined =>
    layers.map((layer) => layer.entries.get(name)?.source).find((source) => source !== undefined);
  const files = CERTIFICATE_FILES.map(findSource).find((source) => source !== undefined);
  const data = CERTIFICATE_DATA.map(findSource).find((source) => source !== undefined);
  const problems: SettingProblem[] = [];
  if (files !== undefined && data !== undefined) {
    problems.push({
      key: 'temporal.mutual-tls',
      code: 'conflict',
      source: data,
      problem: `files (cert, key, ca) and inline PEM (cert-data, key-data, ca-data) can't be combined; ${formatSource(files)} sets files`,
    });
  }
  for (const [names, source] of [
    [CERTIFICATE_FILES, files],
    [CERTIFICATE_DATA, data],
  ] as const) {
    const absent = names
      .filter((name) => findSource(name) === undefined)
      .map((name) => name.slice('temporal.mutual-tls.'.length));
    if (source === undefined || absent.length === 0) continue;
    problems.push({
      key: names[0],
      code: 'missing',
      source,
      problem: `incomplete; ${absent.join(' and ')} ${absent.length === 1 ? 'is' : 'are'} also required`,
    });
  }
  if ((files ?? data) !== undefined && findSource('temporal.namespace') === undefined) {
    problems.push({
      key: 'temporal.namespace',
      code: 'missing',
      problem:
        'missing namespace, which is required with temporal.mutual-tls; set TEMPORAL_NAMESPACE, or add temporal.namespace to a settings file',
    });
  }
  return problems;
}
