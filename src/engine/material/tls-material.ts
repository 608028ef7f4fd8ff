import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isoTime } from '../../base/clock.ts';
import { certificateVersion } from './certificate-version.ts';

/** The three parts as text, from files, inline settings or KuFlow's answer. */
export interface TlsMaterialText {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Checked, normalised PEM: line feeds only, nothing but PEM blocks. `key` is secret. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** Every certificate of the CA text, one PEM each; all of them are trusted. */
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
  | 'empty'
  | 'not-pem'
  | 'base64-of-pem'
  | 'swapped'
  | 'unreadable'
  | 'pkcs1-key'
  | 'sec1-key'
  | 'encrypted-key'
  | 'several-keys'
  | 'x509-version'
  | 'key-mismatch'
  | 'leaf-is-ca'
  | 'unreadable-date'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-extended-key-usage';

export interface TlsMaterialProblem {
  readonly code: TlsMaterialProblemCode;
  readonly part: keyof TlsMaterialText;
  /** One sentence, no secret in it. */
  readonly message: string;
}

export type TlsMaterialReading =
  | { readonly ok: true; readonly material: TlsMaterial }
  | { readonly ok: false; readonly problems: readonly TlsMaterialProblem[] };

/** How far two clocks that are both right may be apart: whoever issued a certificate a moment ago may be ahead of this machine. */
export const CLOCK_TOLERANCE_MS = 60_000;

const NAMES = { cert: 'The client certificate', key: 'The private key', ca: 'The CA' } as const;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_USAGE = '2.5.29.37.0';
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

interface Block {
  readonly label: string;
  readonly pem: string;
}

/** PEM as it is often pasted, made plain: literal `\n`, CRLF, a byte order mark and stray blanks around lines. */
export function normalisePem(text: string): string {
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

function blocksOf(pem: string): readonly Block[] {
  return [...pem.matchAll(BLOCK)].map((match) => ({ label: match[1] ?? '', pem: `${match[0]}\n` }));
}

function isBase64OfPem(text: string): boolean {
  return /^[A-Za-z0-9+/=\s]+$/.test(text) && Buffer.from(text, 'base64').toString('latin1').includes('-----BEGIN ');
}

/** The blocks of one part, or the problem that makes it none of what is expected there. */
function readPart(part: keyof TlsMaterialText, text: string): readonly Block[] | TlsMaterialProblem {
  const pem = normalisePem(text);
  const name = NAMES[part];
  if (pem === '') return { code: 'empty', part, message: `${name} is empty` };
  const blocks = blocksOf(pem);
  if (blocks.length === 0) {
    return isBase64OfPem(pem)
      ? { code: 'base64-of-pem', part, message: `${name} is base64 of PEM text; decode it once` }
      : { code: 'not-pem', part, message: `${name} holds no complete PEM block (-----BEGIN … END-----)` };
  }
  const hasKey = blocks.some((block) => block.label.endsWith('PRIVATE KEY'));
  const hasCertificate = blocks.some((block) => block.label === 'CERTIFICATE');
  if (part === 'key' && !hasKey) {
    return {
      code: 'swapped',
      part,
      message: hasCertificate
        ? `${name} holds a certificate; are key and certificate swapped?`
        : `${name} holds no private key`,
    };
  }
  if (part !== 'key' && !hasCertificate) {
    return {
      code: 'swapped',
      part,
      message: hasKey
        ? `${name} holds a private key; are key and certificate swapped?`
        : `${name} holds no certificate`,
    };
  }
  return blocks.filter((block) =>
    part === 'key' ? block.label.endsWith('PRIVATE KEY') : block.label === 'CERTIFICATE',
  );
}

function parseCertificates(
  part: 'cert' | 'ca',
  blocks: readonly Block[],
): readonly X509Certificate[] | TlsMaterialProblem {
  try {
    return blocks.map((block) => new X509Certificate(block.pem));
  } catch {
    return { code: 'unreadable', part, message: `${NAMES[part]} can't be parsed as X.509` };
  }
}

/** Milliseconds since the epoch; NaN where the certificate has a date that is none, which OpenSSL lets pass. */
function lifeOf({ validFrom, validTo }: X509Certificate): { readonly begin: number; readonly end: number } {
  return { begin: Date.parse(validFrom), end: Date.parse(validTo) };
}

/** A CA of several is of use as long as one of them has dates. */
function authorityProblems(authorities: readonly X509Certificate[]): readonly TlsMaterialProblem[] {
  const unreadable = authorities.map(lifeOf).every(({ begin, end }) => Number.isNaN(begin) || Number.isNaN(end));
  return unreadable ? [{ code: 'unreadable-date', part: 'ca', message: 'The CA has a date that is none' }] : [];
}

function leafProblems(leaf: X509Certificate, now: number): readonly TlsMaterialProblem[] {
  const problems: TlsMaterialProblem[] = [];
  const add = (code: TlsMaterialProblemCode, message: string): void =>
    void problems.push({ code, part: 'cert', message });
  const version = certificateVersion(leaf.raw);
  if (version !== 3)
    add('x509-version', `The client certificate is X.509 v${version}; Temporal's clients accept only v3`);
  if (leaf.ca)
    add('leaf-is-ca', 'The client certificate is a CA certificate; a client needs one of its own, issued by the CA');
  const { begin, end } = lifeOf(leaf);
  if (Number.isNaN(begin) || Number.isNaN(end))
    add('unreadable-date', `The client certificate has a date that is none (${leaf.validFrom} to ${leaf.validTo})`);
  if (end < now - CLOCK_TOLERANCE_MS) add('expired', `The client certificate expired on ${isoTime(end)}`);
  if (begin > now + CLOCK_TOLERANCE_MS)
    add('not-yet-valid', `The client certificate is valid only from ${isoTime(begin)}`);
  // Node calls the extended key usages keyUsage, and types it as always there; without the extension it is undefined.
  const usages = leaf.keyUsage as readonly string[] | undefined;
  if (usages !== undefined && !usages.includes(CLIENT_AUTH) && !usages.includes(ANY_USAGE)) {
    add(
      'wrong-extended-key-usage',
      'The client certificate is not meant for clients (extended key usage without clientAuth)',
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
  if (second !== undefined) return problem('several-keys', 'The private key holds more than one key');
  const encrypted = block.label === 'ENCRYPTED PRIVATE KEY' || block.pem.includes('Proc-Type: 4,ENCRYPTED');
  if (encrypted)
    return problem(
      'encrypted-key',
      'The private key is encrypted; convert it: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW_KEY',
    );
  if (block.label === 'RSA PRIVATE KEY')
    return problem(
      'pkcs1-key',
      'The private key is PKCS#1; convert it to PKCS#8: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW_KEY',
    );
  if (block.label !== 'PRIVATE KEY')
    return problem(
      'sec1-key',
      `The private key is of another form (${block.label}); convert it to PKCS#8: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW_KEY`,
    );
  try {
    const key = createPrivateKey(block.pem);
    if (leaf !== undefined && !leaf.checkPrivateKey(key))
      return problem('key-mismatch', 'The private key does not belong to the client certificate');
    return undefined;
  } catch {
    return problem('unreadable', `The private key can't be parsed`);
  }
}

const isProblem = (value: object): value is TlsMaterialProblem => 'code' in value;

/**
 * Checks the material for the engine's mutual TLS without a network, and lists every problem at once.
 * Stricter than Node's TLS on purpose: PKCS#1 keys and X.509 v1 certificates pass there and fail in a worker's SDK.
 * `now` in milliseconds since the epoch; begin and end count with `CLOCK_TOLERANCE_MS`.
 */
export function readTlsMaterial(text: TlsMaterialText, now: number = Date.now()): TlsMaterialReading {
  const problems: TlsMaterialProblem[] = [];
  const keep = <T extends object>(value: T | TlsMaterialProblem): T | undefined => {
    if (!isProblem(value)) return value;
    problems.push(value);
    return undefined;
  };
  const certBlocks = keep(readPart('cert', text.cert));
  const keyBlocks = keep(readPart('key', text.key));
  const caBlocks = keep(readPart('ca', text.ca));
  const certificates = certBlocks && keep(parseCertificates('cert', certBlocks));
  const authorities = caBlocks && keep(parseCertificates('ca', caBlocks));
  const leaf = certificates?.[0];
  if (leaf !== undefined) problems.push(...leafProblems(leaf, now));
  if (authorities !== undefined) problems.push(...authorityProblems(authorities));
  const wrongKey = keyBlocks && keyProblem(keyBlocks, leaf);
  if (wrongKey !== undefined) problems.push(wrongKey);
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
      key: keyBlocks.map((block) => block.pem).join(''),
      ca: caBlocks.map((block) => block.pem),
      subject: leaf.subject,
      issuer: leaf.issuer,
      fingerprint: leaf.fingerprint256,
      notBefore: lifeOf(leaf).begin,
      notAfter: lifeOf(leaf).end,
    },
  };
}
