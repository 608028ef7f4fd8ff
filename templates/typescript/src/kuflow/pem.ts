import { createPrivateKey, X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Restores line feeds: environment variables often contain a literal `\n` or CRLF instead. */
export function normalizePem(text: string): string {
  const lines = text.replaceAll('\\r', '').replaceAll('\\n', '\n').replaceAll('\r\n', '\n').trim();
  return `${lines}\n`;
}

/** The certificates of a PEM text, in order. Throws if one is malformed. */
export function parseCertificates(pem: string): readonly X509Certificate[] {
  return (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
}

/** What was found instead of a usable client certificate, or undefined. */
export function certificateProblem(pem: string): string | undefined {
  const certificate = firstCertificate(pem);
  if (certificate === undefined) return 'no readable PEM certificate (-----BEGIN CERTIFICATE-----)';
  // Temporal's core rejects these before it connects, with an error that does not mention the version.
  if (isVersion1(certificate)) return 'an X.509 version 1 certificate; version 3 is required';
  return undefined;
}

/** What was found instead of a usable CA certificate, or undefined. */
export function caProblem(pem: string): string | undefined {
  return firstCertificate(pem) === undefined ? 'no readable PEM certificate (-----BEGIN CERTIFICATE-----)' : undefined;
}

/** What was found instead of a usable private key, or undefined. */
export function keyProblem(pem: string): string | undefined {
  if (/-----BEGIN (RSA|EC|DSA) PRIVATE KEY-----/.test(pem)) {
    return 'a PKCS#1 or SEC1 key; PKCS#8 (-----BEGIN PRIVATE KEY-----) is required: openssl pkcs8 -topk8 -nocrypt';
  }
  if (pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')) {
    return 'an encrypted key; a PKCS#8 key without a passphrase is required';
  }
  if (!pem.includes('-----BEGIN PRIVATE KEY-----')) return 'no PKCS#8 key (-----BEGIN PRIVATE KEY-----)';
  try {
    createPrivateKey(pem);
    return undefined;
  } catch {
    return 'a malformed PKCS#8 key';
  }
}

/** Whether the key belongs to the certificate. Both must be valid. */
export function keyFitsCertificate(certificatePem: string, keyPem: string): boolean {
  return firstCertificate(certificatePem)?.checkPrivateKey(createPrivateKey(keyPem)) ?? false;
}

function firstCertificate(pem: string): X509Certificate | undefined {
  try {
    return parseCertificates(pem)[0];
  } catch {
    return undefined;
  }
}

// Certificate ::= SEQUENCE { TBSCertificate ::= SEQUENCE { [0] version, … } }. Version 1 is the default and is not encoded.
function isVersion1(certificate: X509Certificate): boolean {
  const der = certificate.raw;
  const certificateBody = contentOffset(der, 0);
  return der[contentOffset(der, certificateBody)] !== 0xa0;
}

function contentOffset(der: Buffer, at: number): number {
  const length = der[at + 1] ?? 0;
  return at + 2 + (length & 0x80 ? length & 0x7f : 0);
}
