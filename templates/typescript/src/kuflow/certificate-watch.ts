import type { Logger } from '@temporalio/common';
import { identityOfSettings, renewalTimeOfIdentity, sameIdentity, type EngineIdentity } from './engine-certificate.ts';
import type { Metrics } from './metrics.ts';
import type { Settings } from './settings.ts';

const SECOND = 1_000;
const LOOK_EVERY = 30 * SECOND;
/** Longer than a long poll of Temporal, so that nothing under way is cut off. */
const CLOSE_OLD_AFTER = 75 * SECOND;

export interface CertificateWatchOptions {
  readonly identity: EngineIdentity;
  readonly request: () => Promise<EngineIdentity>;
  readonly reloadSettings: () => Settings;
  /** Connects with the new identity and gives the worker that connection; returns what closes the old one. */
  readonly swap: (next: EngineIdentity, settings: Settings) => Promise<() => Promise<void>>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Renews the engine certificate after two thirds of its life. A requested one is requested again; files and inline
 * data are looked at every 30 seconds, and a changed, valid set is taken over.
 */
export function startCertificateWatch(options: CertificateWatchOptions): { stop(): void } {
  const { logger, metrics, reloadSettings } = options;
  let identity = options.identity;
  let tryAgainAt = 0;
  let failures = 0;
  let warned = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const closing = new Set<NodeJS.Timeout>();

  const next = async (): Promise<{ identity: EngineIdentity; settings: Settings } | undefined> => {
    const settings = reloadSettings();
    if (identity.from === 'api') {
      if (Date.now() < Math.max(renewalTimeOfIdentity(identity), tryAgainAt)) return undefined;
      return { identity: await options.request(), settings };
    }
    const found = identityOfSettings(settings);
    return found === undefined || sameIdentity(found, identity) ? undefined : { identity: found, settings };
  };

  const look = async (): Promise<void> => {
    metrics.certificateExpiry((identity.validTo - Date.now()) / SECOND);
    try {
      const found = await next();
      if (found !== undefined && !stopped) {
        staysIn(identity.namespace, found.identity.namespace);
        const close = await options.swap(found.identity, found.settings);
        identity = found.identity;
        failures = 0;
        // A certificate that is past its renewal when it arrives must not be renewed without a pause.
        tryAgainAt = Date.now() + 10 * SECOND;
        warned = false;
        logger.info('Engine certificate replaced', { seconds: Math.round((identity.validTo - Date.now()) / SECOND) });
        const late = setTimeout(() => {
          closing.delete(late);
          void close();
        }, CLOSE_OLD_AFTER);
        closing.add(late);
      }
    } catch (error) {
      failures += 1;
      const pause = Math.min(60 * SECOND, SECOND * 2 ** failures) * (0.5 + Math.random() / 2);
      tryAgainAt = Date.now() + pause;
      logger.warn('The engine certificate could not be replaced', { error, seconds: Math.ceil(pause / SECOND) });
    }
    const overdue = Date.now() > renewalTimeOfIdentity(identity);
    metrics.certificateRenewalOverdue(overdue);
    if (overdue && !warned && identity.from !== 'api') {
      warned = true;
      logger.warn('Two thirds of the life of the engine certificate have passed and there is no new one', {
        seconds: Math.round((identity.validTo - Date.now()) / SECOND),
        hint: 'Replace the files of temporal.mutual-tls; the worker takes them over within 30 seconds',
      });
    }
    schedule();
  };

  const schedule = (): void => {
    if (stopped) return;
    const due =
      identity.from === 'api' ? Math.max(renewalTimeOfIdentity(identity), tryAgainAt) : Number.POSITIVE_INFINITY;
    timer = setTimeout(() => void look(), Math.min(LOOK_EVERY, Math.max(100, due - Date.now())));
  };
  metrics.certificateExpiry((identity.validTo - Date.now()) / SECOND);
  schedule();

  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      for (const late of closing) clearTimeout(late);
    },
  };
}

/** A worker polls one namespace for life: with a certificate for another one it would be refused, or wait where nothing comes. */
function staysIn(polled: string, other: string): void {
  if (other !== polled)
    throw new Error(`It is for the namespace ${other}, and this worker polls ${polled}: restart the worker`);
}
