import { PACKAGE_NAME } from '../../base/package-root.ts';
import type { UnreachableRegistry } from '../install.ts';

/** Makes npm log each request and each failed attempt. */
export const LOG_REQUESTS = '--loglevel=http';

// Errors without any response, not even a partial one.
const NO_CONNECTION = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT)$/;
const RESPONSE = /^npm http fetch \S+ \d{3} /;
const FAILED_ATTEMPT = /^npm http fetch \S+ (\S+) attempt (\d+) failed with (\S+)$/;

/**
 * Returns a function that reads npm's output line by line and reports when the registry is unreachable: two attempts without a connection for
 * one package, and no response before. npm itself would try one package after the other, for more than a minute each.
 */
export function watchRegistry(): (line: string) => UnreachableRegistry | undefined {
  let hasResponded = false;
  return (line) => {
    hasResponded ||= RESPONSE.test(line);
    const [, address = '', attempt, code = ''] = FAILED_ATTEMPT.exec(line) ?? [];
    if (hasResponded || Number(attempt) < 2 || !NO_CONNECTION.test(code) || !URL.canParse(address)) return undefined;
    return { registry: new URL(address).origin, code };
  };
}

const OWN_PACKAGE = new RegExp(`(?:^|[\\s"'/])${PACKAGE_NAME}(?=[@:\\s"']|$)`);
const NOT_FOUND = /\b404\b|not found|couldn't find|no matching version|no candidates|failed to resolve/i;

/** Whether an install failed because the registry does not have this package, or not this version of it. Reads the output of all package managers. */
export function isUnpublished(output: string): boolean {
  return output.split('\n').some((line) => OWN_PACKAGE.test(line) && NOT_FOUND.test(line));
}

/** Removes the lines that `LOG_REQUESTS` adds to npm's output. */
export function removeRequestLines(output: string): string {
  return output
    .split('\n')
    .filter((line) => !RESPONSE.test(line) && !line.startsWith('npm http cache '))
    .join('\n');
}
