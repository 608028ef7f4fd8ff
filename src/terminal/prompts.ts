import inquirer from 'inquirer';
import { interrupted } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import type { Terminal } from './terminal.ts';

/** Questions to a person. Cancelling any of them rejects with a KnownError of status 130, and so answers nothing. */
export interface Ask {
  /** `problem` says why an answer won't do. */
  text(
    message: string,
    options?: { readonly fallback?: string; readonly problem?: (answer: string) => string | undefined },
  ): Promise<string>;
  choose<Value extends string>(
    message: string,
    choices: readonly { readonly value: Value; readonly name: string }[],
  ): Promise<Value>;
  confirm(message: string, fallback?: boolean): Promise<boolean>;
  secret(message: string): Promise<Secret>;
}

/** Prompts on stderr. Only for a terminal that can ask. */
export function openPrompts(terminal: Terminal, signal?: AbortSignal): Ask {
  if (!terminal.canAsk) throw new Error('There is nobody to ask');
  const prompt = inquirer.createPromptModule({ ...terminal.prompts, ...(signal === undefined ? {} : { signal }) });
  const answered = async <Answer>(question: Promise<{ readonly answer: Answer }>): Promise<Answer> => {
    try {
      return (await question).answer;
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      if (['ExitPromptError', 'AbortPromptError', 'CancelPromptError'].includes(name)) throw interrupted();
      throw error;
    }
  };
  return {
    text: async (message, options = {}) => {
      const { fallback, problem } = options;
      const answer = await answered<string>(
        prompt({
          type: 'input',
          name: 'answer',
          message,
          ...(fallback === undefined ? {} : { default: fallback }),
          validate: (text: string) => problem?.(text.trim()) ?? (text.trim() === '' ? 'An answer is needed' : true),
        }),
      );
      return answer.trim();
    },
    choose: async (message, choices) => {
      const answer = await answered<string>(
        prompt({ type: 'select', name: 'answer', message, choices: choices.map((choice) => ({ ...choice })) }),
      );
      const chosen = choices.find(({ value }) => value === answer);
      if (chosen === undefined) throw new Error('The answer is none of the choices');
      return chosen.value;
    },
    confirm: (message, fallback = false) =>
      answered(prompt({ type: 'confirm', name: 'answer', message, default: fallback })),
    secret: async (message) =>
      new Secret(
        await answered<string>(
          prompt({
            type: 'password',
            name: 'answer',
            message,
            mask: '*',
            validate: (text: string) => (text === '' ? 'An answer is needed' : true),
          }),
        ),
      ),
  };
}
