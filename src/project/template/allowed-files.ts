import { KnownError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { MIB } from '../../files/read.ts';
import { LANGUAGE_IDS, LANGUAGES, type LanguageId } from '../../languages/language-ids.ts';
import type { PlannedFile } from '../../languages/planned-file.ts';
import { RECORD_FILE } from '../../process/find-project.ts';
import { TEMPLATE_OUTPUT } from '../../languages/templates/files.ts';

/** The base archive has each file of a template up to four times, in the template and in what was generated, and is limited to 16 MiB. */
export const MAX_TEMPLATE_FILES = 1000;
export const MAX_TEMPLATE_FILE_MIB = 1;
const MAX_TEMPLATE_MIB = 4;

export interface TemplateEntry {
  /** Relative to the template, with `/`. */
  readonly name: string;
  readonly kind: 'file' | 'symbolic link' | 'submodule' | 'special file';
  readonly bytes: number;
}

/** The files of a template by name, with the folders of all languages. */
export type TemplateFiles = ReadonlyMap<string, Uint8Array>;

/** Folders of a template for several languages. */
const PARTS: readonly string[] = [...LANGUAGE_IDS, 'shared'];

/** Names that are not part of a template: those of git, of the operating system, and what installing and building leaves. */
export function isIgnoredName(name: string): boolean {
  return TEMPLATE_OUTPUT.has(name) || ['.git', '.DS_Store', 'Thumbs.db'].includes(name);
}

/** The files that belong to a template with these entries. Throws a KnownError for links, special files, and more or larger files than allowed. */
export function chooseEntries(entries: readonly TemplateEntry[], source: string): readonly TemplateEntry[] {
  const inParts = entries.filter(({ name, kind }) =>
    // A link or a submodule with the name of such a folder is meant as one.
    PARTS.some((part) => name.startsWith(`${part}/`) || (name === part && kind !== 'file')),
  );
  // Workers that were created in the folder of their template.
  const projects = entries.flatMap(({ name }) =>
    name.endsWith(`/${RECORD_FILE}`) ? [name.slice(0, -RECORD_FILE.length)] : [],
  );
  // With such a folder, the files next to it describe the template itself.
  const chosen = (inParts.length > 0 ? inParts : entries).filter(
    ({ name }) => !name.split('/').some(isIgnoredName) && !projects.some((project) => name.startsWith(project)),
  );
  const problems = chosen.flatMap(({ name, kind, bytes }) => {
    if (kind !== 'file') return [`${name} is a ${kind}, which a template cannot contain`];
    return bytes > MAX_TEMPLATE_FILE_MIB * MIB ? [`${name} is larger than ${MAX_TEMPLATE_FILE_MIB} MiB`] : [];
  });
  if (chosen.length > MAX_TEMPLATE_FILES) problems.unshift(`it has more than ${MAX_TEMPLATE_FILES} files`);
  else if (chosen.reduce((sum, { bytes }) => sum + bytes, 0) > MAX_TEMPLATE_MIB * MIB)
    problems.unshift(`it is larger than ${MAX_TEMPLATE_MIB} MiB`);
  if (chosen.length === 0) problems.push('it has no files');
  if (problems.length > 0) throw unusableTemplateError(source, problems);
  return chosen;
}

export function languagesOf(files: TemplateFiles): readonly LanguageId[] {
  const parts = partsOf(files);
  return parts.length === 0 || parts.includes('shared')
    ? LANGUAGE_IDS
    : LANGUAGE_IDS.filter((id) => parts.includes(id));
}

function partsOf(files: TemplateFiles): readonly string[] {
  return PARTS.filter((part) => [...files.keys()].some((name) => name.startsWith(`${part}/`)));
}

/** The files that a template has for a language, by name. Throws a KnownError without any. */
export function filesForLanguage(
  files: TemplateFiles,
  language: LanguageId,
  source: string,
): ReadonlyMap<string, PlannedFile> {
  const parts = partsOf(files);
  const prefixes = parts.length === 0 ? [''] : ['shared/', `${language}/`];
  const chosen = prefixes.flatMap((prefix) =>
    [...files]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, contents]): readonly [string, PlannedFile] => {
        const path = name.slice(prefix.length);
        return [path, { path, contents: withLineFeeds(contents), mode: 0o644 }];
      }),
  );
  if (chosen.length === 0)
    throw unusableTemplateError(source, [
      `it has no files for ${LANGUAGES[language]}, only the folders ${parts.join(', ')}`,
    ]);
  return new Map(chosen);
}

const LFS = 'version https://git-lfs.github.com/spec/';

/** Throws a KnownError for a file whose contents are in Git LFS. */
export function rejectLfsPointer(name: string, contents: Uint8Array, source: string): void {
  if (Buffer.from(contents).toString('latin1', 0, LFS.length) === LFS)
    throw unusableTemplateError(source, [`${name} is stored with Git LFS, which templates do not support`]);
}

function withLineFeeds(contents: Uint8Array): Uint8Array {
  const bytes = Buffer.from(contents);
  if (bytes.includes(0) || !bytes.includes('\r\n')) return bytes;
  return Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

export function unusableTemplateError(source: string, problems: readonly string[]): KnownError {
  const few = problems.slice(0, 10).map((problem) => `  ${escapeForTerminal(problem, 300)}`);
  if (problems.length > few.length) few.push(`  and ${problems.length - few.length} more`);
  return new KnownError({
    message: `The template ${escapeForTerminal(source, 300)} cannot be used:\n${few.join('\n')}`,
    next: ['See "Create a worker from your own template" in the documentation: docs/how-to/own-templates.md'],
  });
}
