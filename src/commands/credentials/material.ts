import { X509Certificate } from 'node:crypto';
import { KnownError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { Secret } from '../../base/secret.ts';
import {
  normalisePem,
  readTlsMaterial,
  type TlsMaterial,
  type TlsMaterialProblemCode,
  type TlsMaterialText,
} from '../../engine/material/tls-material.ts';
import type { CertificateFacts, CredentialToken } from './set.ts';

/** An engine certificate as KuFlow answered it, or as it stands in files: nothing of it is trusted yet. */
export interface UnverifiedMaterial {
  readonly namespace: string;
  readonly text: TlsMaterialText;
}

export interface UnverifiedToken {
  readonly token: Secret;
  /** ISO 8601, as KuFlow sent it. */
  readonly expiredAt?: string;
}

export type MaterialProblemCode =
  TlsMaterialProblemCode | 'cut' | 'other-authority' | 'authority-outside-validity' | 'namespace';

export interface MaterialProblem {
  readonly code: MaterialProblemCode;
  /** One sentence, no secret in it. */
  readonly message: string;
}

export interface VerifiedMaterial {
  readonly namespace: string;
  readonly material: TlsMaterial;
  readonly leaf: CertificateFacts;
  readonly roots: readonly CertificateFacts[];
}

export type MaterialVerdict =
  | { readonly ok: true; readonly verified: VerifiedMaterial }
  | { readonly ok: false; readonly problems: readonly MaterialProblem[] };

const PARTS = { cert: 'The client certificate', key: 'The private key', ca: 'The CA' } as const;
const LONGEST_NAMESPACE = 1000;
const LONGEST_CHAIN = 8;

/**
 * Everything that can be said of an engine certificate without a network: PEM whole, X.509 v3 for clients within its validity, PKCS#8
 * key that belongs to it, signed by the CA that came with it, and a namespace. Lists every problem. `now` in milliseconds since the epoch.
 */
export function verifyMaterial({ namespace, text }: UnverifiedMaterial, now: number): MaterialVerdict {
  const reading = readTlsMaterial(text, now);
  const problems: MaterialProblem[] = [...cutProblems(text), ...namespaceProblems(namespace)];
  if (!reading.ok) return { ok: false, problems: [...reading.problems, ...problems] };
  const { material } = reading;
  const chain = certificatesOf(material.cert);
  const roots = material.ca.flatMap(certificatesOf);
  problems.push(...chainProblems(chain, roots, now));
  const [leaf] = chain;
  if (problems.length > 0 || leaf === undefined) return { ok: false, problems };
  return {
    ok: true,
    verified: { namespace, material, leaf: certificateFacts(leaf), roots: roots.map(certificateFacts) },
  };
}

/** The token with its end. Throws a KnownError for a token without a readable end, or one that is over. `now` in milliseconds since the epoch. */
export function verifyToken({ token, expiredAt }: UnverifiedToken, now: number): CredentialToken {
  const expiresAt = expiredAt === undefined ? Number.NaN : Date.parse(expiredAt);
  const seen = ((): string | undefined => {
    const value = token.reveal();
    if (value.trim() === '') return 'it holds no token';
    if (/[^\u0021-\u007e]/.test(value)) return 'the token holds characters that no HTTP header may hold';
    if (expiredAt === undefined) return 'it does not say when the token expires (no expiredAt)';
    if (Number.isNaN(expiresAt)) return `its expiredAt is no time: ${escapeForTerminal(expiredAt, 60)}`;
    if (expiresAt <= now)
      return `the token expired at ${new Date(expiresAt).toISOString()}, and the clock here says ${new Date(now).toISOString()}`;
    return undefined;
  })();
  if (seen !== undefined) throw refused("KuFlow's engine token can't be used", seen);
  return { value: token, expiresAt };
}

/** The error for an answer that must not be written. */
export function rejectedMaterialError(problems: readonly MaterialProblem[]): KnownError {
  return refused(
    "KuFlow's engine certificate can't be used, so nothing was written",
    problems.map(({ message }) => message).join('; '),
  );
}

function refused(message: string, seen: string): KnownError {
  return new KnownError({
    message,
    tried: "check KuFlow's answer",
    seen,
    next: ['Check the clock of this machine', 'Try again; if it stays, tell KuFlow the time and this line'],
  });
}

/** What a text says of its first certificate, whether that does or not; undefined where there is none to read. */
export function readLeafFacts(text: TlsMaterialText): CertificateFacts | undefined {
  try {
    const [leaf] = certificatesOf(normalisePem(text.cert));
    return leaf && certificateFacts(leaf);
  } catch {
    return undefined;
  }
}

export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serial: certificate.serialNumber,
    fingerprint: certificate.fingerprint256,
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
  };
}

function oneLine(name: string): string {
  return escapeForTerminal(name.replaceAll('\n', ', '), 200);
}

/** Every certificate of a text, whatever else it holds. */
function certificatesOf(pem: string): readonly X509Certificate[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g)].map(
    ([block]) => new X509Certificate(block),
  );
}

/** A text that ends in the middle of a block still holds the blocks before it, which would be taken for the whole. */
function cutProblems(text: TlsMaterialText): readonly MaterialProblem[] {
  return (Object.keys(PARTS) as (keyof typeof PARTS)[]).flatMap((part): readonly MaterialProblem[] => {
    const pem = normalisePem(text[part]);
    const begun = pem.match(/-----BEGIN /g)?.length ?? 0;
    const ended = pem.match(/-----END [A-Z0-9 ]+-----/g)?.length ?? 0;
    return begun === ended || ended === 0
      ? []
      : [{ code: 'cut', message: `${PARTS[part]} is cut: ${begun} PEM blocks begin and ${ended} end` }];
  });
}

function namespaceProblems(namespace: string): readonly MaterialProblem[] {
  if (namespace.trim() === '') return [{ code: 'namespace', message: 'The namespace is empty' }];
  const fine =
    namespace.length <= LONGEST_NAMESPACE &&
    namespace.trim() === namespace &&
    escapeForTerminal(namespace, 2000) === namespace;
  return fine ? [] : [{ code: 'namespace', message: 'The namespace is no plain line of text' }];
}

function chainProblems(
  [leaf, ...between]: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  now: number,
): readonly MaterialProblem[] {
  const signedBy = (one: X509Certificate, other: X509Certificate): boolean =>
    other.ca && one.checkIssued(other) && one.verify(other.publicKey);
  let at = leaf;
  for (let step = 0; at !== undefined && step < LONGEST_CHAIN; step++) {
    const current = at;
    const root = roots.find((candidate) => signedBy(current, candidate));
    const next = root ?? between.find((candidate) => candidate !== current && signedBy(current, candidate));
    if (next !== undefined && (Date.parse(next.validTo) < now || Date.parse(next.validFrom) > now)) {
      const message = `${oneLine(next.subject)}, which signed ${oneLine(current.subject)}, is not valid now (${next.validFrom} to ${next.validTo})`;
      return [{ code: 'authority-outside-validity', message }];
    }
    if (root !== undefined) return [];
    at = next;
  }
  const issuer = leaf === undefined ? '' : ` (issuer ${oneLine(leaf.issuer)})`;
  return [
    { code: 'other-authority', message: `The CA that came with the client certificate did not sign it${issuer}` },
  ];
}
