import type { JsonObject } from '../base/json.ts';

/** What was typed and not yet sent. It outlives a reload of the tab and a restart of the platform. */
export interface Draft {
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
