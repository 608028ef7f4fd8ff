import type { Logger } from '@temporalio/common';
import type { Metrics } from './metrics.ts';

const SECOND = 1_000;
const INTERVAL = 20 * SECOND;
const MAX_SILENCE = 60 * SECOND;

export interface EngineWatch {
  /** Why the engine counts as unreachable. */
  problem(): string | undefined;
  stop(): void;
}

export interface EngineWatchOptions {
  /** Calls the engine. Resolves to a description of the restriction if the engine does not allow this call. */
  readonly ask: () => Promise<string | undefined>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Asks a connected engine every 20 s whether it still answers, unless it does not allow that the first time. */
export function startEngineWatch({ ask, logger, metrics }: EngineWatchOptions): EngineWatch {
  let answeredAt = Date.now();
  let isReachable = true;
  let isWatching = true;
  let isAllowed = false;

  const askAgain = async (): Promise<void> => {
    const wasReachable = isReachable;
    try {
      // Something in front of the engine may deny the call later, in an outage. Then ask again.
      const restriction = await ask();
      if (restriction === undefined) isAllowed = true;
      else if (!isAllowed) stop();
      answeredAt = Date.now();
      isReachable = true;
      if (!wasReachable) logger.info('The engine is reachable again');
    } catch (error) {
      if (!isWatching) return;
      isReachable = false;
      if (wasReachable) logger.warn('The engine is not responding', { error });
    }
    metrics.engineReachable(isReachable);
  };
  const stop = (): void => {
    isWatching = false;
    clearInterval(timer);
  };
  const timer = setInterval(() => void askAgain(), INTERVAL);
  metrics.engineReachable(true);

  return {
    problem: () => {
      const silence = Date.now() - answeredAt;
      return isWatching && silence >= MAX_SILENCE
        ? `no answer from the engine for ${Math.round(silence / SECOND)} s`
        : undefined;
    },
    stop,
  };
}
