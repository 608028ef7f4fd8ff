import {
  createPrompt,
  isBackspaceKey,
  isEnterKey,
  isTabKey,
  makeTheme,
  useEffect,
  useKeypress,
  usePrefix,
  useState,
  type Status,
} from '@inquirer/core';
import inquirer from 'inquirer';
import { escapeForTerminal, escapeLinesForTerminal } from '../base/escape.ts';
import { interruptedError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { palette } from './palette.ts';
import type { Terminal } from './terminal.ts';
import { wrapText } from './wrap.ts';

/** The answer that asks for the previous question. */
export const BACK = Symbol('back');
export type Back = typeof BACK;

export interface Question {
  readonly message: string;
  /** Whether Esc answers `BACK`; otherwise it does nothing. */
  readonly canGoBack?: boolean | undefined;
}

export interface TextQuestion extends Question, Partial<Omit<TextPromptConfig, 'message' | 'draft'>> {
  /** The answer may be empty. */
  readonly optional?: boolean | undefined;
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

/** Asks questions. Canceling one rejects with a KnownError of status 130 and never counts as an answer. */
export type Prompts = ReturnType<typeof openPrompts>;

const CANCELLED = ['ExitPromptError', 'AbortPromptError', 'CancelPromptError'];
const PAGE_SIZE = 10;

/** Prompts on stderr; requires `terminal.canPrompt`. An answered question leaves one line on the screen, a canceled one nothing. */
export function openPrompts(terminal: Terminal, signal?: AbortSignal) {
  if (!terminal.canPrompt) throw new Error('This terminal cannot show prompts');
  const { input, output } = terminal.prompts;
  const colors = palette(terminal.err);
  // Inquirer breaks lines in the middle of a word.
  const wrap = (text: string, indent = 0): string => wrapText(text, terminal.err.columns - indent);
  const problemText = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : wrap(escapeLinesForTerminal(text), '> '.length);

  const ask = async <Answer>(
    question: Question,
    config: Readonly<Record<string, unknown>> & { readonly type: string },
    format: (answer: Answer) => string,
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
        // Inquirer's types only know its own prompts.
        const answers: Promise<unknown> = prompt({
          ...config,
          name: 'answer',
          message: wrap(message, '? '.length),
        } as never);
        const { answer } = (await answers) as { readonly answer: Answer };
        terminal.err.line(
          wrap(
            `${colors.green(terminal.err.marks.done)} ${colors.bold(message)} ${colors.cyan(escapeForTerminal(format(answer), 200))}`,
          ),
        );
        return answer;
      } catch (error) {
        const reason = signal?.aborted === true ? undefined : end.reason();
        if (reason === 'continued') continue;
        if (reason === 'back') {
          terminal.err.line(colors.dim('  back'));
          return BACK;
        }
        if (error instanceof Error && CANCELLED.includes(error.name)) throw interruptedError();
        throw error;
      } finally {
        end.release();
      }
    }
  };

  const askForChoice = <Value extends string>(
    question: ChoiceQuestion<Value>,
    type: 'select' | 'search',
  ): Promise<Value | Back> => {
    const choices = question.choices.map(({ value, name, description }) => ({
      value,
      name: escapeForTerminal(name, 200),
      short: escapeForTerminal(name, 200),
      ...(description === undefined ? {} : { description: wrap(escapeForTerminal(description, 400)) }),
    }));
    const config = {
      // Screen readers cannot follow a redrawn list, so it has numbers to type instead.
      type: terminal.err.live ? type : 'rawlist',
      choices,
      loop: false,
      pageSize: PAGE_SIZE,
      source: (term = '') => choices.filter(({ name }) => name.toLowerCase().includes(term.toLowerCase())),
      ...(question.fallback === undefined ? {} : { default: question.fallback }),
    };
    return ask<Value>(question, config, (answer) => choices.find(({ value }) => value === answer)?.name ?? answer);
  };

  return {
    text: (question: TextQuestion) =>
      ask<string>(
        question,
        {
          type: 'line',
          draft: { text: '' },
          fallback: question.fallback,
          hint: question.hint === undefined ? undefined : wrap(escapeForTerminal(question.hint)),
          validate: (text: string) =>
            problemText(text === '' && question.optional !== true ? 'Enter a value' : question.validate?.(text)),
          isSecret: question.isSecret ?? (() => false),
          validateAsync: async (text: string) => problemText(await question.validateAsync?.(text)),
        },
        (answer) => (answer === '' ? '(none)' : answer),
      ),
    choose: <Value extends string>(question: ChoiceQuestion<Value>) => askForChoice(question, 'select'),
    /** Like `choose`, for many choices: typing filters them. */
    search: <Value extends string>(question: ChoiceQuestion<Value>) => askForChoice(question, 'search'),
    confirm: (question: Question & { readonly fallback?: boolean | undefined }) =>
      ask<boolean>(question, { type: 'confirm', default: question.fallback ?? false }, (yes) => (yes ? 'Yes' : 'No')),
    secret: async (question: Question): Promise<Secret | Back> => {
      const answer = await ask<string>(
        question,
        {
          type: 'password',
          mask: '*',
          validate: (text: string) => (text.trim() === '' ? 'Enter a value' : true),
        },
        () => '[hidden]',
      );
      return answer === BACK ? BACK : new Secret(answer.trim());
    },
  };
}

/** What ends a prompt, apart from its answer and Ctrl-C. */
type PromptEnd =
  | 'back'
  /** There is no more input: Ctrl-D, or the terminal was closed. */
  | 'end-of-input'
  /** The process was suspended and continued (Ctrl-Z, then `fg`): the prompt is shown again. */
  | 'continued';

/**
 * Watches a prompt on `input`: aborts `signal` when something ends the prompt, and `reason` tells what. Without this, a prompt whose input has
 * ended would neither answer nor fail, and Node.js would exit with status 0 because nothing is left to wait for.
 */
function watchPrompt(input: NodeJS.ReadableStream, { canGoBack }: { readonly canGoBack: boolean }) {
  const abort = new AbortController();
  let reason: PromptEnd | undefined;
  let endOfInput: NodeJS.Immediate | undefined;
  const end = (cause: PromptEnd): void => {
    reason ??= cause;
    abort.abort();
  };
  const onKey = (_: unknown, key?: { readonly name?: string }): void => {
    if (canGoBack && key?.name === 'escape') end('back');
  };
  // Readline pauses its input when it closes. It also closes after an answer, but then `release` runs before the immediate.
  const onPause = (): void => {
    endOfInput ??= setImmediate(() => end('end-of-input'));
  };
  const onContinue = (): void => end('continued');
  input.on('keypress', onKey);
  input.on('pause', onPause);
  process.on('SIGCONT', onContinue);
  return {
    signal: abort.signal,
    reason: () => reason,
    release: () => {
      clearImmediate(endOfInput);
      input.off('keypress', onKey);
      input.off('pause', onPause);
      process.off('SIGCONT', onContinue);
    },
  };
}

interface TextPromptConfig {
  readonly message: string;
  /** Keeps the typed text, for a prompt that is shown again halfway. */
  readonly draft: { text: string };
  /** The answer if nothing is typed. */
  readonly fallback?: string | undefined;
  /** Shown below the line until something is typed. */
  readonly hint?: string | undefined;
  /** Whether the text may be a secret: it is shown as stars, and cleared if it is rejected. */
  readonly isSecret: (text: string) => boolean;
  /** Called on every key: why the text is not valid, or undefined. */
  readonly validate: (text: string) => string | undefined;
  /** Called on Enter, after `validate`. */
  readonly validateAsync: (text: string) => Promise<string | undefined>;
}

/** A line of text with its validation message below it while it is typed. Enter is ignored until the text is valid. */
const textPrompt = createPrompt<string, TextPromptConfig>((config, done) => {
  const theme = makeTheme();
  const [status, setStatus] = useState<Status>('idle');
  const [text, setText] = useState('');
  const [fallback, setFallback] = useState(config.fallback ?? '');
  const [rejection, setRejection] = useState<string | undefined>(undefined);
  const prefix = usePrefix({ status, theme });

  useEffect((readline) => {
    if (config.draft.text === '') return;
    readline.write(config.draft.text);
    setText(config.draft.text);
  }, []);

  useKeypress(async (key, readline) => {
    if (status !== 'idle') return;
    if (isEnterKey(key)) {
      const answer = (text === '' ? fallback : text).trim();
      setStatus('loading');
      const problem = config.validate(answer) ?? (await config.validateAsync(answer));
      if (problem === undefined) {
        setStatus('done');
        done(answer);
        return;
      }
      // Readline has cleared its line on Enter: restore the text so that it can be corrected.
      if (config.isSecret(answer)) {
        config.draft.text = '';
        setText('');
      } else readline.write(text);
      setRejection(problem);
      setStatus('idle');
    } else if (text === '' && isTabKey(key)) {
      readline.clearLine(0);
      readline.write(fallback);
      setText(fallback);
    } else {
      if (text === '' && isBackspaceKey(key)) setFallback('');
      setText(readline.line);
      config.draft.text = readline.line;
      setRejection(undefined);
    }
  });

  const suggestion = fallback !== '' && text === '' && status !== 'done' ? [theme.style.defaultAnswer(fallback)] : [];
  const problem = rejection ?? (text === '' ? undefined : config.validate(text.trim()));
  const below =
    problem !== undefined
      ? theme.style.error(problem)
      : text === '' && config.hint !== undefined
        ? theme.style.help(config.hint)
        : '';
  const displayed = config.isSecret(text.trim()) ? '*'.repeat(text.length) : text;
  return [[prefix, theme.style.message(config.message, status), ...suggestion, displayed].join(' '), below];
});
