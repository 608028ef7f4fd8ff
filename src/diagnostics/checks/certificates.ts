import { X509Certificate } from 'node:crypto';
import { isoTime } from '../../base/clock.ts';
import type { Check } from '../check.ts';
import { correctedNow, type DoctorFound, type DoctorInput, type ExpiryThreshold } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import {
  hasByteOrderMark,
  hasLiteralNewlines,
  traitsOf,
  verdictFacts,
  verdictPhrase,
  verdictsOf,
} from '../causes/sdk.ts';

type DoctorCheck = Check<DoctorInput, DoctorFound>;

const DAY = 86_400_000;

const requested = ({ material }: DoctorInput): string | undefined =>
  material.kind === 'requested' ? 'no certificate is given: KuFlow is asked for one' : undefined;

const PARTS = { cert: 'client certificate', key: 'private key', ca: 'CA' } as const;

export const certificateForm: DoctorCheck = {
  id: 'KF-TLS-004',
  title: 'Certificate files as other programs read them',
  plane: 'tls',
  docs: 'kf-tls-004',
  requires: ['KF-TLS-001'],
  offline: true,
  timeoutMs: 2_000,
  notApplicable: requested,
  run: async ({ input, found }) => {
    if (input.material.kind !== 'given') throw new Error('asked without given material');
    const text = await input.material.read();
    const verdicts = verdictsOf(traitsOf(text, correctedNow(input, found)) ?? []);
    const facts = { authorities: found.material?.ca.length ?? 0 };
    const { form, paths } = input.material;
    // Inline text is written for the worker, as one line, which is what a variable holds; nobody else reads it.
    if (form !== 'files') return { state: 'pass', summary: 'inline: only the worker reads it', facts };
    const seen = { ...facts, ...verdictFacts(verdicts) };
    const phrase = verdictPhrase(verdicts);
    for (const { code, what, is } of HARD_TO_READ) {
      const affected = (['cert', 'key', 'ca'] as const).filter((part) => is(text[part]));
      const [first] = affected;
      if (first === undefined) continue;
      const file = paths?.[first];
      return toFinding({
        ...{ id: 'KF-TLS-004', code, facts: seen },
        text: `${what}: ${affected.map((part) => PARTS[part]).join(', ')}${phrase === undefined ? '' : ` (${phrase})`}`,
        ...(file !== undefined && { values: { file } }),
      });
    }
    return { state: 'pass', summary: phrase ?? 'every program that was tried takes it', facts: seen };
  },
};

/** What hinders more comes first. */
const HARD_TO_READ: readonly {
  readonly code: string;
  readonly what: string;
  readonly is: (pem: string) => boolean;
}[] = [
  {
    code: 'certificate-literal-newlines',
    what: '\\n stands in place of line breaks',
    is: hasLiteralNewlines,
  },
  { code: 'certificate-byte-order-mark', what: 'A byte order mark comes before the PEM', is: hasByteOrderMark },
  { code: 'certificate-crlf', what: 'Line ends of Windows', is: (pem) => pem.includes('\r\n') },
];

/** Whether so little of a life is left that it is worth saying. */
export function expiresSoon(begin: number, end: number, now: number, threshold: ExpiryThreshold | undefined): boolean {
  const left = end - now;
  if (threshold?.kind === 'duration') return left < threshold.ms;
  if (threshold?.kind === 'share') return left < (end - begin) * threshold.share;
  return left < Math.min(14 * DAY, (end - begin) / 3);
}

export const certificateExpiry: DoctorCheck = {
  id: 'KF-TLS-005',
  title: 'Life of the engine certificate',
  plane: 'tls',
  docs: 'kf-tls-005',
  requires: ['KF-TLS-001'],
  offline: true,
  timeoutMs: 2_000,
  notApplicable: requested,
  run: ({ input, found }) => {
    const { material } = found;
    if (material === undefined) throw new Error('no certificate was found before');
    const now = correctedNow(input, found);
    const roots = material.ca.map((pem) => new X509Certificate(pem));
    const facts = {
      validTo: isoTime(material.notAfter),
      daysLeft: Math.floor((material.notAfter - now) / DAY),
      authorityValidTo: roots.map(({ validTo }) => isoTime(Date.parse(validTo))),
    };
    const left = `${facts.daysLeft} days`;
    if (expiresSoon(material.notBefore, material.notAfter, now, input.warnExpiry)) {
      return Promise.resolve(
        toFinding({
          ...{ id: 'KF-TLS-005', code: 'certificate-expires-soon', facts },
          text:
            material.notAfter <= now
              ? `The engine certificate ended on ${facts.validTo}`
              : `The engine certificate ends in ${left}, on ${facts.validTo}`,
        }),
      );
    }
    const ending = roots.find(({ validFrom, validTo }) =>
      expiresSoon(
        Date.parse(validFrom),
        Date.parse(validTo),
        now,
        input.warnExpiry ?? { kind: 'duration', ms: 14 * DAY },
      ),
    );
    if (ending !== undefined) {
      const end = isoTime(Date.parse(ending.validTo));
      return Promise.resolve(
        toFinding({
          ...{ id: 'KF-TLS-005', code: 'certificate-authority-expires-soon', facts },
          text: `${ending.subject.replaceAll('\n', ', ')} of the CA ends on ${end}`,
        }),
      );
    }
    return Promise.resolve({ state: 'pass', summary: `${left} left`, facts });
  },
};
