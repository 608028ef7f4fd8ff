import { existsSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { codeOf, copyError, KnownError, messageOf } from '../../base/errors.ts';
import { shellWord } from '../../base/shell.ts';
import { MIB, readSmallFile } from '../../files/read.ts';
import type { LanguageId } from '../../languages/language-ids.ts';
import type { ProjectTemplate, TemplateOrigin } from '../../languages/project-spec.ts';
import { RECORD_FILE } from '../../process/find-project.ts';
import {
  chooseEntries,
  filesForLanguage,
  isIgnoredName,
  MAX_TEMPLATE_FILE_MIB,
  rejectLfsPointer,
  unusableTemplateError,
  type TemplateEntry,
  type TemplateFiles,
} from './allowed-files.ts';
import type { RepositoryRequest } from './read-repository.ts';
import { fromTemplateOrigin, PASS_TEMPLATE, toTemplateOrigin, type TemplateSource } from './source.ts';

export interface FetchedTemplate {
  readonly source: TemplateSource;
  readonly files: TemplateFiles;
  /** Undefined for a folder. */
  readonly commit: string | undefined;
}

/** Reads a template. Writes nothing. Rejects with a KnownError, or with the reason of the signal. */
export async function fetchTemplate(source: TemplateSource, request: RepositoryRequest): Promise<FetchedTemplate> {
  if (source.kind === 'folder') {
    return { source, files: await readTemplateFolder(source.path, source.shown), commit: undefined };
  }
  // Imported on demand: running other programs needs a large package.
  const { readTemplateRepository } = await import('./read-repository.ts');
  return { source, ...(await readTemplateRepository(source, request)) };
}

/** The template for the project in `folder` (absolute) in this language. Throws a KnownError if it has no files for it. */
export function templateForProject(
  { source, files, commit }: FetchedTemplate,
  { folder, language }: { readonly folder: string; readonly language: LanguageId },
): ProjectTemplate {
  return {
    origin: toTemplateOrigin(source, folder, commit),
    files: filesForLanguage(files, language, source.shown),
  };
}

/** Reads the template of a project again, at its source as it is now. Rejects as `fetchTemplate` does. */
export async function fetchRecordedTemplate(
  origin: TemplateOrigin,
  project: { readonly folder: string; readonly language: LanguageId },
  request: RepositoryRequest,
): Promise<ProjectTemplate> {
  try {
    const fetched = await fetchTemplate(fromTemplateOrigin(origin, project.folder, request.env), request);
    return templateForProject(fetched, project);
  } catch (error) {
    if (!(error instanceof KnownError) || !error.next.includes(PASS_TEMPLATE)) throw error;
    const next = error.next.map((step) => (step === PASS_TEMPLATE ? CORRECT_RECORD : step));
    throw copyError(error, { tried: error.tried ?? RECORD_FILE, next });
  }
}

/** A recorded template was not passed as an option. */
const CORRECT_RECORD = `If the template moved, correct answers.template in ${RECORD_FILE} and commit it`;

/** Entries to list before giving up: the folder may not be a template, such as `/`. */
const MAX_ENTRIES = 20_000;

/** Reads the template in a folder (absolute). Rejects with a KnownError. `shown` is how messages name it. */
async function readTemplateFolder(folder: string, shown: string): Promise<TemplateFiles> {
  const entries: TemplateEntry[] = [];
  let seen = 0;
  const walk = async (prefix: string): Promise<void> => {
    for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
      if (++seen > MAX_ENTRIES) throw unusableTemplateError(shown, [`it has more than ${MAX_ENTRIES} files`]);
      const name = `${prefix}${entry.name}`;
      if (isIgnoredName(entry.name)) continue;
      if (entry.isDirectory()) await walk(`${name}/`);
      else entries.push({ name, ...(await describeEntry(join(folder, name))) });
    }
  };
  try {
    if (['HEAD', 'objects', 'refs'].every((name) => existsSync(join(folder, name)))) throw bareRepositoryError(folder);
    await walk('');
    const files = new Map<string, Uint8Array>();
    for (const { name } of chooseEntries(entries, shown)) {
      const { bytes } = await readSmallFile(join(folder, name), MAX_TEMPLATE_FILE_MIB * MIB);
      if (bytes === undefined) throw unusableTemplateError(shown, [`${name} changed while it was read`]);
      rejectLfsPointer(name, bytes, shown);
      files.set(name, bytes);
    }
    return files;
  } catch (error) {
    if (error instanceof KnownError) throw error;
    throw unreadableError(folder, shown, error);
  }
}

async function describeEntry(path: string): Promise<Pick<TemplateEntry, 'kind' | 'bytes'>> {
  const stats = await lstat(path);
  const kind = stats.isFile() ? 'file' : stats.isSymbolicLink() ? 'symbolic link' : 'special file';
  return { kind, bytes: stats.size };
}

function bareRepositoryError(folder: string): KnownError {
  return new KnownError({
    message: 'Could not read the template',
    seen: `${folder} is a git repository without a working tree`,
    next: [`Pass its URL: --template ${shellWord(pathToFileURL(folder).href)}`],
  });
}

function unreadableError(folder: string, shown: string, error: unknown): KnownError {
  const code = codeOf(error);
  const seen =
    code === 'ENOENT'
      ? `${folder} does not exist`
      : code === 'ENOTDIR'
        ? `${folder} is not a folder`
        : messageOf(error);
  return new KnownError({
    message: 'Could not read the template',
    seen,
    next: [
      shown.includes('#')
        ? 'A folder has no branches. For a git repository on this machine, pass its URL: file:///path#ref'
        : PASS_TEMPLATE,
    ],
    cause: error,
  });
}
