import { createPrivateKey } from 'node:crypto';
import { normalisePem, readTlsMaterial, type TlsMaterialText } from '../../engine/material/tls-material.ts';

/** Who reads the files of a set, with the version that was tried. */
export const PROGRAMS = {
  worker: 'the worker of this tool',
  typescript: "Temporal's TypeScript SDK",
  python: "KuFlow's Python SDK",
  java: "KuFlow's Java library",
  temporal: '`temporal`',
} as const;
export type Program = keyof typeof PROGRAMS;
export const ALL_PROGRAMS = Object.keys(PROGRAMS) as readonly Program[];

/** `first`: it takes the file, and of the CA only the first certificate. `unknown`: nobody has tried. */
export type Verdict = 'takes' | 'first' | 'refuses' | 'unknown';
export type Verdicts = Readonly<Record<Program, Verdict>>;

const ALL_TAKE: Verdicts = { worker: 'takes', typescript: 'takes', python: 'takes', java: 'takes', temporal: 'takes' };
const ALL_REFUSE: Verdicts = {
  ...{ worker: 'refuses', typescript: 'refuses', python: 'refuses', java: 'refuses', temporal: 'refuses' },
};
const NOBODY_KNOWS: Verdicts = {
  ...{ worker: 'unknown', typescript: 'unknown', python: 'unknown', java: 'unknown', temporal: 'unknown' },
};

/**
 * By what a set has that KuFlow's own have not. As seen, in docs/reference/doctor-peers.json: @temporalio/worker 1.24.0, KuFlow's Python SDK 3.5.0,
 * io.temporal 1.31.0 called as KuFlow's Java library does, `temporal` 1.9.1. The worker makes PEM plain and judges it before its SDK does.
 */
const SEEN = {
  crlf: ALL_TAKE,
  'text-around': ALL_TAKE,
  chain: ALL_TAKE,
  'literal-newlines': { ...ALL_REFUSE, worker: 'takes' },
  'byte-order-mark': { ...ALL_REFUSE, worker: 'takes' },
  'several-authorities': { ...ALL_TAKE, java: 'first' },
  'pkcs1-key': { ...ALL_TAKE, worker: 'refuses', java: 'refuses' },
  'sec1-key': { ...ALL_TAKE, worker: 'refuses', java: 'refuses' },
  'encrypted-key': ALL_REFUSE,
  'several-keys': ALL_TAKE,
  'base64-of-pem': ALL_REFUSE,
  'x509-version': { ...ALL_TAKE, worker: 'refuses', typescript: 'refuses' },
  'leaf-is-ca': ALL_TAKE,
  'other-key': NOBODY_KNOWS,
} as const satisfies Readonly<Record<string, Verdicts>>;

export type MaterialTrait = keyof typeof SEEN;

const isTrait = (code: string): code is MaterialTrait => code in SEEN;
const count = (pem: string, label: RegExp): number =>
  [...normalisePem(pem).matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].filter(([, found = '']) => label.test(found)).length;

/** PEM has nothing but blocks, one after the other. */
const isBare = (pem: string): boolean =>
  normalisePem(pem)
    .replace(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g, '')
    .trim() === '';

/** Elliptic curves and sizes that KuFlow issues, and that were tried. */
function isUsualKey(pem: string): boolean {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: about } = createPrivateKey(normalisePem(pem));
    return type === 'rsa' ? about?.modulusLength === 2048 : type === 'ec' && about?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
}

/**
 * What a set has that KuFlow's own have not, as far as other programs may mind it; undefined where something is wrong with it that no form
 * of writing explains.
 */
export function traitsOf(text: TlsMaterialText, now: number): readonly MaterialTrait[] | undefined {
  const reading = readTlsMaterial(text, now);
  const codes = reading.ok ? [] : reading.problems.map(({ code }) => code);
  const ofForm = codes.flatMap((code): readonly MaterialTrait[] => (isTrait(code) ? [code] : []));
  if (ofForm.length < codes.length) return undefined;
  const parts = [text.cert, text.key, text.ca];
  const has = (trait: MaterialTrait, is: boolean): readonly MaterialTrait[] => (is ? [trait] : []);
  return [
    ...new Set([
      ...ofForm,
      ...has(
        'crlf',
        parts.some((pem) => pem.includes('\r\n')),
      ),
      ...has('literal-newlines', parts.some(hasLiteralNewlines)),
      ...has('byte-order-mark', parts.some(hasByteOrderMark)),
      ...has('text-around', codes.length === 0 && !parts.every(isBare)),
      ...has('chain', count(text.cert, /^CERTIFICATE$/) > 1),
      ...has('several-authorities', count(text.ca, /^CERTIFICATE$/) > 1),
      ...has('other-key', codes.length === 0 && !isUsualKey(text.key)),
    ]),
  ];
}

export const hasLiteralNewlines = (pem: string): boolean => /-----\\n/.test(pem);
export const hasByteOrderMark = (pem: string): boolean => pem.startsWith('\ufeff');

const WEIGHT: readonly Verdict[] = ['refuses', 'unknown', 'first', 'takes'];

/** What each program makes of a set with these traits: what it refuses of it weighs more than what it takes. */
export function verdictsOf(traits: readonly MaterialTrait[]): Verdicts {
  const of = (program: Program): Verdict =>
    WEIGHT.find((verdict) => traits.some((trait) => SEEN[trait][program] === verdict)) ?? 'takes';
  return {
    worker: of('worker'),
    typescript: of('typescript'),
    python: of('python'),
    java: of('java'),
    temporal: of('temporal'),
  };
}

const WORDS: Readonly<Record<Verdict, string>> = {
  takes: 'takes it',
  first: 'takes only the first certificate of the CA',
  refuses: 'refuses it',
  unknown: 'not known',
};

/** The verdicts as facts of a result, by program. */
export function verdictFacts(verdicts: Verdicts): Readonly<Record<Program, string>> {
  return Object.fromEntries(ALL_PROGRAMS.map((program) => [program, WORDS[verdicts[program]]])) as Record<
    Program,
    string
  >;
}

const PHRASES: readonly (readonly [Verdict, string])[] = [
  ['takes', 'taken by'],
  ['first', 'only the first certificate of the CA is taken by'],
  ['refuses', 'refused by'],
  ['unknown', 'not known of'],
];

/** One phrase where programs differ, or where nobody knows: `taken by X; refused by Y and Z`. */
export function verdictPhrase(verdicts: Verdicts): string | undefined {
  const by = PHRASES.flatMap(([verdict, phrase]): readonly string[] => {
    const names = ALL_PROGRAMS.filter((program) => verdicts[program] === verdict).map((program) => PROGRAMS[program]);
    return names.length === 0 ? [] : [`${phrase} ${listed(names)}`];
  });
  if (by.length > 1) return by.join('; ');
  return verdicts.worker === 'unknown' ? 'what other programs make of a key of this kind is not known' : undefined;
}

const listed = (names: readonly string[]): string =>
  names.length === 1 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
