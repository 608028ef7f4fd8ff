import { KnownError } from '../../base/errors.ts';
import { isoTime } from '../../base/iso-time.ts';
import { probeHandshake } from '../../engine/dial/handshake.ts';
import { readTlsMaterial, type TlsMaterialText } from '../../engine/material/tls-material.ts';
import type { Check, Finding } from '../check.ts';
import type { ConnectionFound, ConnectionInput, IssuedMaterial, Sourced } from '../connection-input.ts';
import { correctedNow } from '../doctor-input.ts';
import { explainedFinding } from '../explained.ts';
import { handshakeCause } from '../engine-causes.ts';
import { clocksOf, dialOptions, engineFinding, handshakeFactList } from '../engine-findings.ts';
import { restFinding } from '../rest-causes.ts';

function judgeMaterial(
  text: TlsMaterialText,
  namespace: Sourced<string> | undefined,
  id: string,
  source: string,
  now: number,
): Finding<ConnectionFound> {
  const reading = readTlsMaterial(text, now);
  if (!reading.ok) {
    const texts = reading.problems.map(({ message }) => message);
    return explainedFinding({
      id,
      code: `certificate-${reading.problems[0]?.code ?? 'unreadable'}`,
      text: texts.join('; '),
      facts: { source, problems: reading.problems.map(({ part, code }) => `${part}: ${code}`) },
      values: { source },
    });
  }
  const { material } = reading;
  const until = isoTime(material.notAfter);
  return {
    state: 'pass',
    summary: `${material.subject.replaceAll('\n', ', ')}, valid until ${until}`,
    facts: {
      source,
      subject: material.subject,
      issuer: material.issuer,
      validTo: until,
      fingerprint: material.fingerprint,
      authorities: material.ca.length,
    },
    found: { material, ...(namespace && { namespace }) },
  };
}

export const givenCertificate: Check<ConnectionInput, ConnectionFound> = {
  id: 'KF-TLS-001',
  title: 'Engine certificate from settings',
  plane: 'tls',
  docs: 'kf-tls-001',
  // Files can be judged whatever else is missing.
  requires: [],
  after: ['KF-REST-001'],
  offline: true,
  timeoutMs: 5_000,
  notApplicable: ({ material }) =>
    material.kind === 'requested' ? 'no certificate is given: KuFlow is asked for one' : undefined,
  run: async ({ input, found }) => {
    if (input.material.kind !== 'given') throw new Error('asked without given material');
    const { read, source } = input.material;
    try {
      return judgeMaterial(await read(), input.namespace, 'KF-TLS-001', source, correctedNow(input, found));
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      const text = [error.message, error.seen].filter((part) => part !== undefined).join(': ');
      return explainedFinding({
        ...{ id: 'KF-TLS-001', code: 'certificate-files-unreadable', text },
        facts: { source },
        values: { file: error.tried ?? source },
      });
    }
  },
};

export const issuedCertificate: Check<ConnectionInput, ConnectionFound> = {
  id: 'KF-TLS-002',
  title: 'Engine certificate from KuFlow',
  plane: 'tls',
  docs: 'kf-tls-002',
  requires: ['KF-REST-001'],
  offline: false,
  creates: 'engine certificate',
  timeoutMs: 15_000,
  notApplicable: ({ material }) =>
    material.kind === 'given' ? `not requested: given by ${material.source}` : undefined,
  run: async ({ input, found, signal }) => {
    let issued: IssuedMaterial;
    try {
      issued = await input.rest.requestCertificate(signal);
    } catch (error) {
      return restFinding(error);
    }
    const namespace = input.namespace ?? { value: issued.namespace, source: "KuFlow's engine certificate" };
    const finding = judgeMaterial(issued.text, namespace, 'KF-TLS-002', 'issued by KuFlow', correctedNow(input, found));
    return { ...finding, ...(issued.reused && { reused: issued.reused }) };
  },
};

export const engineHandshake: Check<ConnectionInput, ConnectionFound> = {
  id: 'KF-TLS-003',
  title: 'TLS handshake with the engine',
  plane: 'tls',
  docs: 'kf-tls-003',
  requires: ['KF-SET-001', 'KF-TLS-001', 'KF-TLS-002'],
  after: ['KF-CLOCK-001'],
  offline: false,
  // Connect, handshake and the reads after it have limits of their own, which say more.
  timeoutMs: 15_000,
  run: async ({ input, found, signal, ended }) => {
    const facts = await probeHandshake(dialOptions(input, found, signal));
    const cause = handshakeCause(facts, clocksOf(input, found));
    if (cause?.code === 'engine-certificate-by-clock' && ended('KF-CLOCK-001')?.state === 'fail') {
      const because = { state: 'skip', skipped: 'blocked', blockedBy: 'KF-CLOCK-001' } as const;
      return { ...because, summary: `because of KF-CLOCK-001: ${cause.text}`, facts: handshakeFactList(facts) };
    }
    if (cause !== undefined) return engineFinding(cause, input, handshakeFactList(facts));
    const read = facts.after?.kind === 'http2' ? 'HTTP/2 answered after it' : 'nothing came after it';
    return { state: 'pass', summary: `${facts.protocol ?? 'TLS'}, ${read}`, facts: handshakeFactList(facts) };
  },
};
