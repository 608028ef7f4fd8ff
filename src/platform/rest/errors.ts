import { STATUS_CODES } from 'node:http';

import type { Clock } from '../../base/clock.ts';
import type { DefaultError } from '../../kuflow/contract/common.ts';
import { ApiError, type ApiErrorDetail } from '../domain/api-error.ts';

/** Bytes; a larger body is refused with 413. */
export const BODY_LIMIT = 100 * 1024 * 1024;
const TOO_LARGE = `The body is larger than ${BODY_LIMIT / 1024 / 1024} MB (${BODY_LIMIT} bytes), the limit of the local KuFlow`;

/** Creates an error body in KuFlow's format. */
export function createErrorBody(
  clock: Clock,
  status: number,
  message: string,
  details: readonly ApiErrorDetail[] = [],
): DefaultError {
  return {
    timestamp: new Date(clock.now()).toISOString(),
    status,
    message,
    ...(details.length === 0 ? {} : { errors: details.map((detail) => ({ ...detail })) }),
  };
}

export interface RestError {
  readonly status: number;
  readonly message: string;
  readonly details: readonly ApiErrorDetail[];
  /** True for an internal error, whose reason goes to the log and not into the answer. */
  readonly unexpected: boolean;
}

/** Converts anything thrown while a request was processed. */
export function toRestError(error: unknown): RestError {
  if (error instanceof ApiError)
    return { status: error.status, message: error.message, details: error.details, unexpected: false };
  const status =
    error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  if (status === 413) return { status, message: TOO_LARGE, details: [], unexpected: false };
  if (error instanceof Error && status >= 400 && status < 500)
    return { status, message: error.message, details: [], unexpected: false };
  return { status: 500, message: STATUS_CODES[500] ?? 'Error', details: [], unexpected: true };
}
