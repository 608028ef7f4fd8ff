import { X509Certificate } from 'node:crypto';
import { isoTime } from '../../base/clock.ts';
import { KnownError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { Secret } from '../../base/secret.ts';
import { certificateBlocks } from '../../engine/material/file-format.ts';
import {
  normalizePem,
  PART_NAMES,
  readTlsMaterial,
  type TlsMaterialProblemCode,
  type TlsMaterialText,
} from '../../engine/material/tls-material.ts';
import { certificateSource } from '../../connection/certificate.ts';
import type { IssuedMaterial, IssuedToken } from '../../diagnostics/input.ts';
import type { ResolvedSettings } from '../../settings/precedence.ts';
import type { CertificateFacts, CredentialToken, VerifiedMaterial } from './credential-set.ts';

/** The certificate in the settings, as a worker uses it. */
export type ConfiguredCertificate = NonNullable<ReturnType<typeof configuredCertificate>>;

/** The certificate in the settings; undefined if it is missing or incomplete. */
export function configuredCertificate(settings: ResolvedSettings) {
  const certificate = certificateSource({ settings, problems: [] });
  if (certificate.kind !== 'given') return undefined;
  const { source, read, paths: { cert, key, ca } = {} } = certificate;
  const isInFiles = cert !== undefined && key !== undefined && ca !== undefined;
  return { source, read, paths: isInFiles ? { cert, key, ca } : undefined };
}

export interface MaterialProblem {
  readonly code: TlsMaterialProblemCode | 'cut' | 'other-authority' | 'authority-outside-validity' | 'namespace';
  /** One sentence without secrets. */
  readonly message: string;
}

const LONGEST_NAMESPACE = 1000;
const LONGEST_CHAIN = 8;

/**
 * Verifies an engine certificate offline: complete PEM, an X.509 v3 client certificate within its validity, a matching
 * PKCS#8 key, a signature by the CA that came with it, and a namespace. Lists every problem. `now` is in milliseconds
 * since the epoch.
 */
export function verifyMaterial({ namespace, text }: IssuedMaterial, now: number) {
  const reading = readTlsMaterial(text, now);
  const problems: MaterialProblem[] = [...findTruncatedParts(text), ...checkNamespace(namespace)];
  if (!reading.ok) return { ok: false as const, problems: [...reading.problems, ...problems] };
  const { material } = reading;
  const chain = parseCertificates(material.cert);
  const roots = material.ca.flatMap(parseCertificates);
  problems.push(...checkChain(chain, roots, now));
  const [leaf] = chain;
  if (problems.length > 0 || leaf === undefined) return { ok: false as const, problems };
  const verified: VerifiedMaterial = {
    namespace,
    certificate: material.cert,
    privateKey: new Secret(material.key),
    authorities: material.ca.join(''),
    leaf: certificateFacts(leaf),
    roots: roots.map(certificateFacts),
  };
  return { ok: true as const, verified };
}

/** A token with its expiry. Throws a KnownError if it has expired at `now` (ms), or has no readable expiry. */
export function verifyToken({ token, expiredAt }: IssuedToken, now: number): CredentialToken {
  const reject = (problem: string): never => {
    throw rejectedAnswerError("KuFlow's engine token cannot be used", problem);
  };
  const value = token.reveal();
  if (value.trim() === '') return reject('the response does not contain a token');
  if (/[^\u0021-\u007e]/.test(value))
    return reject('the token contains characters that are not allowed in an HTTP header');
  if (expiredAt === undefined) return reject('the response does not say when the token expires (no expiredAt)');
  const expiresAt = Date.parse(expiredAt);
  if (Number.isNaN(expiresAt)) return reject(`expiredAt is not a valid time: ${escapeForTerminal(expiredAt, 60)}`);
  if (expiresAt <= now)
    return reject(`the token expired at ${isoTime(expiresAt)}; the local clock says ${isoTime(now)}`);
  return { value: token, expiresAt: isoTime(expiresAt) };
}

export function rejectedMaterialError(problems: readonly MaterialProblem[]): KnownError {
  return rejectedAnswerError(
    "KuFlow's engine certificate cannot be used; nothing was written",
    problems.map(({ message }) => message).join('; '),
  );
}

function rejectedAnswerError(message: string, seen: string): KnownError {
  return new KnownError({
    message,
    tried: "check KuFlow's answer",
    seen,
    next: [
      'Check the clock of this machine',
      'Try again; if it keeps failing, report the time and this error to KuFlow',
    ],
  });
}

/** Facts of the first certificate in a text, valid or not; undefined if there is no readable certificate. */
export function readLeafFacts(text: TlsMaterialText): CertificateFacts | undefined {
  try {
    const [leaf] = parseCertificates(normalizePem(text.cert));
    return leaf && certificateFacts(leaf);
  } catch {
    return undefined;
  }
}

function certificateFacts(certificate: X509Certificate): CertificateFacts {
  return {
    subject: nameOnOneLine(certificate.subject),
    issuer: nameOnOneLine(certificate.issuer),
    serial: certificate.serialNumber,
    fingerprint: certificate.fingerprint256,
    notBefore: isoTime(Date.parse(certificate.validFrom)),
    notAfter: isoTime(Date.parse(certificate.validTo)),
  };
}

function nameOnOneLine(name: string): string {
  return escapeForTerminal(name.replaceAll('\n', ', '), 200);
}

function parseCertificates(pem: string): readonly X509Certificate[] {
  return certificateBlocks(pem).map((block) => new X509Certificate(block));
}

/** A text that ends in the middle of a block would pass as the complete blocks before it. */
function findTruncatedParts(text: TlsMaterialText): readonly MaterialProblem[] {
  return (Object.keys(PART_NAMES) as (keyof TlsMaterialText)[]).flatMap((part): readonly MaterialProblem[] => {
    const pem = normalizePem(text[part]);
    const begun = pem.match(/-----BEGIN /g)?.length ?? 0;
    const ended = pem.match(/-----END [A-Z0-9 ]+-----/g)?.length ?? 0;
    return begun === ended || ended === 0
      ? []
      : [{ code: 'cut', message: `${PART_NAMES[part]} is truncated: ${begun} PEM blocks begin, but ${ended} end` }];
  });
}

function checkNamespace(namespace: string): readonly MaterialProblem[] {
  if (namespace.trim() === '') return [{ code: 'namespace', message: 'The namespace is empty' }];
  const isValid =
    namespace.length <= LONGEST_NAMESPACE &&
    namespace.trim() === namespace &&
    escapeForTerminal(namespace, 2000) === namespace;
  return isValid ? [] : [{ code: 'namespace', message: 'The namespace is not a plain line of text' }];
}

function checkChain(
  [leaf, ...intermediates]: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  now: number,
): readonly MaterialProblem[] {
  const isSignedBy = (certificate: X509Certificate, signer: X509Certificate): boolean =>
    signer.ca && certificate.checkIssued(signer) && certificate.verify(signer.publicKey);
  let at = leaf;
  for (let step = 0; at !== undefined && step < LONGEST_CHAIN; step++) {
    const current = at;
    const root = roots.find((candidate) => isSignedBy(current, candidate));
    const signer = root ?? intermediates.find((candidate) => candidate !== current && isSignedBy(current, candidate));
    if (signer !== undefined && (Date.parse(signer.validTo) < now || Date.parse(signer.validFrom) > now)) {
      const names = `${nameOnOneLine(signer.subject)}, which signed ${nameOnOneLine(current.subject)},`;
      const message = `${names} is not valid now (${signer.validFrom} to ${signer.validTo})`;
      return [{ code: 'authority-outside-validity', message }];
    }
    if (root !== undefined) return [];
    at = signer;
  }
  const issuer = leaf === undefined ? '' : ` (issuer ${nameOnOneLine(leaf.issuer)})`;
  return [
    { code: 'other-authority', message: `The CA that came with the client certificate did not sign it${issuer}` },
  ];
}
