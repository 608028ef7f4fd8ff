import { createContext, type ComponentType } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { Json, JsonObject } from '../../base/json.ts';
import type { ElementProps, FormServices } from './types.ts';
import type { Schema } from '../../schema/resolve.ts';

/** What the form remembers that is not in its data, so that nothing is lost when a part of it is hidden or drawn again. By JSON Pointer. */
export interface FormMemory {
  /** Texts of JSON editors that are not JSON. */
  readonly drafts: Map<string, string>;
  /** Index of the chosen alternative. */
  readonly chosen: Map<string, number>;
  /** What was typed in alternatives that are not chosen now, by path and index. */
  readonly setAside: Map<string, Json>;
}

export interface FormHost {
  /** The schema of the data. */
  readonly root: Schema;
  readonly data: JsonObject;
  readonly readOnly: boolean;
  /** Undefined removes the value. */
  readonly change: (path: string, value: Json | undefined) => void;
  /** Draws an element of the UI schema; here, because elements contain others. */
  readonly Element: ComponentType<ElementProps>;
  readonly services: FormServices;
  readonly showAllProblems: boolean;
  readonly memory: FormMemory;
  /** To be called after a change of the memory. */
  readonly memoryChanged: () => void;
  /** Messages by path. */
  readonly problems: ReadonlyMap<string, string>;
  readonly afterClick: (act: () => void) => void;
}

export const HostContext = createContext<FormHost | undefined>(undefined);

export function useHost(): FormHost {
  const host = useContext(HostContext);
  if (host === undefined) throw new Error('A field is outside of a form');
  return host;
}

/**
 * Calls back when no pointer is pressed. A press takes the focus from a field. If a message appeared there before the release, the pressed button
 * would move away, and would not be clicked.
 */
export function useAfterClick(): FormHost['afterClick'] {
  const [pointer] = useState({ pressed: false, waiting: [] as (() => void)[] });
  useEffect(() => {
    const pressed = (): void => {
      pointer.pressed = true;
    };
    const released = (): void => {
      pointer.pressed = false;
      // The click comes right after the release.
      setTimeout(() => {
        for (const act of pointer.waiting.splice(0)) act();
      });
    };
    addEventListener('pointerdown', pressed, true);
    addEventListener('pointerup', released, true);
    addEventListener('pointercancel', released, true);
    return () => {
      removeEventListener('pointerdown', pressed, true);
      removeEventListener('pointerup', released, true);
      removeEventListener('pointercancel', released, true);
    };
  }, []);
  return (act) => {
    if (pointer.pressed) pointer.waiting.push(act);
    else act();
  };
}
