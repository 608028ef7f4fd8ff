import { createPrivateKey, X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN (?:(?:RSA|EC) )?PRIVATE KEY-----/;

// Binary formats, read as UTF-8. Both start with the tag and the length of an ASN.1 sequence; PKCS#12 continues with version 3.
const DER = /^0\ufffd/;
const PKCS12 = /^0\ufffd[^]{0,3}\u0002\u0001\u0003/;

// The next functions accept what environment variables often contain: CRLF or a literal `\n` instead of line feeds. They return
// PEM with line feeds, and throw an error that says what was found instead.

/** A client certificate, which may be followed by the rest of its chain. */
export function readCertificate(text: string): string {
  const pem = readCertificates(text, '-clcerts');
  // Temporal's core rejects these before it connects, with an error that does not mention the version.
  if (isVersion1(new X509Certificate(pem))) throw new Error('an X.509 version 1 certificate; version 3 is required');
  return pem;
}

/** One or more CA certificates. */
export function readAuthorities(text: string): string {
  return readCertificates(text, '-cacerts');
}

/** A private key, converted to PKCS#8. It may be PKCS#1 (RSA) or SEC1 (EC), which Temporal's core does not always accept. */
export function readPrivateKey(text: string): string {
  const pem = toPem(text, 'pkey', '-nocerts -nodes');
  // Part of the header of both PKCS#8 and the older formats.
  if (pem.includes('ENCRYPTED'))
    throw new Error('an encrypted key; a key without a passphrase is required: openssl pkcs8 -topk8 -nocrypt');
  if (!PRIVATE_KEY.test(pem)) throw new Error('no private key (-----BEGIN PRIVATE KEY-----)');
  try {
    return createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch {
    throw new Error('a malformed private key');
  }
}

function readCertificates(text: string, pkcs12Option: string): string {
  const pem = toPem(text, 'x509', `${pkcs12Option} -nokeys`);
  const certificates = pem.match(CERTIFICATE) ?? [];
  if (certificates.length === 0 || !certificates.every(isCertificate))
    throw new Error('no readable PEM certificate (-----BEGIN CERTIFICATE-----)');
  return pem;
}

/** Rejects binary formats, with the command of OpenSSL that converts them. */
function toPem(text: string, derCommand: string, pkcs12Options: string): string {
  const convert = (command: string): string => `not PEM; convert it: openssl ${command} -in FILE -out NEW_FILE`;
  if (PKCS12.test(text)) throw new Error(`a PKCS#12 file, ${convert(`pkcs12 ${pkcs12Options}`)}`);
  if (DER.test(text)) throw new Error(`a DER file, ${convert(`${derCommand} -inform der`)}`);
  return `${text.replaceAll('\\r', '').replaceAll('\\n', '\n').replaceAll('\r\n', '\n').trim()}\n`;
}

/** Whether the key belongs to the certificate. Both must be valid. */
export function keyFitsCertificate(certificatePem: string, keyPem: string): boolean {
  return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem));
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

// Certificate ::= SEQUENCE { TBSCertificate ::= SEQUENCE { [0] version, … } }. Version 1 is the default and is not encoded.
function isVersion1({ raw: der }: X509Certificate): boolean {
  const certificateBody = contentOffset(der, 0);
  return der[contentOffset(der, certificateBody)] !== 0xa0;
}

function contentOffset(der: Buffer, at: number): number {
  const length = der[at + 1] ?? 0;
  return at + 2 + (length & 0x80 ? length & 0x7f : 0);
}
