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
export function endOfPrompt(
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
