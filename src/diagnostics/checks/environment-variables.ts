import { findInstalledVersion, isOlder } from '../../files/package-version.ts';
import { passed, skippedBecauseOf, type DoctorCheck } from '../check.ts';
import { toFinding } from '../explain-finding.ts';
import { hasUnreadFile } from './settings-files.ts';

export const temporalAddressCheck: DoctorCheck = {
  id: 'KF-SET-004',
  title: 'Settings sources',
  plane: 'settings',
  after: ['KF-SET-003'],
  offline: true,
  timeoutMs: 1_000,
  run: ({ input }) => {
    if (hasUnreadFile(input)) return skippedBecauseOf('KF-SET-003');
    const address = input.env['TEMPORAL_ADDRESS']?.trim() ?? '';
    const { value, source } = input.target;
    const shadows = input.shadowed.map((one) => `${one.key}: ${one.source} overrides ${one.shadows.join(', ')}`);
    const facts = { ...(address !== '' && { temporalAddress: address }), target: value, targetSource: source, shadows };
    if (address !== '' && address !== value) {
      const isDefault = source === 'default';
      const text = isDefault
        ? `TEMPORAL_ADDRESS is ${address}, but the worker does not read that variable and uses ${value} (${source})`
        : `TEMPORAL_ADDRESS is ${address}, but temporal.target is ${value} (${source})`;
      return toFinding('KF-SET-004', isDefault ? 'settings-address-alone' : 'settings-address-differs', text, {
        facts,
        values: { address },
      });
    }
    const summary = shadows.length === 0 ? 'every setting has a single source' : shadows.join('; ');
    return passed(summary, facts);
  },
};

const ENVCONFIG_FIXED_IN = '1.22.0';

export const temporalTlsCheck: DoctorCheck = {
  id: 'KF-SET-005',
  title: 'TEMPORAL_TLS',
  plane: 'settings',
  offline: true,
  timeoutMs: 2_000,
  notApplicable: ({ env }) => ((env['TEMPORAL_TLS'] ?? '') === '' ? 'TEMPORAL_TLS is not set' : undefined),
  run: async ({ input }) => {
    const version = await findInstalledVersion(input.folder, '@temporalio/envconfig');
    if (version === undefined) return passed('set, but no package here reads it');
    const facts = { envconfig: version };
    if (!isOlder(version, ENVCONFIG_FIXED_IN))
      return passed(`set; @temporalio/envconfig ${version} reads it correctly`, facts);
    const text = `TEMPORAL_TLS is set, and the installed @temporalio/envconfig ${version} turns TLS off because of it`;
    return toFinding('KF-SET-005', 'settings-temporal-tls-inverted', text, { facts });
  },
};

export const tlsVerificationCheck: DoctorCheck = {
  id: 'KF-SET-007',
  title: 'Certificate verification',
  plane: 'settings',
  after: ['KF-REST-001'],
  offline: true,
  timeoutMs: 1_000,
  notApplicable: ({ isVerificationOff }) =>
    isVerificationOff ? undefined : 'NODE_TLS_REJECT_UNAUTHORIZED does not turn off verification',
  run: ({ resultOf }) => {
    // What it hides is the root cause.
    if (resultOf('KF-REST-001')?.cause?.code.startsWith('rest-tls') === true) return skippedBecauseOf('KF-REST-001');
    const text =
      'NODE_TLS_REJECT_UNAUTHORIZED is 0, so a TypeScript worker sends the client secret to any server, whatever its certificate';
    return toFinding('KF-SET-007', 'settings-tls-unverified', text);
  },
};
