import { X509Certificate } from 'node:crypto';
import { isoTime } from '../../base/iso-time.ts';
import type { TlsMaterialText } from '../../engine/material/tls-material.ts';
import type { Check } from '../check.ts';
import { correctedNow, type DoctorFound, type DoctorInput, type ExpiryThreshold } from '../doctor-input.ts';
import { explainedFinding } from '../explained.ts';

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
    const authorities = found.material?.ca.length ?? 0;
    const facts = {
      typescript: 'reads it as it is',
      python: 'reads it as it is',
      java: authorities > 1 ? `trusts only the first of ${authorities} certificates of the CA` : 'reads it as it is',
      authorities,
    };
    // Inline text is written that way on purpose: a variable holds one line.
    const { form, paths } = input.material;
    const where = (has: (pem: string) => boolean): readonly (keyof TlsMaterialText)[] =>
      form === 'files' ? (['cert', 'key', 'ca'] as const).filter((part) => has(text[part])) : [];
    const literal = where((pem) => /-----\\n/.test(pem));
    const windows = where((pem) => pem.includes('\r\n'));
    const isLiteral = literal.length > 0;
    const affected = isLiteral ? literal : windows;
    const [first] = affected;
    if (first !== undefined) {
      const parts = affected.map((part) => PARTS[part]);
      const file = paths?.[first];
      return explainedFinding({
        id: 'KF-TLS-004',
        code: isLiteral ? 'certificate-literal-newlines' : 'certificate-crlf',
        text: isLiteral
          ? `\\n stands in place of line breaks: ${parts.join(', ')}`
          : `Line ends of Windows: ${parts.join(', ')}`,
        facts,
        ...(file !== undefined && { values: { file } }),
      });
    }
    const summary = authorities > 1 ? `Java ${facts.java}; all others take all of them` : 'every SDK reads them alike';
    return { state: 'pass', summary, facts };
  },
};

/** Whether so little of a life is left that it is worth saying. */
export function isSoon(begin: number, end: number, now: number, threshold: ExpiryThreshold | undefined): boolean {
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
    if (isSoon(material.notBefore, material.notAfter, now, input.warnExpiry)) {
      return Promise.resolve(
        explainedFinding({
          ...{ id: 'KF-TLS-005', code: 'certificate-expires-soon', facts },
          text:
            material.notAfter <= now
              ? `The engine certificate ended on ${facts.validTo}`
              : `The engine certificate ends in ${left}, on ${facts.validTo}`,
        }),
      );
    }
    const ending = roots.find(({ validFrom, validTo }) =>
      isSoon(Date.parse(validFrom), Date.parse(validTo), now, input.warnExpiry ?? { kind: 'duration', ms: 14 * DAY }),
    );
    if (ending !== undefined) {
      const end = isoTime(Date.parse(ending.validTo));
      return Promise.resolve(
        explainedFinding({
          ...{ id: 'KF-TLS-005', code: 'certificate-authority-expires-soon', facts },
          text: `${ending.subject.replaceAll('\n', ', ')} of the CA ends on ${end}`,
        }),
      );
    }
    return Promise.resolve({ state: 'pass', summary: `${left} left`, facts });
  },
};
