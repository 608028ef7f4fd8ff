import type { Logger } from '@temporalio/common';
import {
  identityFromSettings,
  certificateRenewalTime,
  isSameIdentity,
  type EngineIdentity,
} from './engine-certificate.ts';
import type { Metrics } from './metrics.ts';
import type { Settings } from './settings.ts';

const SECOND = 1_000;
const CHECK_INTERVAL = 30 * SECOND;
/** Longer than Temporal's long poll, so that no poll is cut off. */
const CLOSE_OLD_CONNECTION_AFTER = 75 * SECOND;

export interface CertificateWatchOptions {
  readonly identity: EngineIdentity;
  readonly request: () => Promise<EngineIdentity>;
  readonly reloadSettings: () => Settings;
  /** Connects with the new identity and switches the worker to that connection. Returns a function that closes the old one. */
  readonly swap: (next: EngineIdentity, settings: Settings) => Promise<() => Promise<void>>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Replaces the engine certificate while the worker runs. A certificate from KuFlow is requested again after two thirds of
 * its lifetime. Files and inline data are reread every 30 seconds; if they have changed and are valid, the worker switches to
 * them.
 */
export function startCertificateWatch(options: CertificateWatchOptions): { stop(): void } {
  const { logger, metrics, reloadSettings } = options;
  let identity = options.identity;
  let retryAt = 0;
  let failures = 0;
  let warned = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const closeTimers = new Set<NodeJS.Timeout>();

  const findReplacement = async (): Promise<{ identity: EngineIdentity; settings: Settings } | undefined> => {
    const settings = reloadSettings();
    if (identity.from === 'api') {
      if (Date.now() < Math.max(certificateRenewalTime(identity), retryAt)) return undefined;
      return { identity: await options.request(), settings };
    }
    const configured = identityFromSettings(settings);
    return configured === undefined || isSameIdentity(configured, identity)
      ? undefined
      : { identity: configured, settings };
  };

  const check = async (): Promise<void> => {
    metrics.certificateExpiry((identity.validTo - Date.now()) / SECOND);
    try {
      const replacement = await findReplacement();
      if (replacement !== undefined && !stopped) {
        assertSameNamespace(identity.namespace, replacement.identity.namespace);
        const close = await options.swap(replacement.identity, replacement.settings);
        identity = replacement.identity;
        failures = 0;
        // A new certificate may already be due for renewal. Do not request one after the other without a pause.
        retryAt = Date.now() + 10 * SECOND;
        warned = false;
        logger.info('Engine certificate replaced', { seconds: Math.round((identity.validTo - Date.now()) / SECOND) });
        const closeTimer = setTimeout(() => {
          closeTimers.delete(closeTimer);
          void close();
        }, CLOSE_OLD_CONNECTION_AFTER);
        closeTimers.add(closeTimer);
      }
    } catch (error) {
      failures += 1;
      const pause = Math.min(60 * SECOND, SECOND * 2 ** failures) * (0.5 + Math.random() / 2);
      retryAt = Date.now() + pause;
      logger.warn('Could not replace the engine certificate', { error, seconds: Math.ceil(pause / SECOND) });
    }
    const overdue = Date.now() > certificateRenewalTime(identity);
    metrics.certificateRenewalOverdue(overdue);
    if (overdue && !warned && identity.from !== 'api') {
      warned = true;
      logger.warn('The engine certificate is past two thirds of its lifetime and has not been replaced', {
        seconds: Math.round((identity.validTo - Date.now()) / SECOND),
        hint: 'Replace the files of temporal.mutual-tls. The worker uses them within 30 seconds',
      });
    }
    schedule();
  };

  const schedule = (): void => {
    if (stopped) return;
    const due =
      identity.from === 'api' ? Math.max(certificateRenewalTime(identity), retryAt) : Number.POSITIVE_INFINITY;
    timer = setTimeout(() => void check(), Math.min(CHECK_INTERVAL, Math.max(100, due - Date.now())));
  };
  metrics.certificateExpiry((identity.validTo - Date.now()) / SECOND);
  schedule();

  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      for (const closeTimer of closeTimers) clearTimeout(closeTimer);
    },
  };
}

/** A worker cannot change its namespace. With a certificate for another one, the engine would reject its polls or return no tasks. */
function assertSameNamespace(current: string, next: string): void {
  if (next !== current)
    throw new Error(
      `The new certificate is for the namespace ${next}, but this worker polls ${current}. Restart the worker`,
    );
}
