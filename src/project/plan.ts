import type { ProjectSpec } from '../languages/project-spec.ts';
import { localSettingsFile } from './local-settings.ts';
import type { Plan } from '../languages/planned-file.ts';
import { recordFile } from './record.ts';
import { renderTemplate } from './render.ts';

/**
 * The whole project as it will be on disk, sorted by path: the rendered template with its process definition, this machine's settings,
 * and the record of how it was made. Pure in the answers; throws when two files want one path.
 */
export async function planProject(
  answers: ProjectSpec,
  made: { readonly version: string; readonly command: string },
): Promise<Plan> {
  const rendered = await renderTemplate(answers);
  const local = localSettingsFile(answers);
  // The settings hold a secret, whose hash would say something of it in a tracked file.
  const files = [...rendered, recordFile(answers, rendered, made), ...(local === undefined ? [] : [local])];
  const sorted = files.sort((one, other) => (one.path < other.path ? -1 : 1));
  const taken = new Set<string>();
  for (const { path } of sorted) {
    // Some file systems know no case: two such files would be one.
    const key = path.toLowerCase();
    if (taken.has(key)) throw new Error(`The plan holds ${path} twice`);
    taken.add(key);
  }
  return { files: sorted };
}
