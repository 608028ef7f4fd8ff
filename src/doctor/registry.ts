import type { Check } from './check.ts';
import { describeNamespace, systemInfo } from './checks/engine.ts';
import { restCredentials } from './checks/rest.ts';
import { settingsComplete } from './checks/settings.ts';
import { engineHandshake, givenCertificate, issuedCertificate } from './checks/tls.ts';
import { engineToken } from './checks/token.ts';
import type { ConnectionFound, ConnectionInput } from './connection-input.ts';

/** Every check, in the order of results. What a check requires comes before it. */
export const registry: readonly Check<ConnectionInput, ConnectionFound>[] = [
  settingsComplete,
  restCredentials,
  engineToken,
  givenCertificate,
  issuedCertificate,
  engineHandshake,
  systemInfo,
  describeNamespace,
];
