import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isoTime } from '../../base/clock.ts';
import { contentOffset, detectFileFormat, FILE_FORMATS, type FileFormat } from './file-format.ts';

/** Certificate, key and CA as text, from files, inline settings or a response from KuFlow. */
export interface TlsMaterialText {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Checked and normalized PEM: only PEM blocks, with line feeds. `key` is secret. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** All certificates of the CA, one PEM each; all of them are trusted. */
  readonly ca: readonly string[];
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256, colon separated. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export type TlsMaterialProblemCode =
  | FileFormat
  | 'empty'
  | 'not-pem'
  | 'base64-of-pem'
  | 'swapped'
  | 'unreadable'
  | 'encrypted-key'
  | 'several-keys'
  | 'x509-version'
  | 'key-mismatch'
  | 'leaf-is-ca'
  | 'chain-order'
  | 'unreadable-date'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-extended-key-usage';

export interface TlsMaterialProblem {
  readonly code: TlsMaterialProblemCode;
  readonly part: keyof TlsMaterialText;
  /** One sentence, without secrets. */
  readonly message: string;
  /** With `chain-order`: that of the client certificate, on one line. */
  readonly subject?: string;
}

export type TlsMaterialReading =
  | { readonly ok: true; readonly material: TlsMaterial }
  | { readonly ok: false; readonly problems: readonly TlsMaterialProblem[] };

/** Accepted difference between two correct clocks: the issuer of a new certificate may be slightly ahead of this machine. */
export const CLOCK_TOLERANCE_MS = 60_000;

/** At the start of a sentence. */
export const PART_NAMES = { cert: 'The client certificate', key: 'The private key', ca: 'The CA' } as const;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_USAGE = '2.5.29.37.0';
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

interface Block {
  readonly label: string;
  readonly pem: string;
}

/** Normalizes PEM as it is often pasted: literal `\n`, CRLF, a byte order mark and whitespace around lines. */
export function normalizePem(text: string): string {
  return text
    .replace(/^\ufeff/, '')
    .replaceAll('\\r', '')
    .replaceAll('\\n', '\n')
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim();
}

function findBlocks(pem: string): readonly Block[] {
  return [...pem.matchAll(BLOCK)].map((match) => ({ label: match[1] ?? '', pem: `${match[0]}\n` }));
}

function isBase64OfPem(text: string): boolean {
  return /^[A-Za-z0-9+/=\s]+$/.test(text) && Buffer.from(text, 'base64').toString('latin1').includes('-----BEGIN ');
}

const isKeyBlock = ({ label }: Block): boolean => label.endsWith('PRIVATE KEY');
const isCertificateBlock = ({ label }: Block): boolean => label === 'CERTIFICATE';

/** The blocks of the expected type, or a problem. */
function readPart(part: keyof TlsMaterialText, text: string): readonly Block[] | TlsMaterialProblem {
  const problem = (code: TlsMaterialProblemCode, what: string): TlsMaterialProblem => {
    return { code, part, message: `${PART_NAMES[part]} ${what}` };
  };
  const pem = normalizePem(text);
  if (pem === '') return problem('empty', 'is empty');
  const blocks = findBlocks(pem);
  if (blocks.length === 0) {
    const format = detectFileFormat(text);
    if (format !== undefined) return problem(format, `is ${FILE_FORMATS[format]}`);
    if (isBase64OfPem(pem)) return problem('base64-of-pem', 'is base64-encoded PEM; decode it once');
    return problem('not-pem', 'does not contain a complete PEM block (-----BEGIN … END-----)');
  }
  const [isWanted, isOther, wanted, other] =
    part === 'key'
      ? [isKeyBlock, isCertificateBlock, 'private key', 'certificate']
      : [isCertificateBlock, isKeyBlock, 'certificate', 'private key'];
  const found = blocks.filter(isWanted);
  if (found.length > 0) return found;
  if (blocks.some(isOther)) return problem('swapped', `contains a ${other}; are key and certificate swapped?`);
  return problem('swapped', `does not contain a ${wanted}`);
}

function parseCertificates(
  part: 'cert' | 'ca',
  blocks: readonly Block[],
): readonly X509Certificate[] | TlsMaterialProblem {
  try {
    return blocks.map((block) => new X509Certificate(block.pem));
  } catch {
    return { code: 'unreadable', part, message: `${PART_NAMES[part]} cannot be parsed as X.509` };
  }
}

/** Milliseconds since the epoch; NaN for an invalid date, which OpenSSL accepts. */
function validityOf({ validFrom, validTo }: X509Certificate): { readonly begin: number; readonly end: number } {
  return { begin: Date.parse(validFrom), end: Date.parse(validTo) };
}

/** A CA with several certificates is usable as long as one of them has valid dates. */
function authorityProblems(authorities: readonly X509Certificate[]): readonly TlsMaterialProblem[] {
  const unreadable = authorities.map(validityOf).every(({ begin, end }) => Number.isNaN(begin) || Number.isNaN(end));
  return unreadable ? [{ code: 'unreadable-date', part: 'ca', message: 'The CA contains an invalid date' }] : [];
}

/** The problem of a file in which the certificate of the key comes after another one. Programs use the first one as their own. */
function chainOrderProblem(
  [first, ...others]: readonly X509Certificate[],
  keys: readonly Block[],
): TlsMaterialProblem | undefined {
  const own = others.find((certificate) => keys.some(({ pem }) => isKeyOf(pem, certificate)));
  if (first === undefined || own === undefined || keys.some(({ pem }) => isKeyOf(pem, first))) return undefined;
  return {
    code: 'chain-order',
    part: 'cert',
    subject: oneLineName(own),
    message: `The client certificate (${oneLineName(own)}) is not the first in its file; it comes after ${oneLineName(first)}`,
  };
}

function isKeyOf(pem: string, certificate: X509Certificate): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(pem));
  } catch {
    return false;
  }
}

const oneLineName = ({ subject }: X509Certificate): string => subject.replaceAll('\n', ', ');

/**
 * The X.509 version of a DER certificate, which node:crypto does not expose. TBSCertificate starts with `[0] { INTEGER version }`, except in version 1
 * (RFC 5280 §4.1).
 */
function certificateVersion(der: Uint8Array): number {
  const tbs = contentOffset(der, 0);
  const first = contentOffset(der, tbs);
  if (der[first] !== 0xa0) return 1;
  return (der[contentOffset(der, contentOffset(der, first))] ?? 0) + 1;
}

function leafProblems(leaf: X509Certificate, now: number): readonly TlsMaterialProblem[] {
  const problems: TlsMaterialProblem[] = [];
  const add = (code: TlsMaterialProblemCode, message: string): void =>
    void problems.push({ code, part: 'cert', message });
  const version = certificateVersion(leaf.raw);
  if (version !== 3)
    add('x509-version', `The client certificate is X.509 v${version}; Temporal's clients accept only v3`);
  if (leaf.ca)
    add('leaf-is-ca', 'The client certificate is a CA certificate; use a certificate that the CA issued for a client');
  const { begin, end } = validityOf(leaf);
  if (Number.isNaN(begin) || Number.isNaN(end))
    add('unreadable-date', `The client certificate contains an invalid date (${leaf.validFrom} to ${leaf.validTo})`);
  if (end < now - CLOCK_TOLERANCE_MS) add('expired', `The client certificate expired on ${isoTime(end)}`);
  if (begin > now + CLOCK_TOLERANCE_MS)
    add('not-yet-valid', `The client certificate is not valid before ${isoTime(begin)}`);
  // Node calls the extended key usage `keyUsage`, and its type does not say that it is undefined without the extension.
  const usages = leaf.keyUsage as readonly string[] | undefined;
  if (usages !== undefined && !usages.includes(CLIENT_AUTH) && !usages.includes(ANY_USAGE)) {
    add(
      'wrong-extended-key-usage',
      'The client certificate is not for clients (its extended key usage does not include clientAuth)',
    );
  }
  return problems;
}

function keyProblem(blocks: readonly Block[], leaf: X509Certificate | undefined): TlsMaterialProblem | undefined {
  const problem = (code: TlsMaterialProblemCode, message: string): TlsMaterialProblem => ({
    code,
    part: 'key',
    message,
  });
  const [block, second] = blocks;
  if (block === undefined) return problem('empty', 'The private key is empty');
  if (second !== undefined) return problem('several-keys', 'There is more than one private key');
  const encrypted = block.label === 'ENCRYPTED PRIVATE KEY' || block.pem.includes('Proc-Type: 4,ENCRYPTED');
  if (encrypted)
    return problem(
      'encrypted-key',
      'The private key is encrypted; convert it: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW_KEY',
    );
  try {
    const key = createPrivateKey(block.pem);
    if (leaf !== undefined && !leaf.checkPrivateKey(key))
      return problem('key-mismatch', 'The private key does not match the client certificate');
    return undefined;
  } catch {
    return problem('unreadable', 'The private key cannot be parsed');
  }
}

const toPkcs8 = ({ label, pem }: Block): string =>
  label === 'PRIVATE KEY' ? pem : createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' }).toString();

const isProblem = (value: object): value is TlsMaterialProblem => 'code' in value;

/**
 * Checks certificate, key and CA for the engine's mutual TLS without network access, and lists all problems at once.
 * Stricter than Node's TLS, which accepts X.509 v1 certificates that a worker's SDK rejects. A PKCS#1 or SEC1 key becomes PKCS#8.
 * `now` is in milliseconds since the epoch; validity has a tolerance of `CLOCK_TOLERANCE_MS`.
 */
export function readTlsMaterial(text: TlsMaterialText, now: number = Date.now()): TlsMaterialReading {
  const problems: TlsMaterialProblem[] = [];
  const collect = <T extends object>(value: T | TlsMaterialProblem): T | undefined => {
    if (!isProblem(value)) return value;
    problems.push(value);
    return undefined;
  };
  const certBlocks = collect(readPart('cert', text.cert));
  const keyBlocks = collect(readPart('key', text.key));
  const caBlocks = collect(readPart('ca', text.ca));
  const certificates = certBlocks && collect(parseCertificates('cert', certBlocks));
  const authorities = caBlocks && collect(parseCertificates('ca', caBlocks));
  const misplaced = certificates && keyBlocks && chainOrderProblem(certificates, keyBlocks);
  if (misplaced !== undefined) return { ok: false, problems: [...problems, misplaced] };
  const leaf = certificates?.[0];
  if (leaf !== undefined) problems.push(...leafProblems(leaf, now));
  if (authorities !== undefined) problems.push(...authorityProblems(authorities));
  const problemOfKey = keyBlocks && keyProblem(keyBlocks, leaf);
  if (problemOfKey !== undefined) problems.push(problemOfKey);
  if (
    problems.length > 0 ||
    leaf === undefined ||
    certBlocks === undefined ||
    caBlocks === undefined ||
    keyBlocks === undefined ||
    authorities === undefined
  ) {
    return { ok: false, problems };
  }
  return {
    ok: true,
    material: {
      cert: certBlocks.map((block) => block.pem).join(''),
      key: keyBlocks.map(toPkcs8).join(''),
      ca: caBlocks.map((block) => block.pem),
      subject: leaf.subject,
      issuer: leaf.issuer,
      fingerprint: leaf.fingerprint256,
      notBefore: validityOf(leaf).begin,
      notAfter: validityOf(leaf).end,
    },
  };
}
