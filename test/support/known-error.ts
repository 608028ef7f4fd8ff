import { KnownError } from '../../src/base/errors.ts';

/** The error of a promise that must reject with a KnownError. */
export async function errorOf(promise: Promise<unknown>): Promise<KnownError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof KnownError) return error;
  throw new Error(`not a KnownError: ${String(error)}`);
}
