import { skippedBecauseOf, type Check } from '../check.ts';
import type { DoctorInput, DoctorOutputs } from '../input.ts';
import { toFinding } from '../explain-finding.ts';

export const tlsVerificationCheck: Check<DoctorInput, DoctorOutputs> = {
  id: 'KF-SET-007',
  title: 'Verification of certificates',
  plane: 'settings',
  docs: 'kf-set-007',
  requires: [],
  after: ['KF-REST-001'],
  offline: true,
  timeoutMs: 1_000,
  notApplicable: ({ isVerificationOff }) =>
    isVerificationOff ? undefined : 'NODE_TLS_REJECT_UNAUTHORIZED does not turn it off',
  run: ({ resultOf }) => {
    // What it hides is the root cause.
    if (resultOf('KF-REST-001')?.cause?.code.startsWith('rest-tls') === true)
      return Promise.resolve(skippedBecauseOf('KF-REST-001'));
    const text =
      'NODE_TLS_REJECT_UNAUTHORIZED is 0: a TypeScript worker sends the client secret to any server, whatever its certificate';
    return Promise.resolve(toFinding({ id: 'KF-SET-007', code: 'settings-tls-unverified', text }));
  },
};
