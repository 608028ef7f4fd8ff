import type { SettingName } from '../../settings/keys.ts';
import { isWorkerSetting, type ResolvedSettings, type Setting, type SettingsResult } from '../../settings/resolve.ts';
import { formatSource } from '../../settings/sources.ts';
import { settingProblems, type ConnectionProblem } from '../../connection/inspect.ts';
import type { DoctorInput, NamedFile } from '../../diagnostics/input.ts';

/** What doctor needs from the settings in addition to the connection. */
export type DoctorSettings = Pick<
  DoctorInput,
  'workerProblems' | 'settingWarnings' | 'shadowed' | 'files' | 'queue' | 'profile' | 'workerPorts'
>;

/** Separates the problems that prevent a connection from those that only affect the worker. */
export function partitionProblems(result: SettingsResult): {
  readonly connection: SettingsResult;
  readonly worker: readonly ConnectionProblem[];
} {
  const only = (isWorker: boolean): SettingsResult => ({
    ...result,
    problems: result.problems.filter(({ key }) => isWorkerSetting(key) === isWorker),
  });
  return { connection: only(false), worker: settingProblems(only(true)) };
}

/** `inProject`: there is a worker, so a task queue is required. */
export function doctorSettings(result: SettingsResult, inProject: boolean): DoctorSettings {
  const { settings, warnings } = result;
  const worker = partitionProblems(result).worker;
  const queue = settings['temporal.kuflow-queue'];
  const credentials = settings['kuflow.api.client-id']?.source;
  const lacksQueue = inProject && queue === undefined && !worker.some(({ key }) => key === 'temporal.kuflow-queue');
  return {
    workerProblems: [
      ...worker,
      ...(lacksQueue
        ? [{ key: 'temporal.kuflow-queue', problem: 'missing task queue of the process definition', missing: true }]
        : []),
    ],
    settingWarnings: warnings.map((warning) => ({ ...warning, source: formatSource(warning.source) })),
    shadowed: listShadowedSettings(settings),
    files: listNamedFiles(result),
    workerPorts: (['health', 'metrics'] as const).flatMap((use) => {
      const setting = settings[`worker.${use}-port`];
      if (setting === undefined || setting.value === 0) return [];
      return [{ use, port: { value: setting.value, source: formatSource(setting.source) } }];
    }),
    ...(queue && { queue: { value: queue.value, source: formatSource(queue.source) } }),
    ...(credentials?.kind === 'profile' && { profile: credentials.name }),
  };
}

function listShadowedSettings(settings: ResolvedSettings): DoctorSettings['shadowed'] {
  return (Object.entries(settings) as [SettingName, Setting<unknown>][])
    .filter(([, { shadows }]) => shadows.length > 0)
    .map(([key, { source, shadows }]) => ({ key, source: formatSource(source), shadows: shadows.map(formatSource) }));
}

const FILES: readonly (readonly [SettingName, string, boolean])[] = [
  ['temporal.mutual-tls.cert', 'the client certificate', false],
  ['temporal.mutual-tls.key', 'the private key', true],
  ['temporal.mutual-tls.ca', 'the CA', false],
  ['kuflow.api.ca', 'the CA of the REST API', false],
];
const INLINE_SECRETS: readonly SettingName[] = ['kuflow.api.client-secret', 'temporal.mutual-tls.key-data'];

function listNamedFiles({ settings }: SettingsResult): readonly NamedFile[] {
  const named = FILES.flatMap(([name, description, secret]): readonly NamedFile[] => {
    const setting = settings[name];
    return setting === undefined
      ? []
      : [{ description: description, path: String(setting.value), source: formatSource(setting.source), secret }];
  });
  // Files that contain a secret: one named by a setting, or an application file.
  const withSecrets = INLINE_SECRETS.flatMap((name): readonly NamedFile[] => {
    const source = settings[name]?.source;
    if (source?.file === undefined || source.kind === 'flag') return [];
    // Git is meant to track application.yaml; KF-SET-003 reports a secret in it.
    if (/[\\/]application\.yaml$/.test(source.file)) return [];
    return [{ description: `the file with ${name}`, path: source.file, source: formatSource(source), secret: true }];
  });
  const paths = new Set<string>();
  return [...named, ...withSecrets].filter(({ path }) => !paths.has(path) && paths.add(path));
}
