import coerce from 'semver/functions/coerce.js';
import lt from 'semver/functions/lt.js';

/** Compares only major, minor and patch; a pre-release counts as its release. */
export function isOlder(version: string, than: string): boolean {
  return lt(coerce(version) ?? '0.0.0', than);
}
