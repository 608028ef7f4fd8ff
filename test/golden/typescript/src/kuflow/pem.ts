import { createPrivateKey, X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** PEM text as it should have been: environment variables often carry `\n` in place of line ends, or CRLF. */
export function normalizePem(text: string): string {
  const lines = text.replaceAll('\\r', '').replaceAll('\\n', '\n').replaceAll('\r\n', '\n').trim();
  return `${lines}\n`;
}

/** The certificates of a PEM text, in their order. Throws on one that can't be read. */
export function certificatesOf(pem: string): readonly X509Certificate[] {
  return (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
}

/** Why this can't be used as a client certificate, or undefined. */
export function certificateProblem(pem: string): string | undefined {
  const certificate = firstCertificate(pem);
  if (certificate === undefined) return 'no PEM certificate (-----BEGIN CERTIFICATE-----) that can be read';
  // Temporal's core refuses these before it connects, with an error that doesn't say so.
  if (isVersion1(certificate)) return 'an X.509 version 1 certificate; version 3 is needed';
  return undefined;
}

/** Why this can't be used as a trusted CA, or undefined. */
export function caProblem(pem: string): string | undefined {
  return firstCertificate(pem) === undefined
    ? 'no PEM certificate (-----BEGIN CERTIFICATE-----) that can be read'
    : undefined;
}

/** Why this can't be used as the private key, or undefined. */
export function keyProblem(pem: string): string | undefined {
  if (/-----BEGIN (RSA|EC|DSA) PRIVATE KEY-----/.test(pem)) {
    return 'a key in PKCS#1 or SEC1 form; PKCS#8 (-----BEGIN PRIVATE KEY-----) is needed: openssl pkcs8 -topk8 -nocrypt';
  }
  if (pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')) {
    return 'an encrypted key; a PKCS#8 key without a passphrase is needed';
  }
  if (!pem.includes('-----BEGIN PRIVATE KEY-----')) return 'no PKCS#8 key (-----BEGIN PRIVATE KEY-----)';
  try {
    createPrivateKey(pem);
    return undefined;
  } catch {
    return 'a PKCS#8 key that can not be read';
  }
}

/** Whether the key belongs to the certificate. Both must have passed their checks. */
export function keyFitsCertificate(certificatePem: string, keyPem: string): boolean {
  return firstCertificate(certificatePem)?.checkPrivateKey(createPrivateKey(keyPem)) ?? false;
}

function firstCertificate(pem: string): X509Certificate | undefined {
  try {
    return certificatesOf(pem)[0];
  } catch {
    return undefined;
  }
}

// Certificate ::= SEQUENCE { TBSCertificate ::= SEQUENCE { [0] version, … } }: version 1 is the one that is not written.
function isVersion1(certificate: X509Certificate): boolean {
  const der = certificate.raw;
  const certificateBody = contentOffset(der, 0);
  return der[contentOffset(der, certificateBody)] !== 0xa0;
}

function contentOffset(der: Buffer, at: number): number {
  const length = der[at + 1] ?? 0;
  return at + 2 + (length & 0x80 ? length & 0x7f : 0);
}
