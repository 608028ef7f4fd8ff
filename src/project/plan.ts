import { sortByPath } from '../base/sort-by-path.ts';
import type { PlannedFile } from '../languages/planned-file.ts';
import type { ProjectSpec } from '../languages/project-spec.ts';
import { isProject } from '../process/find-project.ts';
import { LOCAL_SETTINGS_FILE } from '../settings/keys.ts';
import { localSettingsText } from '../settings/application-files.ts';
import { baseOf, renderBaseFile } from './base-archive.ts';
import { readRecordIfValid } from './commands.ts';
import { comparePlan, type PlanComparison } from './existing-files.ts';
import { chooseMovedFiles } from './join/moved-files.ts';
import { renderRecordFile } from './record.ts';
import { renderProject } from './render.ts';

/**
 * The whole project as it will be on disk, sorted by path: the rendered templates, the process definition, the settings of this machine, the
 * project record, and the base archive. Depends only on its arguments. Throws if two files have the same path.
 */
export async function planProject(
  spec: ProjectSpec,
  created: { readonly version: string; readonly command: string },
): Promise<readonly PlannedFile[]> {
  const rendered = await renderProject(spec);
  const localSettings = planLocalSettings(spec);
  const files = [
    ...rendered,
    renderRecordFile(spec, created),
    // Git tracks the archive, so it must not contain the local settings, which contain a secret.
    await renderBaseFile(baseOf(rendered, spec.template?.files)),
    ...(localSettings === undefined ? [] : [localSettings]),
  ];
  const seen = new Set<string>();
  for (const { path } of files) {
    // On a case-insensitive file system the two would be one file.
    const key = path.toLowerCase();
    if (seen.has(key)) throw new Error(`The plan contains ${path} twice`);
    seen.add(key);
  }
  return sortByPath(files);
}

/** The settings of this machine, mode 0600, ignored by git. Undefined without any, as on the local KuFlow, which supplies its own. */
function planLocalSettings({ local, connection = {} }: ProjectSpec): PlannedFile | undefined {
  if (local || Object.values(connection).every((value) => value === undefined)) return undefined;
  return { path: LOCAL_SETTINGS_FILE, contents: Buffer.from(localSettingsText(connection)), mode: 0o600 };
}

export interface PrepareRequest extends Pick<PlanComparison, 'outside'> {
  /** Absolute. */
  readonly folder: string;
  readonly spec: ProjectSpec;
  /** Paths of planned files that may be overwritten. */
  readonly overwrite: readonly string[];
  /** Version of the template, which is the version of this package. */
  readonly version: string;
  /** Repeats the run; stored in the project record. */
  readonly command: string;
}

/** A planned project, compared with the folder. */
export type PreparedProject = Readonly<Awaited<ReturnType<typeof prepareProject>>>;

/** Plans the project and compares it with the folder. Writes nothing. Conflicts are part of the result. */
export async function prepareProject(request: PrepareRequest) {
  const { folder, version, command } = request;
  const compare = async (spec: ProjectSpec): Promise<PlanComparison> =>
    comparePlan(folder, await planProject(spec, { version, command }), request.overwrite);
  const record = await readRecordIfValid(folder);
  let spec = record === undefined ? request.spec : { ...request.spec, movedFiles: record.movedFiles };
  let comparison = await compare(spec);
  const movedFiles = isProject(folder)
    ? {}
    : chooseMovedFiles(
        comparison.conflicts.filter(({ reason }) => reason === 'differs').map(({ path }) => path),
        folder,
        spec.name,
      );
  if (Object.keys(movedFiles).length > 0) {
    spec = { ...spec, movedFiles };
    comparison = await compare(spec);
  }
  return { spec, comparison: request.outside === undefined ? comparison : { ...comparison, outside: request.outside } };
}
