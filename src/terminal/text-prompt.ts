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

export interface TextPromptConfig {
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
export const textPrompt = createPrompt<string, TextPromptConfig>((config, done) => {
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
