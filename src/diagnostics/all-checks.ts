import type { Check, DoctorCheck } from './check.ts';
import { certificateExpiryCheck, certificateFormatCheck } from './checks/certificate-format-and-expiry.ts';
import { clockCheck } from './checks/clock.ts';
import { namespaceCheck, systemInfoCheck } from './checks/engine.ts';
import { filePermissionsCheck, gitCheck } from './checks/secret-files.ts';
import { pollersCheck } from './checks/pollers.ts';
import { encryptionKeyCheck, processStartCheck } from './checks/process.ts';
import { definitionDriftCheck, runtimeCheck, temporalSdkCheck } from './checks/project.ts';
import { workerPortsCheck } from './checks/worker-ports.ts';
import { restCredentialsCheck, tenantCheck } from './checks/rest.ts';
import { engineSettingsCheck, restSettingsCheck, workerSettingsCheck } from './checks/settings.ts';
import { applicationFilesCheck } from './checks/settings-files.ts';
import { temporalAddressCheck, temporalTlsCheck, tlsVerificationCheck } from './checks/environment-variables.ts';
import { engineHandshakeCheck } from './checks/handshake.ts';
import { configuredCertificateCheck, issuedCertificateCheck } from './checks/certificate-material.ts';
import { engineTokenCheck } from './checks/token.ts';
import { workerAgreementCheck, workerCheck } from './checks/worker.ts';
import type { CheckInput } from './input.ts';

/** The connectivity check: everything that must work for a worker to start. In the order of results. */
export const connectionChecks: readonly Check<CheckInput>[] = [
  restSettingsCheck,
  engineSettingsCheck,
  restCredentialsCheck,
  engineTokenCheck,
  configuredCertificateCheck,
  issuedCertificateCheck,
  engineHandshakeCheck,
  systemInfoCheck,
  namespaceCheck,
];

/** Every check, in the order of results. A check comes after those it requires or waits for. */
export const allChecks: readonly DoctorCheck[] = [
  applicationFilesCheck,
  restSettingsCheck,
  engineSettingsCheck,
  workerSettingsCheck,
  temporalAddressCheck,
  temporalTlsCheck,
  filePermissionsCheck,
  gitCheck,
  restCredentialsCheck,
  tenantCheck,
  clockCheck,
  tlsVerificationCheck,
  engineTokenCheck,
  configuredCertificateCheck,
  certificateFormatCheck,
  certificateExpiryCheck,
  issuedCertificateCheck,
  engineHandshakeCheck,
  systemInfoCheck,
  namespaceCheck,
  pollersCheck,
  processStartCheck,
  encryptionKeyCheck,
  definitionDriftCheck,
  temporalSdkCheck,
  runtimeCheck,
  workerPortsCheck,
  workerCheck,
  workerAgreementCheck,
];

/** For display: by plane, and in ascending order of their IDs within a plane. */
export function sortChecks<Sorted extends { readonly id: string; readonly plane: string }>(
  checks: readonly Sorted[],
): Sorted[] {
  const planes = checks.map(({ plane }) => plane);
  return [...checks].sort((a, b) => planes.indexOf(a.plane) - planes.indexOf(b.plane) || a.id.localeCompare(b.id));
}
