import inquirer from 'inquirer';
import { escapeForTerminal, escapeLinesForTerminal } from '../base/escape.ts';
import { interruptedError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { palette } from './palette.ts';
import type { Terminal } from './terminal.ts';
import { textPrompt } from './text-prompt.ts';
import { wrapText } from './wrap.ts';

/** The answer of someone who wants the question before this one. */
export const BACK = Symbol('back');
export type Back = typeof BACK;

export interface Question {
  readonly message: string;
  /** Esc answers `BACK`; without this it does nothing. */
  readonly canGoBack?: boolean | undefined;
}

export interface TextQuestion extends Question {
  readonly fallback?: string | undefined;
  readonly hint?: string | undefined;
  /** Nothing may be the answer. */
  readonly optional?: boolean | undefined;
  /** Whether a text may be a secret: it is shown as stars then, and forgotten when it is refused. */
  readonly isSecret?: ((text: string) => boolean) | undefined;
  /** Why the text won't do; asked on every key. */
  readonly validate?: ((text: string) => string | undefined) | undefined;
  /** The same for what takes time; asked on Enter. */
  readonly validateAsync?: ((text: string) => Promise<string | undefined>) | undefined;
}

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly name: string;
  readonly description?: string | undefined;
}

export interface ChoiceQuestion<Value extends string> extends Question {
  readonly choices: readonly Choice<Value>[];
  readonly fallback?: Value | undefined;
}

/** Questions to a person. Cancelling any of them rejects with a KnownError of status 130, and so answers nothing. */
export interface Prompts {
  text(question: TextQuestion): Promise<string | Back>;
  choose<Value extends string>(question: ChoiceQuestion<Value>): Promise<Value | Back>;
  /** As `choose`, for many choices: typing narrows them down. */
  search<Value extends string>(question: ChoiceQuestion<Value>): Promise<Value | Back>;
  confirm(question: Question & { readonly fallback?: boolean | undefined }): Promise<boolean | Back>;
  secret(question: Question): Promise<Secret | Back>;
}

const CANCELLED = ['ExitPromptError', 'AbortPromptError', 'CancelPromptError'];
const MOST_LINES = 10;

/** Prompts on stderr. Only for a terminal that can ask. An answered question leaves one line behind, a question that was left none. */
export function openPrompts(terminal: Terminal, signal?: AbortSignal): Prompts {
  if (!terminal.canPrompt) throw new Error('There is nobody to ask');
  const { input, output } = terminal.prompts;
  const colours = palette(terminal.err);
  // Inquirer breaks lines in the middle of a word.
  const prose = (text: string, indent = 0): string => wrapText(text, terminal.err.columns - indent);
  const problemText = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : prose(escapeLinesForTerminal(text), '> '.length);

  const answerOf = async <Answer>(
    question: Question,
    config: Readonly<Record<string, unknown>> & { readonly type: string },
    shown: (answer: Answer) => string,
  ): Promise<Answer | Back> => {
    const message = escapeForTerminal(question.message);
    for (;;) {
      const end = watchPrompt(input, { canGoBack: question.canGoBack === true });
      const prompt = inquirer.createPromptModule({
        input,
        output,
        clearPromptOnDone: true,
        signal: signal === undefined ? end.signal : AbortSignal.any([signal, end.signal]),
      });
      prompt.registerPrompt('line', textPrompt as never);
      try {
        // Its types know the prompts that it brings along, not ours.
        const asked: Promise<unknown> = prompt({
          ...config,
          name: 'answer',
          message: prose(message, '? '.length),
        } as never);
        const { answer } = (await asked) as { readonly answer: Answer };
        terminal.err.line(
          prose(
            `${colours.green(terminal.err.marks.done)} ${colours.bold(message)} ${colours.cyan(escapeForTerminal(shown(answer), 200))}`,
          ),
        );
        return answer;
      } catch (error) {
        const why = signal?.aborted === true ? undefined : end.why();
        if (why === 'continued') continue;
        if (why === 'back') {
          terminal.err.line(colours.dim('  back'));
          return BACK;
        }
        if (error instanceof Error && CANCELLED.includes(error.name)) throw interruptedError();
        throw error;
      } finally {
        end.release();
      }
    }
  };

  const nameOf =
    <Value extends string>({ choices }: ChoiceQuestion<Value>) =>
    (answer: Value) =>
      choices.find(({ value }) => value === answer)?.name ?? answer;
  const listed = <Value extends string>({ choices }: ChoiceQuestion<Value>) =>
    choices.map(({ value, name, description }) => ({
      value,
      name: escapeForTerminal(name, 200),
      short: escapeForTerminal(name, 200),
      ...(description === undefined ? {} : { description: prose(escapeForTerminal(description, 400)) }),
    }));

  return {
    text: (question) =>
      answerOf<string>(
        question,
        {
          type: 'line',
          draft: { text: '' },
          ...(question.fallback === undefined ? {} : { fallback: question.fallback }),
          ...(question.hint === undefined ? {} : { hint: prose(escapeForTerminal(question.hint)) }),
          problem: (text: string) =>
            problemText(text === '' && question.optional !== true ? 'An answer is needed' : question.validate?.(text)),
          hides: question.isSecret ?? (() => false),
          check: async (text: string) => problemText(await question.validateAsync?.(text)),
        },
        (answer) => (answer === '' ? '(none)' : answer),
      ),
    choose: (question) =>
      answerOf(
        question,
        {
          // Redrawn lists say nothing to somebody who hears them: numbers to type do.
          type: terminal.err.live ? 'select' : 'rawlist',
          choices: listed(question),
          loop: false,
          pageSize: MOST_LINES,
          ...(question.fallback === undefined ? {} : { default: question.fallback }),
        },
        nameOf(question),
      ),
    search: (question) =>
      answerOf(
        question,
        {
          type: terminal.err.live ? 'search' : 'rawlist',
          choices: listed(question),
          pageSize: MOST_LINES,
          source: (term: string | undefined) => {
            const wanted = (term ?? '').toLowerCase();
            return listed(question).filter(({ name }) => name.toLowerCase().includes(wanted));
          },
          ...(question.fallback === undefined ? {} : { default: question.fallback }),
        },
        nameOf(question),
      ),
    confirm: (question) =>
      answerOf<boolean>(question, { type: 'confirm', default: question.fallback ?? false }, (yes) =>
        yes ? 'Yes' : 'No',
      ),
    secret: async (question) => {
      const answer = await answerOf<string>(
        question,
        {
          type: 'password',
          mask: '*',
          validate: (text: string) => (text.trim() === '' ? 'An answer is needed' : true),
        },
        () => '[hidden]',
      );
      return answer === BACK ? BACK : new Secret(answer.trim());
    },
  };
}

/** What ends a prompt besides its answer and Ctrl-C. */
export type PromptEnd =
  | 'back'
  /** There is no more input: Ctrl-D, or a terminal that went away. */
  | 'end-of-input'
  /** The process was stopped and goes on (Ctrl-Z, then `fg`): the prompt is asked again. */
  | 'continued';

/**
 * Watches over one prompt on `input`: aborts `signal` when something ends it, and then tells what. Without this a prompt whose input ended or
 * stood still would neither answer nor fail: with nothing left to wait for, Node.js would exit with status 0.
 */
export function watchPrompt(
  input: NodeJS.ReadableStream,
  { canGoBack }: { readonly canGoBack: boolean },
): { readonly signal: AbortSignal; readonly why: () => PromptEnd | undefined; readonly release: () => void } {
  const abort = new AbortController();
  let why: PromptEnd | undefined;
  let late: NodeJS.Immediate | undefined;
  const end = (how: PromptEnd): void => {
    why ??= how;
    abort.abort();
  };
  const onKey = (_: unknown, key?: { readonly name?: string }): void => {
    if (canGoBack && key?.name === 'escape') end('back');
  };
  // Readline pauses its input when it closes, which it does after an answer too: then this is released before.
  const onPause = (): void => {
    late ??= setImmediate(() => end('end-of-input'));
  };
  const onContinue = (): void => end('continued');
  input.on('keypress', onKey);
  input.on('pause', onPause);
  process.on('SIGCONT', onContinue);
  return {
    signal: abort.signal,
    why: () => why,
    release: () => {
      clearImmediate(late);
      input.off('keypress', onKey);
      input.off('pause', onPause);
      process.off('SIGCONT', onContinue);
    },
  };
}
