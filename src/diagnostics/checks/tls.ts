import { join, parse } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { isoTime } from '../../base/clock.ts';
import { probeHandshake } from '../../engine/dial/handshake.ts';
import {
  normalisePem,
  readTlsMaterial,
  type TlsMaterialProblem,
  type TlsMaterialText,
} from '../../engine/material/tls-material.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckFacts, CheckInput, IssuedMaterial } from '../check-input.ts';
import type { Sourced } from '../../connection/inspect.ts';
import type { CertificateSource, CertificatePaths } from '../../connection/certificate.ts';
import { correctedNow } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { handshakeCause } from '../causes/engine.ts';
import { clocksOf, dialOptions, engineFinding, handshakeFactList } from '../causes/engine-findings.ts';
import { restFinding } from '../causes/rest.ts';
import { traitsOf, verdictFacts, verdictPhrase, verdictsOf, type Verdicts } from '../causes/sdk.ts';

interface Origin {
  readonly source: string;
  readonly paths?: CertificatePaths | undefined;
}

/** Beside the old key, under a name that the same rule of `.gitignore` fits. */
function newKeyFor(path: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}.pkcs8${ext}`);
}

/** What can not be used, by the first of the problems; where another program would take it all the same, that is told. */
function unusable(
  id: string,
  problems: readonly TlsMaterialProblem[],
  { source, paths }: Origin,
  verdicts?: Verdicts,
): Finding<never> {
  const phrase = verdicts && verdictPhrase(verdicts);
  return toFinding({
    ...{ id, code: `certificate-${problems[0]?.code ?? 'unreadable'}` },
    text: `${problems.map(({ message }) => message).join('; ')}${phrase === undefined ? '' : ` (${phrase})`}`,
    facts: {
      source,
      problems: problems.map(({ part, code }) => `${part}: ${code}`),
      ...(verdicts && verdictFacts(verdicts)),
    },
    values: { source, ...(paths?.key !== undefined && { key: paths.key, 'new-key': newKeyFor(paths.key) }) },
  });
}

/** As every program was seen to take it. */
const firstKey = (pem: string): string =>
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z0-9 ]*PRIVATE KEY-----/.exec(normalisePem(pem))?.[0] ?? '';

const keptOf = ({ found }: Finding<CheckFacts>): Pick<Finding<CheckFacts>, 'found'> => (found ? { found } : {});

function judgeMaterial(
  text: TlsMaterialText,
  namespace: Sourced<string> | undefined,
  id: string,
  origin: Origin,
  now: number,
): Finding<CheckFacts> {
  const reading = readTlsMaterial(text, now);
  if (!reading.ok && id === 'KF-TLS-001' && reading.problems.every(({ code }) => code === 'several-keys')) {
    const first = judgeMaterial({ ...text, key: firstKey(text.key) }, namespace, id, origin, now);
    return first.state === 'pass' ? { ...unusable(id, reading.problems, origin), ...keptOf(first) } : first;
  }
  if (!reading.ok) {
    const traits = id === 'KF-TLS-001' ? traitsOf(text, now) : undefined;
    return unusable(id, reading.problems, origin, traits && verdictsOf(traits));
  }
  const { material } = reading;
  const until = isoTime(material.notAfter);
  return {
    state: 'pass',
    summary: `${material.subject.replaceAll('\n', ', ')}, valid until ${until}`,
    facts: {
      source: origin.source,
      subject: material.subject,
      issuer: material.issuer,
      validTo: until,
      fingerprint: material.fingerprint,
      authorities: material.ca.length,
    },
    found: { material, ...(namespace && { namespace }) },
  };
}

/** What is there of a set is judged; that a part is missing is told by the check of the settings, where that is part of the run. */
function judgePart(
  text: TlsMaterialText,
  origin: Extract<CertificateSource, { readonly kind: 'incomplete' }>,
  now: number,
  isTold: boolean,
): Finding<never> {
  const { missing, source } = origin;
  const reading = readTlsMaterial(text, now);
  const problems = reading.ok ? [] : reading.problems.filter(({ part }) => !missing.includes(part));
  if (problems.length > 0) return unusable('KF-TLS-001', problems, origin);
  const what = `a part of the set is missing: ${missing.map((part) => PARTS[part]).join(', ')}`;
  const facts = { source, missing };
  if (!isTold) return toFinding({ id: 'KF-TLS-001', code: 'certificate-incomplete', text: what, facts });
  const because = { skipped: 'blocked', blockedBy: 'KF-SET-006' } as const;
  return { state: 'skip', ...because, summary: `because of KF-SET-006: ${what}`, facts };
}

const PARTS = { cert: 'client certificate', key: 'private key', ca: 'CA' } as const;

export const givenCertificate: Check<CheckInput, CheckFacts> = {
  id: 'KF-TLS-001',
  title: 'Engine certificate from settings',
  plane: 'tls',
  docs: 'kf-tls-001',
  // Files can be judged whatever else is missing.
  requires: [],
  after: ['KF-REST-001', 'KF-SET-006'],
  offline: true,
  timeoutMs: 5_000,
  notApplicable: ({ material }) =>
    material.kind === 'requested' ? 'no certificate is given: KuFlow is asked for one' : undefined,
  run: async ({ input, found, ended }) => {
    const { material } = input;
    if (material.kind === 'requested') throw new Error('asked without given material');
    const { source } = material;
    const now = correctedNow(input, found);
    try {
      const text = await material.read();
      if (material.kind === 'given') return judgeMaterial(text, input.namespace, 'KF-TLS-001', material, now);
      return judgePart(text, material, now, ended('KF-SET-006')?.state === 'fail');
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      const text = [error.message, error.seen].filter((part) => part !== undefined).join(': ');
      return toFinding({
        ...{ id: 'KF-TLS-001', code: 'certificate-files-unreadable', text },
        facts: { source },
        values: { file: error.tried ?? source },
      });
    }
  },
};

export const issuedCertificate: Check<CheckInput, CheckFacts> = {
  id: 'KF-TLS-002',
  title: 'Engine certificate from KuFlow',
  plane: 'tls',
  docs: 'kf-tls-002',
  requires: ['KF-REST-001'],
  offline: false,
  creates: 'engine certificate',
  timeoutMs: 15_000,
  notApplicable: ({ material }) =>
    material.kind === 'requested' ? undefined : `not requested: given by ${material.source}`,
  run: async ({ input, found, signal }) => {
    const now = correctedNow(input, found);
    let issued: IssuedMaterial;
    try {
      issued = await input.rest.requestCertificate(signal, now);
    } catch (error) {
      return restFinding(error);
    }
    const namespace = input.namespace ?? { value: issued.namespace, source: "KuFlow's engine certificate" };
    const finding = judgeMaterial(issued.text, namespace, 'KF-TLS-002', { source: 'issued by KuFlow' }, now);
    return { ...finding, ...(issued.reused !== true && { created: 'engine certificate' }) };
  },
};

export const engineHandshake: Check<CheckInput, CheckFacts> = {
  id: 'KF-TLS-003',
  title: 'TLS handshake with the engine',
  plane: 'tls',
  docs: 'kf-tls-003',
  requires: ['KF-SET-006', 'KF-TLS-001', 'KF-TLS-002'],
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
