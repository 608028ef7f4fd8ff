import type { Advice } from '../../base/advice.ts';
import { join, parse } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { isoTime } from '../../base/clock.ts';
import { groupBy } from '../../base/group-by.ts';
import {
  normalizePem,
  readTlsMaterial,
  type TlsMaterialProblem,
  type TlsMaterialText,
} from '../../engine/material/tls-material.ts';
import { FILE_FORMATS, utf16Encoding } from '../../engine/material/file-format.ts';
import { fillAdvice } from '../advice.ts';
import { passed, skippedBecauseOf, type Check, type Finding } from '../check.ts';
import type { CheckInput, IssuedMaterial } from '../input.ts';
import type { Sourced } from '../../connection/inspect.ts';
import type { CertificatePart, CertificatePaths, CertificateSource } from '../../connection/certificate.ts';
import { hasUnreadFile } from './settings-files.ts';
import { correctedNow } from '../clock-skew.ts';
import { getExplainedCause, toFinding } from '../explain-finding.ts';
import { isForeignTenant } from './rest.ts';
import { restFinding } from '../causes/rest.ts';
import {
  listTraits,
  acceptanceFacts,
  describeAcceptance,
  acceptanceOf,
  type AcceptanceByProgram,
} from '../causes/certificate-acceptance.ts';

interface MaterialOrigin {
  readonly source: string;
  readonly paths?: CertificatePaths | undefined;
  /** What the settings say, unless KuFlow issued it. */
  readonly material?: CertificateSource;
}

/** Next to the old key, with a name that the same `.gitignore` rule matches. */
function convertedKeyPath(path: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}.pkcs8${ext}`);
}

/** The file of a part, and a name for its converted copy that the same `.gitignore` rules match. */
function conversionValues(part: keyof TlsMaterialText, path: string, text: string): Readonly<Record<string, string>> {
  const { dir, name } = parse(path);
  return {
    file: path,
    'new-file': join(dir, `${name}.${part}.pem`),
    setting: `temporal.mutual-tls.${part}`,
    encoding: utf16Encoding(text) ?? 'UTF-16',
  };
}

/** Advice for every part in another format, because a PKCS#12 file is often used for several parts. */
function conversionAdvice(
  id: string,
  problems: readonly TlsMaterialProblem[],
  text: TlsMaterialText,
  { paths }: MaterialOrigin,
): readonly Advice[] {
  return problems.flatMap(({ part, code }) => {
    const path = paths?.[part];
    if (path === undefined || !(code in FILE_FORMATS)) return [];
    const { advice } = getExplainedCause(id, `certificate-${code}`);
    return fillAdvice(advice, conversionValues(part, path, text[part]), { part });
  });
}

/** What to remove so that the part comes from elsewhere. */
function describeSetting({ part, source, isVariable }: CertificatePart): string {
  return isVariable ? source : `temporal.mutual-tls.${part} (${source})`;
}

/** A finding for the first problem. Says if other programs accept the set anyway. */
function materialFinding(
  id: string,
  problems: readonly TlsMaterialProblem[],
  text: TlsMaterialText,
  origin: MaterialOrigin,
  acceptance?: AcceptanceByProgram,
): Finding {
  const { source, paths, material = { kind: 'requested' } } = origin;
  const conversions = conversionAdvice(id, problems, text, origin);
  const phrase = acceptance && describeAcceptance(acceptance);
  const [first] = problems;
  const odd = first?.code === 'key-mismatch' ? findOddPart(material) : undefined;
  const code = `certificate-${odd === undefined ? (first?.code ?? 'unreadable') : 'mixed-sources'}`;
  const message = `${problems.map((problem) => problem.message).join('; ')}${phrase === undefined ? '' : ` (${phrase})`}`;
  const finding = toFinding(id, code, message, {
    facts: {
      source,
      problems: problems.map((problem) => `${problem.part}: ${problem.code}`),
      ...(acceptance && acceptanceFacts(acceptance)),
    },
    values: {
      source,
      ...(paths?.key !== undefined && { key: paths.key, 'new-key': convertedKeyPath(paths.key) }),
      ...(first?.subject !== undefined && { subject: first.subject, file: paths?.cert ?? source }),
      ...(odd !== undefined && { odd: describeSetting(odd), part: PARTS[odd.part] }),
    },
  });
  return conversions.length > 0 ? { ...finding, advice: conversions } : withObstacles(finding, material);
}

/** Every tested program uses the first key. */
const extractFirstKey = (pem: string): string =>
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z0-9 ]*PRIVATE KEY-----/.exec(normalizePem(pem))?.[0] ?? '';

function evaluateMaterial(
  text: TlsMaterialText,
  namespace: Sourced<string> | undefined,
  id: string,
  origin: MaterialOrigin,
  now: number,
): Finding {
  const reading = readTlsMaterial(text, now);
  if (!reading.ok && id === 'KF-TLS-001' && reading.problems.every(({ code }) => code === 'several-keys')) {
    const first = evaluateMaterial({ ...text, key: extractFirstKey(text.key) }, namespace, id, origin, now);
    return first.state === 'pass'
      ? { ...materialFinding(id, reading.problems, text, origin), outputs: first.outputs }
      : first;
  }
  if (!reading.ok) {
    const traits = id === 'KF-TLS-001' ? listTraits(text, now) : undefined;
    return materialFinding(id, reading.problems, text, origin, traits && acceptanceOf(traits));
  }
  const { material } = reading;
  const until = isoTime(material.notAfter);
  const { subject, issuer, fingerprint, ca } = material;
  const facts = { source: origin.source, subject, issuer, validTo: until, fingerprint, authorities: ca.length };
  const outputs = { material, ...(namespace && { namespace }) };
  return passed(`${subject.replaceAll('\n', ', ')}, valid until ${until}`, facts, outputs);
}

/** Checks the parts that exist. The settings check reports missing parts, if it is part of the run. */
function evaluatePartialMaterial(
  set: TlsMaterialText,
  origin: Extract<CertificateSource, { readonly kind: 'incomplete' }>,
  now: number,
  isReported: boolean,
): Finding {
  const { missing, source } = origin;
  const reading = readTlsMaterial(set, now);
  const problems = reading.ok ? [] : reading.problems.filter(({ part }) => !missing.includes(part));
  if (problems.length > 0) return materialFinding('KF-TLS-001', problems, set, { ...origin, material: origin });
  const text = `The certificate set is incomplete; missing: ${missing.map((part) => PARTS[part]).join(', ')}`;
  const facts = { source, missing };
  if (!isReported) return toFinding('KF-TLS-001', 'certificate-incomplete', text, { facts });
  return { ...skippedBecauseOf('KF-SET-006', text), facts };
}

export const PARTS = { cert: 'client certificate', key: 'private key', ca: 'CA' } as const;

export const notConfigured = (input: CheckInput): string | undefined =>
  input.material.kind === 'requested' && !hasUnreadFile(input)
    ? 'not configured; KuFlow issues the certificate'
    : undefined;

export const configuredCertificateCheck: Check<CheckInput> = {
  id: 'KF-TLS-001',
  title: 'Configured engine certificate',
  plane: 'tls',
  // Files can be checked even if other settings are missing.
  after: ['KF-REST-001', 'KF-CLOCK-001', 'KF-SET-006'],
  offline: true,
  timeoutMs: 5_000,
  notApplicable: notConfigured,
  run: async ({ input, outputs, resultOf }) => {
    const { material } = input;
    if (material.kind === 'requested') return skippedBecauseOf('KF-SET-003');
    const { source } = material;
    const now = correctedNow(input, outputs);
    try {
      const text = await material.read();
      if (material.kind === 'given') {
        const evaluate = (at: number): Finding =>
          evaluateMaterial(text, input.namespace, 'KF-TLS-001', { ...material, material }, at);
        const finding = evaluate(now);
        const isByClock = finding.state === 'fail' && evaluate(input.clock.now()).state !== 'fail';
        return isByClock && resultOf('KF-CLOCK-001')?.state === 'fail'
          ? skippedBecauseOf('KF-CLOCK-001', finding.summary)
          : finding;
      }
      return evaluatePartialMaterial(text, material, now, resultOf('KF-SET-006')?.state === 'fail');
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      const text = [error.message, error.seen].filter((part) => part !== undefined).join(': ');
      const finding = toFinding('KF-TLS-001', 'certificate-files-unreadable', text, {
        facts: { source },
        values: { file: error.tried ?? source },
      });
      return withObstacles(finding, material);
    }
  },
};

export const issuedCertificateCheck: Check<CheckInput> = {
  id: 'KF-TLS-002',
  title: 'Issued engine certificate',
  plane: 'tls',
  requires: ['KF-REST-001'],
  after: ['KF-REST-002'],
  creates: 'engine certificate',
  timeoutMs: 15_000,
  notApplicable: ({ material }) =>
    material.kind === 'requested' ? undefined : `not requested, because the certificate comes from ${material.source}`,
  run: async ({ input, outputs, signal, resultOf }) => {
    if (isForeignTenant(resultOf)) return skippedBecauseOf('KF-REST-002');
    const now = correctedNow(input, outputs);
    let issued: IssuedMaterial;
    try {
      issued = await input.rest.requestCertificate(signal, now);
    } catch (error) {
      return restFinding(error);
    }
    const namespace = input.namespace ?? { value: issued.namespace, source: "KuFlow's engine certificate" };
    const usable = evaluateMaterial(issued.text, namespace, 'KF-TLS-002', { source: 'issued by KuFlow' }, now);
    const finding = usable.state === 'pass' ? (findOtherNamespace(issued, input) ?? usable) : usable;
    return { ...finding, ...(issued.reused !== true && { created: 'engine certificate' }) };
  },
};

/** The worker uses the namespace in the settings, even if the certificate is for another one. */
function findOtherNamespace({ namespace: own }: IssuedMaterial, { namespace }: CheckInput): Finding | undefined {
  if (namespace === undefined || own === '' || namespace.value === own) return undefined;
  const text = `KuFlow issued the certificate for the namespace ${own}, but the settings specify ${namespace.value} (${namespace.source})`;
  return toFinding('KF-TLS-002', 'certificate-other-namespace', text, {
    facts: { namespace: own, configuredNamespace: namespace.value, namespaceSource: namespace.source },
    values: { source: namespace.source },
  });
}

const REPLACING = /^<kuflow> credentials (pull|rotate)$/;

/**
 * The finding, whose advice says what has to happen before a new certificate can be used: variables and inline data override the files that a pull
 * writes, and without `--force`, a pull does not replace settings that point to files of another origin.
 */
export function withObstacles(finding: Finding, material: CertificateSource): Finding {
  const parts = material.kind === 'requested' ? [] : (material.parts ?? []);
  const overriding = parts.filter(({ isVariable, path }) => isVariable || path === undefined);
  const needsForce = parts.some(({ isVariable, path }) => !isVariable && path !== undefined && !isPulled(path));
  const advice = (finding.advice ?? []).flatMap((one): readonly Advice[] => {
    const [, command] = REPLACING.exec(one.command ?? '') ?? [];
    if (command === undefined) return [one];
    const before = overriding.map(({ source }) => source).join(', ');
    return [
      ...(before === '' ? [] : [{ text: `Remove ${before}, which overrides the files that the next command writes` }]),
      command === 'pull' && needsForce ? { ...one, command: `${one.command ?? ''} --force` } : one,
    ];
  });
  return { ...finding, advice };
}

const isPulled = (path: string): boolean => /[\\/]\.kuflow[\\/]credentials[\\/]/.test(path);

/** The part that comes from another place than the other two: from a variable, or from another application file. */
function findOddPart(material: CertificateSource): CertificatePart | undefined {
  const parts = material.kind === 'requested' ? [] : (material.parts ?? []);
  const origins = groupBy(parts, ({ origin }) => origin);
  if (origins.size < 2) return undefined;
  const [smallest = []] = [...origins.values()].sort((one, other) => one.length - other.length);
  return smallest.find(({ part }) => part === 'key') ?? smallest[0];
}
