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
  /** Keeps what is typed, for a prompt that is asked once more in the middle of it. */
  readonly draft: { text: string };
  /** Taken when nothing is typed. */
  readonly fallback?: string;
  /** Said under the line until something is typed. */
  readonly hint?: string;
  /** Whether the text is shown as stars, and forgotten when it is refused: it may be a secret. */
  readonly isSecret: (text: string) => boolean;
  /** Looked at on every key: why the text won't do, or undefined. */
  readonly validate: (text: string) => string | undefined;
  /** Looked at on Enter, after `problem`; may take its time. */
  readonly validateAsync: (text: string) => Promise<string | undefined>;
}

/** A line of text whose problem stands under it while it is typed; Enter is refused until there is none. */
export const textPrompt = createPrompt<string, TextPromptConfig>((config, done) => {
  const theme = makeTheme();
  const [status, setStatus] = useState<Status>('idle');
  const [text, setText] = useState('');
  const [fallback, setFallback] = useState(config.fallback ?? '');
  const [refused, setRefused] = useState<string | undefined>(undefined);
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
      // Readline has emptied its line on Enter; what was typed is there to be mended.
      if (config.isSecret(answer)) {
        config.draft.text = '';
        setText('');
      } else readline.write(text);
      setRefused(problem);
      setStatus('idle');
    } else if (text === '' && isTabKey(key)) {
      readline.clearLine(0);
      readline.write(fallback);
      setText(fallback);
    } else {
      if (text === '' && isBackspaceKey(key)) setFallback('');
      setText(readline.line);
      config.draft.text = readline.line;
      setRefused(undefined);
    }
  });

  const offered = fallback !== '' && text === '' && status !== 'done' ? [theme.style.defaultAnswer(fallback)] : [];
  const problem = refused ?? (text === '' ? undefined : config.validate(text.trim()));
  const below =
    problem !== undefined
      ? theme.style.error(problem)
      : text === '' && config.hint !== undefined
        ? theme.style.help(config.hint)
        : '';
  const shown = config.isSecret(text.trim()) ? '*'.repeat(text.length) : text;
  return [[prefix, theme.style.message(config.message, status), ...offered, shown].join(' '), below];
});
