import { X509Certificate } from 'node:crypto';
import { isoTime } from '../../base/clock.ts';
import { correctedNow } from '../clock-skew.ts';
import type { ExpiryThreshold } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { notConfigured, PARTS, withObstacles } from './certificate-material.ts';
import {
  hasByteOrderMark,
  hasLiteralNewlines,
  listTraits,
  acceptanceFacts,
  describeAcceptance,
  acceptanceOf,
} from '../causes/certificate-acceptance.ts';
import { passed, type DoctorCheck } from '../check.ts';

const DAY = 86_400_000;

export const certificateFormatCheck: DoctorCheck = {
  id: 'KF-TLS-004',
  title: 'Certificate file format',
  plane: 'tls',
  requires: ['KF-TLS-001'],
  offline: true,
  timeoutMs: 2_000,
  notApplicable: notConfigured,
  run: async ({ input, outputs }) => {
    if (input.material.kind !== 'given') throw new Error('there is no configured certificate');
    const text = await input.material.read();
    const acceptance = acceptanceOf(listTraits(text, correctedNow(input, outputs)) ?? []);
    const facts = { authorities: outputs.material?.ca.length ?? 0 };
    const { form, paths } = input.material;
    // Inline PEM is written on one line so that it fits in a variable; only the worker reads it.
    if (form !== 'files') return passed('inline data, which only the worker reads', facts);
    const seen = { ...facts, ...acceptanceFacts(acceptance) };
    const phrase = describeAcceptance(acceptance);
    for (const [code, problem, isAffected] of FORMAT_PROBLEMS) {
      const affected = (['cert', 'key', 'ca'] as const).filter((part) => isAffected(text[part]));
      const [first] = affected;
      if (first === undefined) continue;
      const file = paths?.[first];
      const message = `${problem} in the ${affected.map((part) => PARTS[part]).join(', ')}${phrase === undefined ? '' : ` (${phrase})`}`;
      return toFinding('KF-TLS-004', code, message, { facts: seen, ...(file !== undefined && { values: { file } }) });
    }
    return passed(phrase ?? 'every tested program accepts the files', seen);
  },
};

/** The most severe problem comes first. */
const FORMAT_PROBLEMS = [
  ['certificate-literal-newlines', 'Literal \\n instead of line breaks', hasLiteralNewlines],
  ['certificate-byte-order-mark', 'Byte order mark before the PEM text', hasByteOrderMark],
  ['certificate-crlf', 'Windows line endings (CRLF)', (pem: string) => pem.includes('\r\n')],
] as const;

/** Default: less than 14 days or a third of the lifetime is left, whichever is shorter. */
function expiresSoon(begin: number, end: number, now: number, threshold: ExpiryThreshold | undefined): boolean {
  const left = end - now;
  if (threshold?.kind === 'duration') return left < threshold.ms;
  if (threshold?.kind === 'share') return left < (end - begin) * threshold.share;
  return left < Math.min(14 * DAY, (end - begin) / 3);
}

export const certificateExpiryCheck: DoctorCheck = {
  id: 'KF-TLS-005',
  title: 'Engine certificate expiration',
  plane: 'tls',
  requires: ['KF-TLS-001'],
  offline: true,
  timeoutMs: 2_000,
  notApplicable: notConfigured,
  run: ({ input, outputs }) => {
    const { material } = outputs;
    if (material === undefined) throw new Error('KF-TLS-001 provided no certificate');
    const now = correctedNow(input, outputs);
    const roots = material.ca.map((pem) => new X509Certificate(pem));
    const facts = {
      validTo: isoTime(material.notAfter),
      daysLeft: Math.floor((material.notAfter - now) / DAY),
      authorityValidTo: roots.map(({ validTo }) => isoTime(Date.parse(validTo))),
    };
    const left = `${facts.daysLeft} days`;
    if (expiresSoon(material.notBefore, material.notAfter, now, input.warnExpiry)) {
      const text =
        material.notAfter <= now
          ? `The engine certificate expired on ${facts.validTo}`
          : `The engine certificate expires in ${left}, on ${facts.validTo}`;
      const finding = toFinding('KF-TLS-005', 'certificate-expires-soon', text, { facts });
      return withObstacles(finding, input.material);
    }
    const expiringRoot = roots.find(({ validFrom, validTo }) =>
      expiresSoon(
        Date.parse(validFrom),
        Date.parse(validTo),
        now,
        input.warnExpiry ?? { kind: 'duration', ms: 14 * DAY },
      ),
    );
    if (expiringRoot !== undefined) {
      const end = isoTime(Date.parse(expiringRoot.validTo));
      const text = `The CA certificate ${expiringRoot.subject.replaceAll('\n', ', ')} expires on ${end}`;
      const finding = toFinding('KF-TLS-005', 'certificate-authority-expires-soon', text, { facts });
      return withObstacles(finding, input.material);
    }
    return passed(`${left} left`, facts);
  },
};
