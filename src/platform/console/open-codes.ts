import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Secret } from '../../base/secret.ts';

const LIFE_MS = 60_000;

/**
 * Codes that sign the page in once, within a minute. `kuflow dev open` passes one to the browser, because the arguments of a program are visible to
 * other users of the machine.
 */
export interface OpenCodes {
  issue(token: Secret): string;
  /** The token of the code; undefined if the code was used, has expired or does not exist. */
  redeem(code: string): Secret | undefined;
}

export function createOpenCodes(clock: Clock): OpenCodes {
  const issued = new Map<string, { readonly token: Secret; readonly expiresAt: number }>();
  return {
    issue: (token) => {
      const now = clock.now();
      for (const [code, { expiresAt }] of issued) if (expiresAt <= now) issued.delete(code);
      const code = randomBytes(24).toString('base64url');
      issued.set(code, { token, expiresAt: now + LIFE_MS });
      return code;
    },
    redeem: (code) => {
      const found = issued.get(code);
      issued.delete(code);
      return found !== undefined && found.expiresAt > clock.now() ? found.token : undefined;
    },
  };
}
