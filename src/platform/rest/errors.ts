import { STATUS_CODES } from 'node:http';

import type { Clock } from '../../base/clock.ts';
import type { DefaultError } from '../../kuflow/contract/common.ts';
import { ApiError, type ApiErrorDetail } from '../domain/api-error.ts';

/** KuFlow's error body. */
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
  /** True for what nobody foresaw: to be reported with its reason, and answered without. */
  readonly unexpected: boolean;
}

/** What anything thrown on the way means to the caller. */
export function toRestError(error: unknown): RestError {
  if (error instanceof ApiError)
    return { status: error.status, message: error.message, details: error.details, unexpected: false };
  const status =
    error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  if (error instanceof Error && status >= 400 && status < 500)
    return { status, message: error.message, details: [], unexpected: false };
  return { status: 500, message: STATUS_CODES[500] ?? 'Error', details: [], unexpected: true };
}
