import { useEffect, useRef, useState } from 'preact/hooks';
import { toFailure, type RequestFailure } from '../api.ts';

export interface Action {
  /** What is running now, as passed to `run`. */
  readonly busy: string | undefined;
  readonly failure: RequestFailure | undefined;
  /** What failed, as passed to `run`. */
  readonly failed: string | undefined;
  /** What was done last, for a status line. */
  readonly done: string | undefined;
  /** Runs one action at a time: a second click while one runs does nothing. The returned text says what was done. */
  readonly run: (name: string, act: () => Promise<string | undefined>) => void;
  readonly clear: () => void;
}

export function useAction(): Action {
  const [state, setState] = useState<Pick<Action, 'busy' | 'failure' | 'failed' | 'done'>>(IDLE);
  const isBusy = useRef(false);
  const focused = useRef<Element | null>(null);
  useEffect(() => {
    // A button that was disabled while the action ran has lost the focus.
    if (document.activeElement === document.body && focused.current instanceof HTMLElement) focused.current.focus();
  }, [state.busy]);
  const run: Action['run'] = (name, act) => {
    if (isBusy.current) return;
    isBusy.current = true;
    focused.current = document.activeElement;
    setState({ ...IDLE, busy: name });
    void act()
      .then(
        (done) => setState({ ...IDLE, done }),
        (error: unknown) => setState({ ...IDLE, failure: toFailure(error), failed: name }),
      )
      .finally(() => {
        isBusy.current = false;
      });
  };
  return { ...state, run, clear: () => setState(IDLE) };
}

const IDLE = { busy: undefined, failure: undefined, failed: undefined, done: undefined };
