import { skippedBecauseOf } from '../check.ts';
import type { DoctorCheck } from '../input.ts';
import { toFinding } from '../explain-finding.ts';

export const tlsVerificationCheck: DoctorCheck = {
  id: 'KF-SET-007',
  title: 'Verification of certificates',
  plane: 'settings',
  after: ['KF-REST-001'],
  offline: true,
  timeoutMs: 1_000,
  notApplicable: ({ isVerificationOff }) =>
    isVerificationOff ? undefined : 'NODE_TLS_REJECT_UNAUTHORIZED does not turn it off',
  run: ({ resultOf }) => {
    // What it hides is the root cause.
    if (resultOf('KF-REST-001')?.cause?.code.startsWith('rest-tls') === true) return skippedBecauseOf('KF-REST-001');
    const text =
      'NODE_TLS_REJECT_UNAUTHORIZED is 0: a TypeScript worker sends the client secret to any server, whatever its certificate';
    return toFinding({ id: 'KF-SET-007', code: 'settings-tls-unverified', text });
  },
};
