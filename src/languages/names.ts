/** The languages that a worker can be written in, with their titles. */
export const LANGUAGES = { typescript: 'TypeScript', java: 'Java', python: 'Python' } as const;

export type LanguageId = keyof typeof LANGUAGES;

export const LANGUAGE_IDS = Object.keys(LANGUAGES) as readonly LanguageId[];
export const DEFAULT_LANGUAGE: LanguageId = 'typescript';
