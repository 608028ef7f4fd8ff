import { createPrivateKey } from 'node:crypto';
import { formatAlternatives } from '../../base/near-match.ts';
import { normalizePem, readTlsMaterial, type TlsMaterialText } from '../../engine/material/tls-material.ts';

/** Programs that read certificate files, named for use in a sentence. */
export const PROGRAMS = {
  worker: 'the generated worker',
  typescript: "Temporal's TypeScript SDK",
  python: "KuFlow's Python SDK",
  java: "KuFlow's Java library",
  temporal: '`temporal`',
} as const;
export type Program = keyof typeof PROGRAMS;
export const ALL_PROGRAMS = Object.keys(PROGRAMS) as readonly Program[];

/** `accepts-first`: accepts the file but uses only the first certificate of the CA. `unknown`: not tested. */
export type Acceptance = 'accepts' | 'accepts-first' | 'rejects' | 'unknown';
export type AcceptanceByProgram = Readonly<Record<Program, Acceptance>>;

const byProgram = <T>(valueOf: (program: Program) => T): Readonly<Record<Program, T>> =>
  Object.fromEntries(ALL_PROGRAMS.map((program) => [program, valueOf(program)])) as Record<Program, T>;

const ALL_ACCEPT: AcceptanceByProgram = byProgram(() => 'accepts');
const ALL_REJECT: AcceptanceByProgram = byProgram(() => 'rejects');
const ALL_UNKNOWN: AcceptanceByProgram = byProgram(() => 'unknown');

/**
 * By trait that sets issued by KuFlow do not have. Tested with @temporalio/worker 1.24.0, KuFlow's Python SDK 3.5.0, io.temporal 1.31.0
 * called like KuFlow's Java library does, and `temporal` 1.9.1; results in docs/internals/doctor-peers.json. The worker normalizes and checks PEM
 * before its SDK reads it.
 */
const ACCEPTANCE_BY_TRAIT = {
  crlf: ALL_ACCEPT,
  'text-around': ALL_ACCEPT,
  chain: ALL_ACCEPT,
  'literal-newlines': { ...ALL_REJECT, worker: 'accepts' },
  'byte-order-mark': { ...ALL_REJECT, worker: 'accepts' },
  'several-authorities': { ...ALL_ACCEPT, java: 'accepts-first' },
  'pkcs1-key': { ...ALL_ACCEPT, java: 'rejects' },
  'sec1-key': { ...ALL_ACCEPT, java: 'rejects' },
  'encrypted-key': ALL_REJECT,
  'several-keys': ALL_ACCEPT,
  'base64-of-pem': ALL_REJECT,
  'x509-version': { ...ALL_ACCEPT, worker: 'rejects', typescript: 'rejects' },
  'leaf-is-ca': ALL_ACCEPT,
  'other-key': ALL_UNKNOWN,
} as const satisfies Readonly<Record<string, AcceptanceByProgram>>;

export type MaterialTrait = keyof typeof ACCEPTANCE_BY_TRAIT;

const isTrait = (code: string): code is MaterialTrait => code in ACCEPTANCE_BY_TRAIT;
const countPemBlocks = (pem: string, label: RegExp): number =>
  [...normalizePem(pem).matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].filter(([, found = '']) => label.test(found)).length;

/** Whether there is no text outside of the PEM blocks. */
const hasOnlyPemBlocks = (pem: string): boolean =>
  normalizePem(pem)
    .replace(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g, '')
    .trim() === '';

/** Key types and sizes that KuFlow issues; only these were tested. */
function isTestedKeyType(pem: string): boolean {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: about } = createPrivateKey(normalizePem(pem));
    return type === 'rsa' ? about?.modulusLength === 2048 : type === 'ec' && about?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
}

/**
 * Traits of a set that other programs might reject; undefined if the set has a problem that is not a matter of format.
 */
export function listTraits(text: TlsMaterialText, now: number): readonly MaterialTrait[] | undefined {
  const reading = readTlsMaterial(text, now);
  const codes = reading.ok ? [] : reading.problems.map(({ code }) => code);
  const formatTraits = codes.flatMap((code): readonly MaterialTrait[] => (isTrait(code) ? [code] : []));
  if (formatTraits.length < codes.length) return undefined;
  const parts = [text.cert, text.key, text.ca];
  const seen = {
    crlf: parts.some((pem) => pem.includes('\r\n')),
    'literal-newlines': parts.some(hasLiteralNewlines),
    'byte-order-mark': parts.some(hasByteOrderMark),
    'text-around': codes.length === 0 && !parts.every(hasOnlyPemBlocks),
    'pkcs1-key': countPemBlocks(text.key, /^RSA PRIVATE KEY$/) > 0,
    'sec1-key': countPemBlocks(text.key, /^EC PRIVATE KEY$/) > 0,
    chain: countPemBlocks(text.cert, /^CERTIFICATE$/) > 1,
    'several-authorities': countPemBlocks(text.ca, /^CERTIFICATE$/) > 1,
    'other-key': codes.length === 0 && !isTestedKeyType(text.key),
  } satisfies Partial<Record<MaterialTrait, boolean>>;
  const seenTraits = (Object.keys(seen) as (keyof typeof seen)[]).filter((trait) => seen[trait]);
  return [...new Set([...formatTraits, ...seenTraits])];
}

export const hasLiteralNewlines = (pem: string): boolean => /-----\\n/.test(pem);
export const hasByteOrderMark = (pem: string): boolean => pem.startsWith('\ufeff');

const ACCEPTANCE_BY_SEVERITY: readonly Acceptance[] = ['rejects', 'unknown', 'accepts-first', 'accepts'];

/** Whether each program accepts a set with these traits; one rejected trait is enough to reject the set. */
export function acceptanceOf(traits: readonly MaterialTrait[]): AcceptanceByProgram {
  const acceptanceBy = (program: Program): Acceptance =>
    ACCEPTANCE_BY_SEVERITY.find((one) => traits.some((trait) => ACCEPTANCE_BY_TRAIT[trait][program] === one)) ??
    'accepts';
  return byProgram(acceptanceBy);
}

/** `fact` describes one program; `phrase` precedes the names of several. */
const ACCEPTANCE_TEXTS: Readonly<Record<Acceptance, { readonly fact: string; readonly phrase: string }>> = {
  accepts: { fact: 'accepts it', phrase: 'accepted by' },
  'accepts-first': {
    fact: 'uses only the first CA certificate',
    phrase: 'only the first CA certificate is used by',
  },
  rejects: { fact: 'rejects it', phrase: 'rejected by' },
  unknown: { fact: 'not tested', phrase: 'not tested with' },
};

export function acceptanceFacts(acceptance: AcceptanceByProgram): Readonly<Record<Program, string>> {
  return byProgram((program) => ACCEPTANCE_TEXTS[acceptance[program]].fact);
}

/** `accepted by X; rejected by Y and Z` if the programs differ or nothing is known; undefined otherwise. */
export function describeAcceptance(acceptance: AcceptanceByProgram): string | undefined {
  const phrases = Object.entries(ACCEPTANCE_TEXTS).flatMap(([one, { phrase }]) => {
    const names = ALL_PROGRAMS.filter((program) => acceptance[program] === one).map((program) => PROGRAMS[program]);
    return names.length === 0 ? [] : [`${phrase} ${formatAlternatives(names, 'and')}`];
  });
  if (phrases.length > 1) return phrases.join('; ');
  return acceptance.worker === 'unknown' ? 'other programs were not tested with this kind of key' : undefined;
}
