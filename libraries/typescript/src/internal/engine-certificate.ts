import { X509Certificate } from 'node:crypto';
import type { Logger } from '@temporalio/common';
import type { Metrics } from './metrics.ts';
import type { Secret } from './secret.ts';
import type { Settings } from './settings.ts';

const SECOND = 1_000;
const CHECK_INTERVAL = 30 * SECOND;
/** Longer than Temporal's long poll, so that no poll is cut off. */
const CLOSE_OLD_CONNECTION_AFTER = 75 * SECOND;

/** How this worker authenticates to the engine: a namespace and a client certificate for it, in PEM format. */
export interface EngineIdentity {
  readonly from: 'api' | 'files' | 'data';
  readonly namespace: string;
  readonly cert: string;
  /** PKCS#8 */
  readonly key: Secret;
  readonly ca: string;
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
}

export function createIdentity(parts: Omit<EngineIdentity, 'validFrom' | 'validTo'>): EngineIdentity {
  const certificate = new X509Certificate(parts.cert);
  const validFrom = Date.parse(certificate.validFrom);
  return {
    ...parts,
    // Issuers backdate certificates to allow for clock skew, so the lifetime of a requested one starts when it arrives.
    validFrom: parts.from === 'api' ? Math.max(validFrom, Date.now()) : validFrom,
    validTo: Date.parse(certificate.validTo),
  };
}

/** The identity from the settings, or undefined if it must be requested from KuFlow. */
export function identityFromSettings({ temporal }: Settings): EngineIdentity | undefined {
  const { mutualTls, namespace } = temporal;
  return mutualTls === undefined || namespace === undefined ? undefined : createIdentity({ ...mutualTls, namespace });
}

export interface CertificateWatchOptions {
  readonly identity: EngineIdentity;
  readonly request: () => Promise<EngineIdentity>;
  readonly reloadSettings: () => Settings;
  /** Connects with the new identity and switches the worker to that connection. Returns a function that closes the old one. */
  readonly swap: (next: EngineIdentity) => Promise<() => Promise<void>>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Replaces the engine certificate while the worker runs. A certificate from KuFlow is requested again after two thirds of
 * its lifetime. Files and inline data are reread every 30 seconds; if they have changed and are valid, the worker switches to
 * them.
 */
export function startCertificateWatch(options: CertificateWatchOptions): { stop(): void } {
  const { logger, metrics } = options;
  let { identity } = options;
  let retryAt = 0;
  let failures = 0;
  let warned = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const renewalTime = (): number => identity.validFrom + ((identity.validTo - identity.validFrom) * 2) / 3;
  /** When to request a certificate. Never for one from the settings. */
  const dueAt = (): number => (identity.from === 'api' ? Math.max(renewalTime(), retryAt) : Number.POSITIVE_INFINITY);
  const secondsLeft = (): number => (identity.validTo - Date.now()) / SECOND;

  const findReplacement = async (): Promise<EngineIdentity | undefined> => {
    // Settings that cannot be read do not matter here.
    if (identity.from === 'api') return Date.now() >= dueAt() ? options.request() : undefined;
    const configured = identityFromSettings(options.reloadSettings());
    return configured === undefined || isSameIdentity(configured, identity) ? undefined : configured;
  };

  const replaceIfDue = async (): Promise<void> => {
    const next = await findReplacement();
    if (next === undefined || stopped) return;
    // With a certificate for another namespace, the engine would reject the worker's polls or return no tasks.
    if (next.namespace !== identity.namespace)
      throw new Error(
        `The new certificate is for the namespace ${next.namespace}, but this worker polls ${identity.namespace}. Restart the worker`,
      );
    const closeOld = await options.swap(next);
    setTimeout(() => void closeOld(), CLOSE_OLD_CONNECTION_AFTER).unref();
    identity = next;
    failures = 0;
    // A new certificate may already be due for renewal. Do not request one after the other without a pause.
    retryAt = Date.now() + 10 * SECOND;
    warned = false;
    logger.info('Engine certificate replaced', { seconds: Math.round(secondsLeft()) });
  };

  const check = async (): Promise<void> => {
    try {
      await replaceIfDue();
    } catch (error) {
      failures += 1;
      const pause = Math.min(60 * SECOND, SECOND * 2 ** failures) * (0.5 + Math.random() / 2);
      retryAt = Date.now() + pause;
      logger.warn('Could not replace the engine certificate', { error, seconds: Math.ceil(pause / SECOND) });
    }
    metrics.certificateExpiry(secondsLeft());
    const overdue = Date.now() > renewalTime();
    metrics.certificateRenewalOverdue(overdue);
    if (overdue && !warned && identity.from !== 'api') {
      warned = true;
      logger.warn('The engine certificate is past two thirds of its lifetime and has not been replaced', {
        seconds: Math.round(secondsLeft()),
        hint: 'Replace the files of temporal.mutual-tls. The worker uses them within 30 seconds',
      });
    }
    if (!stopped) timer = setTimeout(() => void check(), Math.min(CHECK_INTERVAL, Math.max(100, dueAt() - Date.now())));
  };
  void check();

  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function isSameIdentity(one: EngineIdentity, other: EngineIdentity): boolean {
  const parts = ({ namespace, cert, key, ca }: EngineIdentity): string => [namespace, cert, key.reveal(), ca].join();
  return parts(one) === parts(other);
}
