import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  identityFromSettings,
  startCertificateWatch,
  type EngineIdentity,
} from '../../../libraries/typescript/src/internal/engine-certificate.ts';
import type { Metrics } from '../../../libraries/typescript/src/internal/metrics.ts';
import { Secret } from '../../../libraries/typescript/src/internal/secret.ts';
import type { Settings } from '../../../libraries/typescript/src/internal/settings.ts';
import { makeTestAuthority } from '../../support/certificates.ts';

const authority = await makeTestAuthority();
const [first, second] = [
  await authority.issue({ commonName: 'first', toDays: 60 }),
  await authority.issue({ commonName: 'second', toDays: 60 }),
];

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function settingsWith(namespace: string, { cert, key }: { readonly cert: string; readonly key: string }): Settings {
  const mutualTls = { from: 'files', cert, key: new Secret(key), ca: authority.cert };
  return { temporal: { namespace, mutualTls } } as unknown as Settings;
}

it('the certificate watch loads a new set for the same namespace, and warns about one for another [certificate.files]', async () => {
  let settings = settingsWith('tenant-1', first);
  const swapped: EngineIdentity[] = [];
  const warned: string[] = [];
  const logger = {
    info: () => undefined,
    warn: (text: string, { error }: { error?: Error } = {}) => warned.push(`${text}: ${error?.message ?? ''}`),
  };
  const identity = identityFromSettings(settings);
  if (identity === undefined) throw new Error('the settings do not contain a certificate');
  const watch = startCertificateWatch({
    identity,
    request: () => Promise.reject(new Error('nothing is requested with files')),
    reloadSettings: () => settings,
    swap: (next) => {
      swapped.push(next);
      return Promise.resolve(() => Promise.resolve());
    },
    logger: logger as never,
    metrics: { certificateExpiry: () => undefined, certificateRenewalOverdue: () => undefined } as unknown as Metrics,
  });

  settings = settingsWith('tenant-2', second);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(swapped).toEqual([]);
  expect(warned.join()).toContain('the namespace tenant-2, but this worker polls tenant-1. Restart the worker');

  settings = settingsWith('tenant-1', second);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(swapped.map(({ cert }) => cert)).toEqual([second.cert]);
  watch.stop();
});

it('the certificate watch warns once about files past two thirds of their lifetime, and sets a metric [certificate.overdue]', async () => {
  const settings = settingsWith('tenant-1', first);
  const identity = identityFromSettings(settings);
  if (identity === undefined) throw new Error('the settings do not contain a certificate');
  const warned: string[] = [];
  const overdue: boolean[] = [];
  vi.setSystemTime(identity.validFrom + ((identity.validTo - identity.validFrom) * 2) / 3 - 40_000);
  const watch = startCertificateWatch({
    identity,
    request: () => Promise.reject(new Error('nothing is requested with files')),
    reloadSettings: () => settings,
    swap: () => Promise.reject(new Error('the files have not changed')),
    logger: { warn: (text: string) => warned.push(text) } as never,
    metrics: {
      certificateExpiry: () => undefined,
      certificateRenewalOverdue: (isOverdue: boolean) => overdue.push(isOverdue),
    } as unknown as Metrics,
  });
  await vi.advanceTimersByTimeAsync(31_000);
  expect([warned, overdue]).toEqual([[], [false, false]]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(warned).toEqual(['The engine certificate is past two thirds of its lifetime and has not been replaced']);
  expect(overdue).toEqual([false, false, true, true]);
  watch.stop();
});

it('the certificate watch requests another certificate, whatever the settings files are like [certificate.renewal]', async () => {
  const configured = identityFromSettings(settingsWith('tenant-1', first));
  if (configured === undefined) throw new Error('the settings do not contain a certificate');
  const identity: EngineIdentity = { ...configured, from: 'api' };
  const swapped: EngineIdentity[] = [];
  vi.setSystemTime(identity.validFrom + ((identity.validTo - identity.validFrom) * 2) / 3 - 10_000);
  const watch = startCertificateWatch({
    identity,
    request: () => Promise.resolve({ ...identity, cert: second.cert }),
    reloadSettings: () => {
      throw new Error('application.yaml is not valid YAML');
    },
    swap: (next) => {
      swapped.push(next);
      return Promise.resolve(() => Promise.resolve());
    },
    logger: { info: () => undefined, warn: () => undefined } as never,
    metrics: { certificateExpiry: () => undefined, certificateRenewalOverdue: () => undefined } as unknown as Metrics,
  });
  await vi.advanceTimersByTimeAsync(31_000);
  expect(swapped[0]?.cert).toBe(second.cert);
  watch.stop();
});
