/** What npm is told so that it says each request as it makes it, and each try that failed. */
export const LOG_REQUESTS = '--loglevel=http';

// No connection came about: neither an answer nor half of one.
const UNREACHED = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT)$/;
const ANSWERED = /^npm http fetch \S+ \d{3} /;
const TRY_FAILED = /^npm http fetch \S+ (\S+) attempt (\d+) failed with (\S+)$/;

export interface UnreachableRegistry {
  /** Origin of the registry. */
  readonly registry: string;
  /** The error code of the last try. */
  readonly code: string;
}

/**
 * Reads npm's lines and says when its registry can't be reached: twice no connection for one package, and no answer before. npm itself
 * goes on with one package after the other, each for more than a minute.
 */
export function watchRegistry(): (line: string) => UnreachableRegistry | undefined {
  let answered = false;
  return (line) => {
    answered ||= ANSWERED.test(line);
    const [, address = '', attempt, code = ''] = TRY_FAILED.exec(line) ?? [];
    if (answered || Number(attempt) < 2 || !UNREACHED.test(code) || !URL.canParse(address)) return undefined;
    return { registry: new URL(address).origin, code };
  };
}

/** What npm would have said without being told to say its requests. */
export function removeRequestLines(output: string): string {
  return output
    .split('\n')
    .filter((line) => !ANSWERED.test(line) && !line.startsWith('npm http cache '))
    .join('\n');
}
