import { isWorkerSetting, type SettingsResult } from '../settings/precedence.ts';
import type { Environment } from '../settings/environment.ts';

/**
 * Whether no connection is configured: no ID, secret, address or certificate, not even an invalid one or a placeholder, and no file
 * that cannot be read.
 */
export function hasNoConnection({ settings, problems }: SettingsResult, env: Environment): boolean {
  const isSet = Object.entries(settings).some(
    ([key, setting]) => !isWorkerSetting(key) && setting.source.kind !== 'default',
  );
  const hasInvalid = problems.some(({ key, code }) => !isWorkerSetting(key) && code !== 'missing');
  const missingSources = problems.filter(({ code }) => code === 'missing').map(({ source }) => source);
  return (
    !isSet &&
    !hasInvalid &&
    missingSources.every((source) => source === undefined) &&
    credentialVariables(env).length === 0
  );
}

export const CREDENTIAL_VARIABLES = [
  'KUFLOW_API_CLIENTID',
  'KUFLOW_API_CLIENTSECRET',
  'KUFLOW_API_CLIENTSECRET_FILE',
] as const;

/** The variables that are set and give a worker its client ID or secret. */
export function credentialVariables(env: Environment): readonly string[] {
  return CREDENTIAL_VARIABLES.filter((name) => (env[name]?.trim() ?? '') !== '');
}
