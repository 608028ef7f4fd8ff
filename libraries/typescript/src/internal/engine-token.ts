import type { Logger } from '@temporalio/common';
import type { Metrics } from './metrics.ts';
import { Secret } from './secret.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const FALLBACK_LIFE = 5 * MINUTE;
const MAX_LIFE = 366 * 24 * 60 * MINUTE;
const CLOCK_CHECK_INTERVAL = 30 * SECOND;

export interface EngineToken {
  readonly value: Secret;
  /** Milliseconds since the epoch, by the clock of this machine. */
  readonly receivedAt: number;
  readonly expiresAt: number;
}

/** A token with a missing, past or implausible `expiredAt` is assumed to be valid for five minutes. */
export function createToken(token: string, expiredAt: string | undefined): EngineToken {
  const now = Date.now();
  const life = Date.parse(expiredAt ?? '') - now;
  const isPlausible = life > 0 && life <= MAX_LIFE;
  return { value: new Secret(token), receivedAt: now, expiresAt: now + (isPlausible ? life : FALLBACK_LIFE) };
}

/**
 * A token is renewed after a tenth of its lifetime, but no sooner than after one second and no later than after ten minutes.
 */
export function tokenRenewalTime({ receivedAt, expiresAt }: EngineToken): number {
  return receivedAt + Math.max(SECOND, Math.min((expiresAt - receivedAt) / 10, 10 * MINUTE));
}

export interface TokenRenewerOptions {
  readonly request: () => Promise<EngineToken>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export class TokenRenewer {
  current: EngineToken | undefined;
  /** Why the last request failed. Undefined after a successful one. */
  lastError: unknown;
  readonly #options: TokenRenewerOptions;
  #pending: Promise<EngineToken> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #expiryWatch: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: TokenRenewerOptions) {
    this.#options = options;
  }

  isValid(): boolean {
    return this.current !== undefined && this.current.expiresAt > Date.now();
  }

  /** Requests a new token. Concurrent callers share one request. */
  renew(): Promise<EngineToken> {
    this.#pending ??= this.#request().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** Renews the token until `stop` is called, and passes each new one to `onToken`. */
  start(onToken: (token: EngineToken) => Promise<void>): void {
    const { logger, metrics } = this.#options;
    let failures = 0;
    let dueAt = this.current === undefined ? 0 : tokenRenewalTime(this.current);
    // Checks the wall clock regularly instead of using one long timer, so that a laptop renews as soon as it wakes up.
    const schedule = (): void => {
      if (this.#stopped) return;
      const pause = Math.max(0, Math.min(dueAt - Date.now(), CLOCK_CHECK_INTERVAL));
      this.#timer = setTimeout(() => void renewIfDue().then(schedule), pause);
    };
    const renewIfDue = async (): Promise<void> => {
      if (this.current !== undefined) metrics.tokenAge((Date.now() - this.current.receivedAt) / SECOND);
      if (Date.now() < dueAt) return;
      try {
        const token = await this.renew();
        await onToken(token);
        failures = 0;
        dueAt = tokenRenewalTime(token);
        logger.debug('Engine token renewed', { seconds: Math.round((token.expiresAt - Date.now()) / SECOND) });
      } catch (error) {
        failures += 1;
        const pause = this.#backOff(failures);
        dueAt = Date.now() + pause;
        logger.warn('Could not renew the engine token', { error, seconds: Math.ceil(pause / SECOND) });
      }
    };
    schedule();
  }

  /**
   * Calls `onLost` once, when the token could not be renewed for `grace` milliseconds after it expired. Does not count the time in which a
   * laptop slept, so that it can renew the token when it wakes up.
   */
  watchExpiry(grace: number, onLost: () => void): void {
    let expired = 0;
    this.#expiryWatch = setInterval(() => {
      expired = this.isValid() ? 0 : expired + SECOND;
      if (expired < grace) return;
      clearInterval(this.#expiryWatch);
      onLost();
    }, SECOND);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#expiryWatch);
  }

  async #request(): Promise<EngineToken> {
    const { request, metrics } = this.#options;
    try {
      this.current = await request();
    } catch (error) {
      this.lastError = error;
      metrics.tokenRenewalFailed();
      throw error;
    }
    this.lastError = undefined;
    metrics.tokenAge(0);
    return this.current;
  }

  /** The pause before the next attempt. Doubles each time, but allows several attempts while the token is still valid. */
  #backOff(failures: number): number {
    const left = (this.current?.expiresAt ?? 0) - Date.now();
    const maxPause = Math.max(SECOND, Math.min(30 * SECOND, left > 0 ? left / 4 : 5 * SECOND));
    return Math.min(maxPause, SECOND * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
  }
}
