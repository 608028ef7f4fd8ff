import { createPrivateKey, X509Certificate } from 'node:crypto';

const PRIVATE_KEY = /-----BEGIN (?:(?:RSA|EC) )?PRIVATE KEY-----/;
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
  if (pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----') || pem.includes('Proc-Type: 4,ENCRYPTED')) {
    return 'an encrypted key; a key without a passphrase is required: openssl pkcs8 -topk8 -nocrypt';
  }
  if (!PRIVATE_KEY.test(pem)) return 'no private key (-----BEGIN PRIVATE KEY-----)';
  try {
    createPrivateKey(pem);
    return undefined;
  } catch {
    return 'a malformed private key';
  }
}

/** A valid private key as PKCS#8. It may be PKCS#1 (RSA) or SEC1 (EC), which some SDKs do not accept. */
export function toPkcs8(pem: string): string {
  return createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' }).toString();
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
