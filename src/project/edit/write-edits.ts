import { isRecord } from '../../base/json.ts';
import { printableJson } from '../../base/escape.ts';
import { RECORD_FILE } from '../../process/find-project.ts';
import type { TemplateOrigin } from '../../languages/project-spec.ts';
import { recordedProcesses } from '../record.ts';
import { writeChanges, type ChangedFile, type WriteOptions } from '../write-files.ts';
import { BASE_FILE, renderBaseFile } from '../base-archive.ts';
import { toProjectSpec, type WorkerProject } from './open-project.ts';
import type { Addition } from './plan-code-edits.ts';
import type { FileEdit } from './file-edit.ts';

/** A file of this tool's own that changes together with the edits. */
export interface StateEdit extends ChangedFile {
  readonly after: Uint8Array;
}

/** The state of a project after a change. `template`: the templates that generated it, if they change. */
export interface ProjectState extends Pick<Addition, 'processes' | 'base'> {
  readonly template?:
    | { readonly version: string; readonly cliPackage: string; readonly origin: TemplateOrigin | undefined }
    | undefined;
}

export async function planState(
  project: WorkerProject,
  { processes, base, template }: ProjectState,
): Promise<readonly StateEdit[]> {
  const record = Buffer.from(updatedRecordText(project, processes, template));
  const archive = await renderBaseFile(base);
  return [
    { path: RECORD_FILE, before: Buffer.from(project.recordText), after: record },
    { path: BASE_FILE, before: project.archive, after: archive.contents },
  ].filter(({ before, after }) => before === undefined || Buffer.compare(before, after) !== 0);
}

/** Writes the edits and the state of the project as `writeChanges` does. */
export async function writeEdits(
  project: WorkerProject,
  edits: readonly FileEdit[],
  state: readonly StateEdit[],
  options: WriteOptions = {},
): Promise<void> {
  const changes = edits.map(({ path, before, after }): StateEdit => {
    return { path, before: before === undefined ? undefined : Buffer.from(before), after: Buffer.from(after) };
  });
  await writeChanges(project.folder, changes, state, options);
}

function updatedRecordText(
  project: WorkerProject,
  processes: WorkerProject['processes'],
  template: ProjectState['template'],
): string {
  const { raw } = project.record;
  const recorded = recordedProcesses(toProjectSpec(project, processes)) ?? {};
  const kept = project.removedProcesses.flatMap(({ layout: { definitionFile }, remainingFiles }) =>
    recorded[definitionFile] === undefined && remainingFiles.length > 0 && isRecord(raw['processes'])
      ? [[definitionFile, raw['processes'][definitionFile]] as const]
      : [],
  );
  const rest = Object.entries(raw)
    .filter(([key]) => key !== 'processes')
    .map(([key, value]) => {
      if (template === undefined || !isRecord(value)) return [key, value] as const;
      if (key === 'template') return [key, { ...value, version: template.version }] as const;
      if (key !== 'answers') return [key, value] as const;
      const { cliPackage, origin } = template;
      return [key, { ...value, cliPackage, ...(origin === undefined ? {} : { template: origin }) }] as const;
    });
  const all = { ...recorded, ...Object.fromEntries(kept) };
  const updated = {
    ...Object.fromEntries(rest),
    ...(Object.keys(all).length === 0 ? {} : { processes: all }),
  };
  return `${printableJson(updated, true)}\n`;
}
