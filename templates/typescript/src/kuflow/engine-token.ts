import type { Logger } from '@temporalio/common';
import type { Metrics } from './metrics.ts';
import { Secret } from './secret.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const FALLBACK_LIFE = 5 * MINUTE;
const MAX_LIFE = 366 * 24 * 60 * MINUTE;
const CLOCK_CHECK_INTERVAL = 30 * SECOND;

/** KuFlow's response to an authentication of type ENGINE_TOKEN. */
export interface EngineTokenResponse {
  readonly token: string;
  readonly expiredAt?: string;
}

export interface EngineToken {
  readonly value: Secret;
  /** Milliseconds since the epoch, by the clock of this machine. */
  readonly receivedAt: number;
  readonly expiresAt: number;
}

/** A token with a missing, past or implausible `expiredAt` is assumed to be valid for five minutes. */
export function toEngineToken(response: EngineTokenResponse, now: number): EngineToken {
  const life = Date.parse(response.expiredAt ?? '') - now;
  const isPlausible = Number.isFinite(life) && life > 0 && life <= MAX_LIFE;
  return { value: new Secret(response.token), receivedAt: now, expiresAt: now + (isPlausible ? life : FALLBACK_LIFE) };
}

/**
 * A token is renewed after a tenth of its lifetime, but no sooner than after one second and no later than after ten minutes.
 */
export function tokenRenewalTime(token: EngineToken): number {
  const life = token.expiresAt - token.receivedAt;
  return token.receivedAt + Math.max(SECOND, Math.min(life / 10, 10 * MINUTE));
}

export interface TokenRenewer {
  readonly current: EngineToken | undefined;
  /** Why the last request failed. Undefined after a successful one. */
  readonly lastError: unknown;
  /** Requests a new token. Concurrent callers share one request. */
  renew(): Promise<EngineToken>;
  /** Renews the token until `stop` is called, and passes each new one to `onToken`. */
  start(onToken: (token: EngineToken) => Promise<void>): void;
  stop(): void;
}

export interface TokenRenewerOptions {
  readonly request: () => Promise<EngineTokenResponse>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly now?: () => number;
  readonly random?: () => number;
}

export function createTokenRenewer(options: TokenRenewerOptions): TokenRenewer {
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  let current: EngineToken | undefined;
  let lastError: unknown;
  let pending: Promise<EngineToken> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const renew = (): Promise<EngineToken> => {
    pending ??= options
      .request()
      .then((response) => {
        current = toEngineToken(response, now());
        lastError = undefined;
        options.metrics.tokenAge(0);
        return current;
      })
      .catch((error: unknown) => {
        lastError = error;
        options.metrics.tokenRenewalFailed();
        throw error;
      })
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };

  /** The pause before the next attempt. Doubles each time, but allows several attempts while the token is still valid. */
  const backOff = (failures: number): number => {
    const left = (current?.expiresAt ?? 0) - now();
    const maxPause = Math.max(SECOND, Math.min(30 * SECOND, left > 0 ? left / 4 : 5 * SECOND));
    return Math.min(maxPause, SECOND * 2 ** (failures - 1)) * (0.5 + random() / 2);
  };

  const start: TokenRenewer['start'] = (onToken) => {
    let failures = 0;
    let dueAt = current === undefined ? now() : tokenRenewalTime(current);
    // Checks the wall clock regularly instead of using one long timer, so that a laptop renews as soon as it wakes up.
    const schedule = (): void => {
      if (stopped) return;
      timer = setTimeout(() => void renewIfDue(), Math.max(0, Math.min(dueAt - now(), CLOCK_CHECK_INTERVAL)));
    };
    const renewIfDue = async (): Promise<void> => {
      if (current !== undefined) options.metrics.tokenAge((now() - current.receivedAt) / SECOND);
      if (now() >= dueAt) {
        try {
          const token = await renew();
          await onToken(token);
          failures = 0;
          dueAt = tokenRenewalTime(token);
          options.logger.debug('Engine token renewed', { seconds: Math.round((token.expiresAt - now()) / SECOND) });
        } catch (error) {
          failures += 1;
          const pause = backOff(failures);
          dueAt = now() + pause;
          options.logger.warn('Could not renew the engine token', { error, seconds: Math.ceil(pause / SECOND) });
        }
      }
      schedule();
    };
    schedule();
  };

  return {
    get current() {
      return current;
    },
    get lastError() {
      return lastError;
    },
    renew,
    start,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
