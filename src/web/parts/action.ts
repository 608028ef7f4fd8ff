import { useEffect, useRef, useState } from 'preact/hooks';
import { toFailure, type RequestFailure } from '../api.ts';

export type Action = ReturnType<typeof useAction>;

interface ActionState {
  /** What is running now, as passed to `run`. */
  readonly busy?: string | undefined;
  readonly failure?: RequestFailure | undefined;
  /** What failed, as passed to `run`. */
  readonly failed?: string | undefined;
  /** What was done last, for a status line. */
  readonly done?: string | undefined;
}

export function useAction() {
  const [state, setState] = useState<ActionState>({});
  const isBusy = useRef(false);
  const focused = useRef<Element | null>(null);
  useEffect(() => {
    // A button that was disabled while the action ran has lost the focus.
    if (document.activeElement === document.body && focused.current instanceof HTMLElement) focused.current.focus();
  }, [state.busy]);
  /** Runs one action at a time: a second click while one runs does nothing. If it returns a text, that says what was done. */
  const run = (name: string, act: () => Promise<unknown>): void => {
    if (isBusy.current) return;
    isBusy.current = true;
    focused.current = document.activeElement;
    setState({ busy: name });
    void act()
      .then(
        (done) => setState(typeof done === 'string' ? { done } : {}),
        (error: unknown) => setState({ failure: toFailure(error), failed: name }),
      )
      .finally(() => {
        isBusy.current = false;
      });
  };
  return { ...state, run, clear: (): void => setState({}) };
}

/** Handles a form in the page itself, instead of sending it. */
export const onSubmit =
  (act: () => void) =>
  (event: Event): void => {
    event.preventDefault();
    act();
  };
