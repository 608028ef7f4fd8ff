import { isEnabled, isVisible, update, type UISchemaElement } from '@jsonforms/core';
import { useJsonForms } from '@jsonforms/react';
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { valueAt, withValueAt, type Json, type JsonObject } from '../../base/json.ts';
import type { LocalGroup, LocalUser } from '../../platform/shared/dev-contract.ts';
import type { DataShape } from '../../process/definition.ts';
import { placeAt } from '../../schema/form.ts';
import type { Schema } from '../../schema/json-schema-ref.ts';

export interface FormProps {
  readonly shape: DataShape;
  /** Read once, when the form is mounted: later values never replace what was typed. Mount the form with another key to reset it. */
  readonly initialData: JsonObject;
  readonly readOnly?: boolean | undefined;
  readonly services: FormServices;
  /** Called once after mounting, and then synchronously for each change. */
  readonly onChange: (data: JsonObject, problems: readonly FormProblem[]) => void;
  /** Shows the problems of all fields, as after a failed submit. Otherwise, a field shows its problem once it was left. */
  readonly showAllProblems?: boolean | undefined;
}

export interface FormProblem {
  /** JSON Pointer. */
  readonly path: string;
  readonly label: string;
  readonly message: string;
}

export interface FormServices {
  readonly users: readonly LocalUser[];
  readonly groups: readonly LocalGroup[];
  /** Stores the file and returns the value of the field. Undefined where documents can't be stored. */
  readonly uploadDocument?: ((file: File) => Promise<string>) | undefined;
  /** Saves the document that a `kuflow-file` reference names. */
  readonly downloadDocument?: ((reference: string) => Promise<void>) | undefined;
}

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
  readonly services: FormServices;
  readonly showAllProblems: boolean;
  readonly memory: FormMemory;
  /** To be called after a change of the memory. */
  readonly memoryChanged: () => void;
  /** Those of this moment. */
  readonly currentProblems: () => readonly FormProblem[];
  /** Messages by path, as of the last rendering. */
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
    const gone = new AbortController();
    const options = { capture: true, signal: gone.signal };
    addEventListener('pointerdown', pressed, options);
    addEventListener('pointerup', released, options);
    addEventListener('pointercancel', released, options);
    return () => gone.abort();
  }, []);
  return (act) => {
    if (pointer.pressed) pointer.waiting.push(act);
    else act();
  };
}

export function useFormState() {
  const { core, readonly, dispatch } = useJsonForms();
  const root = (core?.schema ?? {}) as Schema;
  const data = (core?.data ?? {}) as JsonObject;
  const ajv = core?.ajv;
  return {
    root,
    data,
    readOnly: readonly === true,
    /** Undefined removes the value. */
    change: (path: string, value: Json | undefined): void => {
      // Starts from the state of the moment, and not from that of the last rendering.
      dispatch?.(
        update('', (current: JsonObject) =>
          withValueAt(current, path, value, (at) => placeAt(at, root, current).required),
        ),
      );
    },
    /** Whether a rule of the UI schema shows and enables the element; `path` is that of the data which its scopes start from. */
    rule: (element: UISchemaElement, path: string): { readonly visible: boolean; readonly enabled: boolean } => {
      if (element.rule === undefined || ajv === undefined) return { visible: true, enabled: true };
      const scoped = valueAt(data, path);
      try {
        return {
          visible: isVisible(element, scoped, '', ajv, undefined),
          enabled: isEnabled(element, scoped, '', ajv, undefined),
        };
      } catch {
        // A rule that can't be evaluated must not hide anything.
        return { visible: true, enabled: true };
      }
    },
  };
}
