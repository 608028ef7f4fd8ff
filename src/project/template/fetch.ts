import { copyError, KnownError } from '../../base/errors.ts';
import type { LanguageId } from '../../languages/names.ts';
import type { ProjectTemplate, TemplateOrigin } from '../../languages/project-spec.ts';
import { RECORD_FILE } from '../../process/find-project.ts';
import { filesForLanguage, languagesOf, type TemplateFiles } from './allowed-files.ts';
import { readTemplateFolder } from './read-folder.ts';
import type { RepositoryRequest } from './read-repository.ts';
import { fromTemplateOrigin, PASS_TEMPLATE, toTemplateOrigin, type TemplateSource } from './source.ts';

export interface FetchedTemplate {
  readonly source: TemplateSource;
  readonly files: TemplateFiles;
  /** Those that it has files for. */
  readonly languages: readonly LanguageId[];
  /** Undefined for a folder. */
  readonly commit: string | undefined;
}

/** Reads a template. Writes nothing. Rejects with a KnownError, or with the reason of the signal. */
export async function fetchTemplate(source: TemplateSource, request: RepositoryRequest): Promise<FetchedTemplate> {
  if (source.kind === 'folder') {
    const files = await readTemplateFolder(source.path, source.shown);
    return { source, files, languages: languagesOf(files), commit: undefined };
  }
  // Imported on demand: running other programs needs a large package.
  const { readTemplateRepository } = await import('./read-repository.ts');
  const { files, commit } = await readTemplateRepository(source, request);
  return { source, files, languages: languagesOf(files), commit };
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
