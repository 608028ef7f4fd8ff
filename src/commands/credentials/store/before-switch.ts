import { SystemError } from '../../../base/system-error.ts';

/** The error of a run that ends with it before it has switched to a new set; a failed call of the system says so. */
export function checkReplaceable(error: unknown): unknown {
  if (!(error instanceof SystemError)) return error;
  const { message, tried, seen, next, status, cause } = error;
  return new SystemError({
    message,
    ...(tried !== undefined && { tried }),
    ...(seen !== undefined && { seen }),
    next: [...next, 'Nothing was switched: the settings and the credentials of before are as they were'],
    status,
    cause,
  });
}
