import { isUtf8 } from 'node:buffer';
import { KnownError, codeOf, messageOf } from '../base/errors.ts';
import { MIB, readSmallFile } from '../files/read.ts';
import { PART_NAMES, type TlsMaterialText } from '../engine/material/tls-material.ts';
import type { ResolvedSettings, SettingsResult } from '../settings/precedence.ts';
import { formatSource } from '../settings/sources.ts';

/** Absolute paths of the parts that are files. */
export type CertificatePaths = Readonly<Partial<Record<keyof TlsMaterialText, string>>>;

/** Where the settings have one of them. */
export type CertificatePart = Omit<NonNullable<ReturnType<typeof findPart>>, 'read'>;

interface CertificateSet {
  readonly source: string;
  /** Undefined when it is neither, for example an answer of KuFlow. */
  readonly form?: 'files' | 'inline' | undefined;
  readonly paths?: CertificatePaths | undefined;
  readonly parts?: readonly CertificatePart[] | undefined;
  /** Missing parts are empty. */
  readonly read: () => Promise<TlsMaterialText>;
}

/** Where the engine's certificate, key and CA come from. */
export type CertificateSource =
  /** The settings name none: KuFlow issues them. */
  | { readonly kind: 'requested' }
  /** The settings name a set of which a part is missing or cannot be read. */
  | (CertificateSet & { readonly kind: 'incomplete'; readonly missing: readonly (keyof TlsMaterialText)[] })
  | (CertificateSet & { readonly kind: 'given' });

const REFUSED = { folder: 'EISDIR', special: 'not a regular file', 'too-large': 'larger than 1 MiB' } as const;

/** Reads a PEM file; bytes that are not UTF-8 are read as Latin-1. Rejects with a KnownError that calls it `what`. */
export async function readPemFile(what: string, path: string): Promise<string> {
  try {
    const content = await readSmallFile(path, MIB);
    if (content.bytes === undefined) throw new Error(REFUSED[content.refused]);
    return content.bytes.toString(isUtf8(content.bytes) ? 'utf8' : 'latin1');
  } catch (error) {
    throw new KnownError({
      message: `${what} cannot be read`,
      tried: path,
      seen: codeOf(error) ?? messageOf(error),
      next: [`Check that ${path} exists and is readable`],
      cause: error,
    });
  }
}

const ALL_PARTS = ['cert', 'key', 'ca'] as const satisfies readonly (keyof TlsMaterialText)[];

function findPart(settings: ResolvedSettings, part: keyof TlsMaterialText, form: 'files' | 'inline') {
  const setting = settings[`temporal.mutual-tls.${part}${form === 'files' ? '' : '-data'}` as const];
  if (setting === undefined) return undefined;
  const { value, source } = setting;
  const text = typeof value === 'string' ? value : value.reveal();
  const isVariable = source.kind === 'environment';
  return {
    part,
    /** For use in a sentence. */
    source: formatSource(source),
    /** `environment`, or the file or option that it is in. */
    origin: isVariable ? 'environment' : (source.file ?? source.name),
    isVariable,
    /** Undefined for inline data. */
    path: form === 'files' ? text : undefined,
    read: () => (form === 'files' ? readPemFile(PART_NAMES[part], text) : Promise.resolve(text)),
  };
}

/** A problem of a certificate setting shows that the settings are meant to provide the certificate. */
const isCertificateProblem = ({ key }: SettingsResult['problems'][number]): boolean =>
  /^temporal\.mutual-tls($|\.(cert|key|ca)(-data)?$)/.test(key);

/**
 * Files win over inline data; KuFlow is asked when the settings have neither. What is wrong with an incomplete set is already among the
 * problems of the settings.
 */
export function certificateSource({ settings, problems }: Omit<SettingsResult, 'warnings'>): CertificateSource {
  for (const form of ['files', 'inline'] as const) {
    const parts = ALL_PARTS.flatMap((part) => findPart(settings, part, form) ?? []);
    const missing = ALL_PARTS.filter((part) => !parts.some((provided) => provided.part === part));
    const [first] = parts;
    if (first === undefined) continue;
    const read = async (): Promise<TlsMaterialText> => {
      const texts = parts.map(async (provided) => [provided.part, await provided.read()] as const);
      return { cert: '', key: '', ca: '', ...Object.fromEntries(await Promise.all(texts)) };
    };
    const paths = Object.fromEntries(parts.flatMap(({ part, path }) => (path === undefined ? [] : [[part, path]])));
    const shared = { source: first.source, form, paths, parts, read };
    if (missing.length === 0) return { kind: 'given', ...shared };
    return { kind: 'incomplete', missing, ...shared };
  }
  const problem = problems.find(isCertificateProblem);
  if (problem === undefined) return { kind: 'requested' };
  const empty = { cert: '', key: '', ca: '' };
  const source = problem.source === undefined ? 'settings' : formatSource(problem.source);
  return { kind: 'incomplete', source, missing: ALL_PARTS, read: () => Promise.resolve(empty) };
}
