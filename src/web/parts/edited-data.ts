import { useEffect, useRef, useState } from 'preact/hooks';
import { canonicalJson, type JsonObject } from '../../base/json.ts';
import type { FormProblem } from '../form/state.ts';

export type EditedData = ReturnType<typeof useEditedData>;

const RENDER_AFTER_MS = 300;

const copy = (data: JsonObject): JsonObject => JSON.parse(JSON.stringify(data)) as JsonObject;

/**
 * The data of a form that a person edits while the same data may change on the platform. `stored` is what the platform has when the form is
 * first shown. A draft of this name takes precedence over it.
 */
export function useEditedData(draftName: string, stored: JsonObject) {
  const [first] = useState(() => {
    const draft = readDraft(draftName);
    return {
      mounted: { key: 0, initial: draft?.data ?? stored, isRestored: draft !== undefined },
      base: draft?.base ?? canonicalJson(stored),
    };
  });
  const [mounted, setMounted] = useState(first.mounted);
  const base = useRef(first.base);
  // The form adds what its schema needs, such as the objects of its groups. That is not a change.
  const untouched = useRef<string | undefined>(undefined);
  const isFirstReport = useRef(true);
  const data = useRef(mounted.initial);
  const problems = useRef<readonly FormProblem[]>([]);
  const isUnchanged = (json: string): boolean => json === base.current || json === untouched.current;
  const [hasChanges, setHasChanges] = useState(() => canonicalJson(data.current) !== base.current);
  // Shows the data in commands a moment later, since to render for each key would be slow.
  const [, setRendered] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const update = (): void => {
    const isChanged = !isUnchanged(canonicalJson(data.current));
    setHasChanges(isChanged);
    if (isChanged) writeDraft(draftName, { data: data.current, base: base.current });
    else removeDraft(draftName);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setRendered((count) => count + 1), RENDER_AFTER_MS);
  };
  const show = (next: JsonObject): void => {
    data.current = next;
    problems.current = [];
    isFirstReport.current = true;
    setMounted(({ key }) => ({ key: key + 1, initial: next, isRestored: false }));
    update();
  };
  const setBase = (json: string): void => {
    base.current = json;
    untouched.current = undefined;
  };
  return {
    /** For the form, which reads it when it is mounted with this key. */
    initial: mounted.initial,
    formKey: String(mounted.key),
    /** Whether the initial data was typed before a reload of the tab. */
    isRestored: mounted.isRestored && hasChanges,
    hasChanges,
    /** What is in the form now, with what was typed a moment ago. */
    current: (): JsonObject => copy(data.current),
    problems: (): readonly FormProblem[] => problems.current,
    onChange: (next: JsonObject, found: readonly FormProblem[]): void => {
      if (isFirstReport.current && canonicalJson(data.current) === base.current)
        untouched.current = canonicalJson(next);
      isFirstReport.current = false;
      data.current = next;
      problems.current = found;
      update();
    },
    /** Shows other data as if it was typed. */
    fill: show,
    /** Shows the data of the platform and forgets what was typed. */
    discard: (next: JsonObject): void => {
      setBase(canonicalJson(next));
      show(next);
    },
    /** The platform has this data now. */
    markSaved: (saved: JsonObject): void => {
      setBase(canonicalJson(saved));
      update();
    },
    /** Follows the data of the platform if nothing was typed. False if something was, and the platform's data is new. */
    follow: (next: JsonObject): boolean => {
      const json = canonicalJson(next);
      if (json === base.current) return true;
      const typed = canonicalJson(data.current);
      if (!isUnchanged(typed) && typed !== json) return false;
      setBase(json);
      if (typed === json) update();
      else show(next);
      return true;
    },
  };
}

/** What was typed and not yet sent. It outlives a reload of the tab and a restart of the platform. */
interface Draft {
  readonly data: JsonObject;
  /** The JSON of the data that the typing started from. */
  readonly base: string;
}

const keyOf = (name: string): string => `kuflow.draft.${name}`;

export function readDraft(name: string): Draft | undefined {
  try {
    return (JSON.parse(sessionStorage.getItem(keyOf(name)) ?? 'null') as Draft | null) ?? undefined;
  } catch {
    return undefined;
  }
}

export function writeDraft(name: string, draft: Draft): void {
  try {
    sessionStorage.setItem(keyOf(name), JSON.stringify(draft));
  } catch {
    // The storage is full. The form still has the data.
  }
}

export function removeDraft(name: string): void {
  sessionStorage.removeItem(keyOf(name));
}
