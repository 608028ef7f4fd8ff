/** The languages that a worker can be written in, with their titles. */
export const LANGUAGES = { typescript: 'TypeScript', java: 'Java', python: 'Python' } as const;

export type LanguageId = keyof typeof LANGUAGES;

export const LANGUAGE_IDS = Object.keys(LANGUAGES) as readonly LanguageId[];
export const DEFAULT_LANGUAGE: LanguageId = 'typescript';

/** The editors whose files a project can have, with the folders of these files. */
const EDITOR_FOLDERS = { vscode: ['.vscode/'], intellij: ['.run/', '.idea/'] } as const;

export type EditorId = keyof typeof EDITOR_FOLDERS;

export const EDITOR_IDS = Object.keys(EDITOR_FOLDERS) as readonly EditorId[];

/** The editor that a file of a project is for; undefined if it is not for an editor. */
export function editorOf(path: string): EditorId | undefined {
  return EDITOR_IDS.find((editor) => EDITOR_FOLDERS[editor].some((folder) => path.startsWith(folder)));
}

/** Where a project gets its library from: its archive in the project, or a registry such as npm, Maven Central or PyPI. */
export const LIBRARY_SOURCES = ['archive', 'registry'] as const;
export type LibrarySource = (typeof LIBRARY_SOURCES)[number];
