import type { DefaultError } from '../../kuflow/contract/common.ts';

/** One detail of an error: `code` is stable, `location` names the field or parameter. */
export type ApiErrorDetail = Readonly<NonNullable<DefaultError['errors']>[number]>;

/** KuFlow's DefaultError. Messages contain codes, ids and states, never values of instances. */
export class ApiError extends Error {
  override readonly name: string = 'ApiError';
  readonly status: number;
  readonly details: readonly ApiErrorDetail[];

  constructor(status: number, message: string, details: readonly ApiErrorDetail[] = []) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/** 400: the request is invalid. */
export function badRequest(message: string, location?: string): ApiError {
  return new ApiError(
    400,
    message,
    location === undefined ? [] : [{ code: 'invalid', message, location, locationType: 'body' }],
  );
}

/** 403: the caller is not the owner, or the process has ended. */
export function forbidden(message: string): ApiError {
  return new ApiError(403, message);
}

/** 404: `what` names the kind of resource. */
export function notFound(what: string, id: string): ApiError {
  return new ApiError(404, `No ${what} with ID ${id}`);
}

/** The resource that was found, or else 404. */
export function orNotFound<Resource>(found: Resource | undefined, what: string, id: string): Resource {
  if (found === undefined) throw notFound(what, id);
  return found;
}

/** 409: the resource is in another state. */
export function conflict(message: string): ApiError {
  return new ApiError(409, message);
}
