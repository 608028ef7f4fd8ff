import type { PlannedFile, ProjectPlan } from '../languages/planned-file.ts';
import type { ProjectSpec } from '../languages/project-spec.ts';
import { LOCAL_SETTINGS_FILE } from '../settings/keys.ts';
import { localSettingsText, type LocalValues } from '../settings/application-files.ts';
import { baseOf, renderBaseFile } from './base-archive.ts';
import { renderRecordFile } from './record.ts';
import { renderProject } from './render.ts';

/**
 * The whole project as it will be on disk, sorted by path: the rendered templates, the process definition, the settings of this machine, the
 * project record, and the base archive. Depends only on its arguments. Throws when two files have the same path.
 */
export async function planProject(
  spec: ProjectSpec,
  created: { readonly version: string; readonly command: string },
): Promise<ProjectPlan> {
  const rendered = await renderProject(spec);
  const localSettings = planLocalSettings(spec);
  const files = [
    ...rendered,
    renderRecordFile(spec, created),
    // Git tracks the archive, so it must not contain the local settings, which contain a secret.
    await renderBaseFile(baseOf(rendered, spec.template?.files)),
    ...(localSettings === undefined ? [] : [localSettings]),
  ];
  const sorted = files.sort((one, other) => (one.path < other.path ? -1 : 1));
  const seen = new Set<string>();
  for (const { path } of sorted) {
    // On a case-insensitive file system the two would be one file.
    const key = path.toLowerCase();
    if (seen.has(key)) throw new Error(`The plan contains ${path} twice`);
    seen.add(key);
  }
  return { files: sorted };
}

/** The settings of this machine, mode 0600, ignored by git. Undefined without any, as on the local KuFlow, which supplies its own. */
function planLocalSettings(spec: ProjectSpec): PlannedFile | undefined {
  const { endpoint, clientId, clientSecret, tenantId, ca, target } = spec.connection ?? {};
  const values: LocalValues = {
    'kuflow.api.endpoint': endpoint,
    'kuflow.api.client-id': clientId,
    'kuflow.api.client-secret': clientSecret,
    'kuflow.api.tenant-id': tenantId,
    'kuflow.api.ca': ca,
    'temporal.target': target,
  };
  if (spec.local || Object.values(values).every((value) => value === undefined)) return undefined;
  return { path: LOCAL_SETTINGS_FILE, contents: Buffer.from(localSettingsText(values)), mode: 0o600 };
}
