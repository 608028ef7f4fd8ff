import type { Logger } from '@temporalio/common';
import type { Metrics } from './metrics.ts';
import { Secret } from './secret.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const ASSUMED_LIFE = 5 * MINUTE;
const LONGEST_LIFE = 366 * 24 * 60 * MINUTE;
const LOOK_AT_CLOCK_EVERY = 30 * SECOND;

/** KuFlow's answer to a request of type ENGINE_TOKEN. */
export interface EngineTokenAnswer {
  readonly token: string;
  readonly expiredAt?: string;
}

export interface EngineToken {
  readonly value: Secret;
  /** Milliseconds since the epoch, of this machine's clock. */
  readonly receivedAt: number;
  readonly expiresAt: number;
}

/** When a token expires; one with no, a past or an absurd `expiredAt` is taken to live five minutes. */
export function tokenOf(answer: EngineTokenAnswer, now: number): EngineToken {
  const life = Date.parse(answer.expiredAt ?? '') - now;
  const usable = Number.isFinite(life) && life > 0 && life <= LONGEST_LIFE;
  return { value: new Secret(answer.token), receivedAt: now, expiresAt: now + (usable ? life : ASSUMED_LIFE) };
}

/** A token is renewed after a tenth of its life, ten minutes at most, never sooner than a second. */
export function renewalTimeOf(token: EngineToken): number {
  const life = token.expiresAt - token.receivedAt;
  return token.receivedAt + Math.max(SECOND, Math.min(life / 10, 10 * MINUTE));
}

export interface TokenKeeper {
  readonly current: EngineToken | undefined;
  /** Why the last request failed; undefined once one succeeded. */
  readonly lastError: unknown;
  /** A new token. Callers that come while a request is under way share it. */
  renew(): Promise<EngineToken>;
  /** Keeps the token fresh until `stop`; `onToken` gets each new one. */
  start(onToken: (token: EngineToken) => Promise<void>): void;
  stop(): void;
}

export interface TokenKeeperOptions {
  readonly request: () => Promise<EngineTokenAnswer>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly now?: () => number;
  readonly random?: () => number;
}

export function createTokenKeeper(options: TokenKeeperOptions): TokenKeeper {
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  let current: EngineToken | undefined;
  let lastError: unknown;
  let underWay: Promise<EngineToken> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const renew = (): Promise<EngineToken> => {
    underWay ??= options
      .request()
      .then((answer) => {
        current = tokenOf(answer, now());
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
        underWay = undefined;
      });
    return underWay;
  };

  /** The wait before the next try: doubled each time, but short enough for several tries in what is left of the token. */
  const backOff = (failures: number): number => {
    const left = (current?.expiresAt ?? 0) - now();
    const longest = Math.max(SECOND, Math.min(30 * SECOND, left > 0 ? left / 4 : 5 * SECOND));
    return Math.min(longest, SECOND * 2 ** (failures - 1)) * (0.5 + random() / 2);
  };

  const start: TokenKeeper['start'] = (onToken) => {
    let failures = 0;
    let dueAt = current === undefined ? now() : renewalTimeOf(current);
    // The wall clock decides, not the timer: a laptop that slept renews as it wakes.
    const wait = (): void => {
      if (stopped) return;
      timer = setTimeout(() => void look(), Math.max(0, Math.min(dueAt - now(), LOOK_AT_CLOCK_EVERY)));
    };
    const look = async (): Promise<void> => {
      if (current !== undefined) options.metrics.tokenAge((now() - current.receivedAt) / SECOND);
      if (now() >= dueAt) {
        try {
          const token = await renew();
          await onToken(token);
          failures = 0;
          dueAt = renewalTimeOf(token);
          options.logger.debug('Engine token renewed', { seconds: Math.round((token.expiresAt - now()) / SECOND) });
        } catch (error) {
          failures += 1;
          const pause = backOff(failures);
          dueAt = now() + pause;
          options.logger.warn('The engine token could not be renewed', { error, seconds: Math.ceil(pause / SECOND) });
        }
      }
      wait();
    };
    wait();
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
