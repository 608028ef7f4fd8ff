import type { SettingName } from '../../settings/keys.ts';
import type { ResolvedSettings, Setting, SettingsResult } from '../../settings/resolve.ts';
import { sourceText } from '../../settings/sources.ts';
import type { ConnectionProblem } from '../../connection/inspect.ts';
import type { DoctorInput, NamedFile } from '../../diagnostics/input.ts';

/** What the doctor needs of the settings beside the connection. */
export type DoctorSettings = Pick<
  DoctorInput,
  'workerProblems' | 'notes' | 'shadowed' | 'files' | 'queue' | 'tenantId' | 'profile'
>;

const OF_THE_WORKER = (key: string): boolean => key === 'temporal.kuflow-queue' || /^worker(\.|$)/.test(key);

/** The problems of a result that keep a connection from being made, and those that only concern the worker. */
export function partitionProblems(result: SettingsResult): {
  readonly connection: SettingsResult;
  readonly worker: readonly ConnectionProblem[];
} {
  return {
    connection: { ...result, problems: result.problems.filter(({ key }) => !OF_THE_WORKER(key)) },
    worker: result.problems
      .filter(({ key }) => OF_THE_WORKER(key))
      .map(({ key, code, source, expected }) => ({
        key,
        problem: `${code === 'missing' ? 'missing' : 'expected'} ${expected}`,
        ...(source && { source: sourceText(source) }),
      })),
  };
}

/** `inProject`: whether a task queue is required, as it is where there is a worker. */
export function doctorSettings(result: SettingsResult, inProject: boolean): DoctorSettings {
  const { settings, warnings } = result;
  const worker = partitionProblems(result).worker;
  const queue = settings['temporal.kuflow-queue'];
  const tenantId = settings['kuflow.api.tenant-id'];
  const credentials = settings['kuflow.api.client-id']?.source;
  const lacksQueue = inProject && queue === undefined && !worker.some(({ key }) => key === 'temporal.kuflow-queue');
  return {
    workerProblems: [
      ...worker,
      ...(lacksQueue
        ? [{ key: 'temporal.kuflow-queue', problem: 'missing task queue of the process definition' }]
        : []),
    ],
    notes: warnings.map(({ key, code, source, message }) => ({ key, code, source: sourceText(source), message })),
    shadowed: shadowedSettings(settings),
    files: namedFiles(result),
    ...(queue && { queue: { value: queue.value, source: sourceText(queue.source) } }),
    ...(tenantId && { tenantId: { value: tenantId.value, source: sourceText(tenantId.source) } }),
    ...(credentials?.kind === 'profile' && { profile: credentials.name }),
  };
}

function shadowedSettings(settings: ResolvedSettings): DoctorSettings['shadowed'] {
  return (Object.entries(settings) as [SettingName, Setting<unknown>][])
    .filter(([, { shadows }]) => shadows.length > 0)
    .map(([key, { source, shadows }]) => ({ key, source: sourceText(source), shadows: shadows.map(sourceText) }));
}

const FILES: readonly (readonly [SettingName, string, boolean])[] = [
  ['temporal.mutual-tls.cert', 'the client certificate', false],
  ['temporal.mutual-tls.key', 'the private key', true],
  ['temporal.mutual-tls.ca', 'the CA', false],
  ['kuflow.api.ca', 'the CA of the REST API', false],
];
const INLINE_SECRETS: readonly SettingName[] = ['kuflow.api.client-secret', 'temporal.mutual-tls.key-data'];

function namedFiles({ settings }: SettingsResult): readonly NamedFile[] {
  const named = FILES.flatMap(([name, what, secret]): readonly NamedFile[] => {
    const setting = settings[name];
    return setting === undefined
      ? []
      : [{ what, path: String(setting.value), source: sourceText(setting.source), secret }];
  });
  // The file that a secret stands in itself, whether by a setting of its own or as a line of the application files.
  const holding = INLINE_SECRETS.flatMap((name): readonly NamedFile[] => {
    const source = settings[name]?.source;
    if (source?.file === undefined || source.kind === 'flag') return [];
    // Git is meant to track that one; that a secret stands in it is told by itself.
    if (/[\\/]application\.yaml$/.test(source.file)) return [];
    return [{ what: `the file of ${name}`, path: source.file, source: sourceText(source), secret: true }];
  });
  const paths = new Set<string>();
  return [...named, ...holding].filter(({ path }) => !paths.has(path) && paths.add(path));
}
