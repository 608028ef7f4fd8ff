import type { Check } from './check.ts';
import { certificateExpiry, certificateForm } from './checks/certificates.ts';
import { clockSkew } from './checks/clock.ts';
import { describeNamespace, systemInfo } from './checks/engine.ts';
import { filePermissions, filesInGit } from './checks/files.ts';
import { processStart, queuePollers } from './checks/pollers.ts';
import { definitionDrift, nodeVersion } from './checks/project.ts';
import { restCredentials } from './checks/rest.ts';
import { sdkVersions } from './checks/sdk-versions.ts';
import { engineSettingsCheck, restSettingsCheck } from './checks/settings.ts';
import { settingNotes, temporalTls, temporalVariables, workerSettings } from './checks/worker-settings.ts';
import { tenantVisible } from './checks/tenant.ts';
import { engineHandshake, givenCertificate, issuedCertificate } from './checks/tls.ts';
import { engineToken } from './checks/token.ts';
import { workerAgrees, workerCheck } from './checks/worker.ts';
import type { CheckFacts, CheckInput } from './check-input.ts';
import type { DoctorFound, DoctorInput } from './input.ts';

/** The connectivity check: what has to work for a worker to start. In the order of results, as below. */
export const connectionChecks: readonly Check<CheckInput, CheckFacts>[] = [
  restSettingsCheck,
  engineSettingsCheck,
  restCredentials,
  engineToken,
  givenCertificate,
  issuedCertificate,
  engineHandshake,
  systemInfo,
  describeNamespace,
];

/** Every check, in the order of results. What a check requires, or waits for, comes before it. */
export const registry: readonly Check<DoctorInput, DoctorFound>[] = [
  restSettingsCheck,
  engineSettingsCheck,
  workerSettings,
  settingNotes,
  temporalVariables,
  temporalTls,
  filePermissions,
  filesInGit,
  restCredentials,
  tenantVisible,
  clockSkew,
  engineToken,
  givenCertificate,
  certificateForm,
  certificateExpiry,
  issuedCertificate,
  engineHandshake,
  systemInfo,
  describeNamespace,
  queuePollers,
  processStart,
  definitionDrift,
  sdkVersions,
  nodeVersion,
  workerCheck,
  workerAgrees,
];
