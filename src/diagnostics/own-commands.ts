import { PACKAGE_NAME } from '../base/package-root.ts';
import type { Advice, CheckResult } from './check.ts';

/** How a person starts things where the checks are made; advice is written with it. */
export interface OwnCommands {
  /** `npx kuflow`, or what works outside of a project. */
  readonly kuflow: string;
  /** Installs the dependencies of the project. */
  readonly install: string;
  /** The worker's own check. */
  readonly check: string;
}

export const ANYWHERE: OwnCommands = {
  kuflow: `npx -p ${PACKAGE_NAME} kuflow`,
  install: 'npm install',
  check: 'npm run check',
};

/** Advice as it can be pasted here. */
export function withOwnCommands(advice: readonly Advice[], commands: OwnCommands): readonly Advice[] {
  const fill = (text: string): string =>
    text.replace(/<(kuflow|install|check)>/g, (_whole, name: keyof OwnCommands) => commands[name]);
  return advice.map(({ text, command }) => ({
    text: fill(text),
    ...(command !== undefined && { command: fill(command) }),
  }));
}

export function resultsWithOwnCommands(results: readonly CheckResult[], commands: OwnCommands): readonly CheckResult[] {
  return results.map((result) => ({ ...result, advice: withOwnCommands(result.advice, commands) }));
}
