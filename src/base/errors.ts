import type { DocumentationPage } from './documentation.ts';
import type { ExitStatus } from './exit-status.ts';

export interface KnownErrorParts {
  /** What failed, in one sentence without a period at the end. */
  readonly message: string;
  /** What was attempted, e.g. `GET https://api.kuflow.com/v2024-06-14/tenants`. */
  readonly tried?: string | undefined;
  /** What was observed, e.g. `401 Unauthorized`. Name a cause only if it was observed. */
  readonly seen?: string | undefined;
  /** What to do next: commands or sentences, in the order to try them. */
  readonly next?: readonly string[] | undefined;
  /** The documentation page about this error. */
  readonly page?: DocumentationPage | undefined;
  /** Exit status of the command. Default: 1. */
  readonly status?: ExitStatus | undefined;
  readonly cause?: unknown;
}

/** An error that the user can act on. It is printed without a stack trace. */
export class KnownError extends Error {
  override readonly name: string = 'KnownError';
  readonly tried: string | undefined;
  readonly seen: string | undefined;
  readonly next: readonly string[];
  readonly page: DocumentationPage | undefined;
  readonly status: ExitStatus;

  constructor(parts: KnownErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.tried = parts.tried;
    this.seen = parts.seen;
    this.next = parts.next ?? [];
    this.page = parts.page;
    this.status = parts.status ?? 1;
  }
}

export function copyError(error: KnownError, parts: Partial<KnownErrorParts>): KnownError {
  const { message, tried, seen, next, page, status, cause } = error;
  return new KnownError({ message, tried, seen, next, page, status, cause, ...parts });
}

/** A copy of an error with another message, and with more next steps after its own. */
export function amendError(
  error: KnownError,
  { message = error.message, next = [] }: { readonly message?: string; readonly next?: readonly string[] },
): KnownError {
  return copyError(error, { message, next: [...error.next, ...next] });
}

/** A mistake in how the command was called: status 2. */
export function usageError(message: string, next: readonly string[] = []): KnownError {
  return new KnownError({ message, next, status: 2 });
}

/** The user interrupted the command: status 130. The name of the signal becomes the cause. */
export function interruptedError(message = 'Interrupted', signal?: string): KnownError {
  return new KnownError({ message, status: 130, cause: signal });
}

export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return String(error);
}

/** The `code` of a Node system error (`ENOENT`, `ECONNREFUSED`, …) or of its causes, or undefined. */
export function codeOf(error: unknown): string | undefined {
  for (let at: unknown = error, hops = 0; at instanceof Error && hops < 8; at = at.cause, hops++) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === 'string') return code;
  }
  return undefined;
}

/** The KnownError that some work fails with; undefined if it succeeds. Rejects with any other error, and with an interruption. */
export async function knownErrorOf(work: () => unknown): Promise<KnownError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof KnownError && error.status !== 130) return error;
    throw error;
  }
}
