import { codeOf, KnownError } from '../../base/errors.ts';
import { systemErrorParts } from '../../base/system-error.ts';

/** A call of the system that failed, with what it was for. */
export class StoreError extends KnownError {}

/** A failed call of the system as an error that says what it was for; anything else as it came. */
export function storeError(error: unknown, doing: string, path: string): unknown {
  const parts = systemErrorParts(error, doing, path);
  return parts === undefined ? error : new StoreError(parts);
}

/** The same error, of a run that ends with it before it has switched to a new set. */
export function beforeSwitch(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  const { message, tried, seen, next, status, cause } = error;
  return new StoreError({
    message,
    ...(tried !== undefined && { tried }),
    ...(seen !== undefined && { seen }),
    next: [...next, 'Nothing was switched: the settings and the credentials of before are as they were'],
    status,
    cause,
  });
}

/** Runs `work`; a failed call of the system in it becomes an error that says what it was for. */
export async function doing<T>(what: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeError(error, what, path);
  }
}

/** Runs what only tidies up: a failed call of the system in it changes nothing. */
export async function unlessSystemFails(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
  }
}
