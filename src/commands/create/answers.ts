import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { usageError } from '../../base/errors.ts';
import { isReservedOnWindows } from '../../base/file-name.ts';
import { formatAlternatives } from '../../base/near-match.ts';
import type { Secret } from '../../base/secret.ts';
import { expandHome, pathSyntaxProblem } from '../../base/user-folders.ts';
import type { ProcessAnswers } from '../../cli/missing-answers.ts';
import {
  parseProcessSource,
  rejectUnusedOptions,
  validateProcessFlags,
  type ProcessFlags,
} from '../../cli/process-source-options.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import { parseTemplateSource, type TemplateSource } from '../../project/template/source.ts';
import { shellWord } from '../../base/shell.ts';
import type { DiscoveredProcess } from '../../discovery/types.ts';
import {
  DEFAULT_LANGUAGE,
  type EditorId,
  LANGUAGES,
  type LanguageId,
  type LibrarySource,
} from '../../languages/language-ids.ts';
import { languageOf } from '../../languages/all-languages.ts';

export interface CreateFlags extends ConnectionFlags, ProcessFlags {
  readonly folder?: string | undefined;
  readonly language?: LanguageId | undefined;
  readonly package?: string | undefined;
  readonly packageManager?: string | undefined;
  readonly editor?: readonly EditorId[] | undefined;
  readonly library?: LibrarySource | undefined;
  /** A folder or a git URL; without credentials once it was parsed. */
  readonly template?: string | undefined;
  readonly cliPackage?: string | undefined;
  /** `true`: a member of the workspace above the folder; `false`: a separate project. */
  readonly workspace?: boolean | undefined;
  readonly overwrite?: readonly string[] | undefined;
  readonly install: boolean;
  readonly git: boolean;
  readonly check: boolean;
  readonly dryRun?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly yes?: boolean | undefined;
}

/** Everything that is known about the project to create: what the options say, then what the wizard asked. */
export interface CreateAnswers extends CreateFlags, ProcessAnswers {
  readonly secret?: Secret | undefined;
  /** The process, once it was read from the API. */
  readonly discovered?: DiscoveredProcess | undefined;
  readonly templateSource?: TemplateSource | undefined;
}

/** The answers that the options give, validated. Rejects with a usage error. */
export async function readCreateAnswers(
  flags: CreateFlags,
  { env, cwd }: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<CreateAnswers> {
  validateProcessFlags(flags);
  const source = parseProcessSource(flags);
  rejectUnusedOptions(source, flags);
  const workerSample =
    flags.from === undefined
      ? undefined
      : await (await import('../../process/worker-sample/read.ts')).readWorkerSample(resolve(cwd, flags.from));
  validateLanguageFlags({ ...flags, language: chosenLanguage({ ...flags, workerSample }) });
  const { endpoint, target, ca } = flags;
  if ([endpoint, target, ca].some((value) => value !== undefined)) {
    // They may be written into the project without being used here.
    const { validateEndpointFlags } = await import('../../connection/flags.ts');
    await validateEndpointFlags({ endpoint, target, ca }, cwd);
  }
  // An empty name, as from an unset variable, would be the current folder; a quoted ~/x, a folder named ~.
  const folder = (flags.folder ?? '').trim() === '' ? undefined : expandHome(flags.folder ?? '', env);
  const problem = folder === undefined ? undefined : folderNameProblem(cwd, folder);
  if (problem !== undefined) throw usageError(`${folder ?? ''}: ${problem}`, ['Choose another folder for the project']);
  const templateSource = flags.template === undefined ? undefined : parseTemplateSource(flags.template, { env, cwd });
  return { ...flags, folder, source, workerSample, template: templateSource?.shown, templateSource };
}

/** Why a new project cannot have this path, or undefined. Its name and each folder created for it must be valid on every operating system. */
export function folderNameProblem(cwd: string, path: string): string | undefined {
  const syntax = pathSyntaxProblem(path);
  if (syntax !== undefined) return syntax;
  const project = resolve(cwd, path);
  for (let at = project; at === project || !existsSync(at); at = dirname(at)) {
    if (isReservedOnWindows(basename(at))) return `Windows does not allow a folder named "${basename(at)}"`;
    if (at === dirname(at)) break;
  }
  return undefined;
}

/** The language of the worker: by default, that of the worker sample that it replaces. */
export function chosenLanguage({
  language,
  workerSample,
}: Pick<CreateAnswers, 'language' | 'workerSample'>): LanguageId {
  return language ?? workerSample?.language ?? DEFAULT_LANGUAGE;
}

/** Throws a usage error for an option that the language does not have, or a package name that it does not allow. */
function validateLanguageFlags(
  flags: Pick<CreateFlags, 'package' | 'packageManager' | 'editor' | 'library'> & { readonly language: LanguageId },
): void {
  const { language } = flags;
  const { packageNames, packageManagers, editors, tools } = languageOf({ language });
  if (flags.package !== undefined && packageNames === undefined)
    throw usageError(`--package does not apply to ${LANGUAGES[language]} workers`);
  const problem = flags.package === undefined ? undefined : packageNames?.problem(flags.package);
  if (problem !== undefined) throw usageError(`--package ${shellWord(flags.package ?? '')} ${problem}`);
  const editor = flags.editor?.find((one) => !editors.includes(one));
  if (editor !== undefined)
    throw usageError(`--editor ${editor} does not apply to ${LANGUAGES[language]} workers`, [
      `Choose ${formatAlternatives(editors)}, or leave the option out`,
    ]);
  if (flags.packageManager === undefined) return;
  if (packageManagers.length === 1)
    throw usageError(`--package-manager does not apply to ${LANGUAGES[language]} workers`);
  const names: readonly string[] = [...new Set([...packageManagers.map(tools.title), ...packageManagers])];
  if (!names.includes(flags.packageManager))
    throw usageError(`--package-manager ${flags.packageManager} does not apply to ${LANGUAGES[language]} workers`, [
      `Choose ${formatAlternatives(names)}, or another language with --language`,
    ]);
}
