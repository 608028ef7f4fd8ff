import { PACKAGE_NAME } from '../base/package-root.ts';
import { shellWord } from '../base/shell.ts';
import type { Advice } from '../base/advice.ts';
import type { AdviceTemplate } from './explanations/explanation.ts';

/** The commands that advice mentions, as they are run in the folder at hand. */
export interface AdviceCommands {
  /** `npx kuflow` in a project. */
  readonly kuflow: string;
  readonly install: string;
  readonly check: string;
  readonly start: string;
}

/** Commands that work in any folder. */
export const DEFAULT_ADVICE_COMMANDS: AdviceCommands = {
  kuflow: `npx -p ${PACKAGE_NAME} kuflow`,
  install: 'npm install',
  check: 'npm run check',
  start: 'npm start',
};

export type AdviceValues = Readonly<Record<string, string>>;

/**
 * Fills `<name>` placeholders with `values`. Drops the templates that are for another origin or part of the certificate than `about`.
 * Placeholders of commands stay; `fillCommands` fills them once the folder is known.
 */
export function fillAdvice(
  templates: readonly AdviceTemplate[],
  values: AdviceValues = {},
  about: Pick<AdviceTemplate, 'certificate' | 'part'> = {},
): readonly Advice[] {
  const applies = <T>(of: T | undefined, actual: T | undefined): boolean =>
    of === undefined || actual === undefined || of === actual;
  return templates
    .filter((one) => applies(one.certificate, about.certificate) && applies(one.part, about.part))
    .map((template) => fillTemplate(template, values));
}

function fillTemplate({ text, command }: AdviceTemplate, values: AdviceValues): Advice {
  const placeholders = /<([a-z][a-z-]*)>/g;
  const fillCommand = (placeholder: string, name: string): string => {
    const value = values[name];
    if (value !== undefined) return shellWord(value);
    // In a shell, `<` would read a file.
    return name in DEFAULT_ADVICE_COMMANDS ? placeholder : name.toUpperCase().replace('-', '_');
  };
  return {
    text: text.replace(placeholders, (placeholder, name: string) => values[name] ?? placeholder),
    ...(command !== undefined && { command: command.replace(placeholders, fillCommand) }),
  };
}

export function fillCommands(advice: readonly Advice[], commands: AdviceCommands): readonly Advice[] {
  const fill = (text: string): string =>
    text.replace(/<(kuflow|install|check|start)>/g, (_whole, name: keyof AdviceCommands) => commands[name]);
  return advice.map(({ text, command }) => ({
    text: fill(text),
    ...(command !== undefined && { command: fill(command) }),
  }));
}
