import { yamlString } from '../names/yaml.ts';
import type { Answers } from './answers.ts';
import type { PlannedFile } from './plan.ts';

export const LOCAL_SETTINGS_FILE = 'application-local.yaml';

/**
 * `application-local.yaml`: what only this machine may know, 0600 and ignored by git. None for the local platform, which injects
 * its own, and none without anything to put in.
 */
export function localSettingsFile(answers: Answers): PlannedFile | undefined {
  const connection = answers.connection ?? {};
  const api = [
    ['endpoint', connection.endpoint],
    ['client-id', connection.clientId],
    ['client-secret', connection.clientSecret?.reveal()],
    ['tenant-id', connection.tenantId],
    ['ca', connection.ca],
  ] as const;
  const lines = api.flatMap(([key, value]) => (value === undefined ? [] : [`    ${key}: ${yamlString(value)}`]));
  const target = connection.target === undefined ? [] : ['temporal:', `  target: ${yamlString(connection.target)}`];
  if (answers.local || lines.length + target.length === 0) return undefined;
  const text = [
    '# Settings of this machine over application.yaml. Holds a secret: readable by you only, ignored by git.',
    ...(lines.length === 0 ? [] : ['kuflow:', '  api:', ...lines]),
    ...target,
    '',
  ].join('\n');
  return { path: LOCAL_SETTINGS_FILE, contents: Buffer.from(text), mode: 0o600 };
}
