import { usageError } from '../../base/errors.ts';
import type { PlatformState } from '../state/running-state.ts';

/**
 * The address of the console, or of the part of it that `path` names, such as `tasks/latest`. The sign-in is in the fragment, which the browser does
 * not send: `token` signs in for as long as the platform exists, `code` once. Throws a usage error for a path outside the console.
 */
export function pageAddress(
  state: Pick<PlatformState, 'endpoints'>,
  signIn: { readonly token?: string; readonly code?: string },
  path = '',
): string {
  const base = new URL('/console/', state.endpoints.http);
  const url = new URL(path.replace(/^\/?(console(\/|$))?/, ''), base);
  if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname) || url.hash !== '')
    throw usageError(`${path} is not a path of the console`, [
      'Use a path such as tasks, tasks/latest, processes or requests',
    ]);
  url.hash = new URLSearchParams({ ...signIn }).toString();
  return url.href;
}
