import { LOCAL_SETTINGS_FILE } from '../settings/keys.ts';
import { localSettingsText, type LocalValues } from '../settings/local-settings-text.ts';
import type { ProjectSpec } from '../languages/project-spec.ts';
import type { PlannedFile } from '../languages/planned-file.ts';

/**
 * `application-local.yaml`: what only this machine may know, 0600 and ignored by git. None for the local platform, which injects
 * its own, and none without anything to put in.
 */
export function localSettingsFile(answers: ProjectSpec): PlannedFile | undefined {
  const { endpoint, clientId, clientSecret, tenantId, ca, target } = answers.connection ?? {};
  const values: LocalValues = {
    ...(endpoint === undefined ? {} : { 'kuflow.api.endpoint': endpoint }),
    ...(clientId === undefined ? {} : { 'kuflow.api.client-id': clientId }),
    ...(clientSecret === undefined ? {} : { 'kuflow.api.client-secret': clientSecret }),
    ...(tenantId === undefined ? {} : { 'kuflow.api.tenant-id': tenantId }),
    ...(ca === undefined ? {} : { 'kuflow.api.ca': ca }),
    ...(target === undefined ? {} : { 'temporal.target': target }),
  };
  if (answers.local || Object.keys(values).length === 0) return undefined;
  return { path: LOCAL_SETTINGS_FILE, contents: Buffer.from(localSettingsText(values)), mode: 0o600 };
}
