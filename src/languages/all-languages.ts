import { java } from './java/language.ts';
import type { Language } from './language.ts';
import type { LanguageId } from './language-ids.ts';
import { python } from './python/language.ts';
import { typescript } from './typescript/language.ts';

const REGISTRY: Readonly<Record<LanguageId, Language>> = { typescript, java, python };

export function languageOf({ language }: { readonly language: LanguageId }): Language {
  return REGISTRY[language];
}
