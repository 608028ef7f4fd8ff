import { readTlsMaterial } from '../../engine/material/tls-material.ts';
import type { CheckResult } from '../../diagnostics/check.ts';
import type { CheckInput, IssuedMaterial, IssuedToken, KuFlowProbe } from '../../diagnostics/input.ts';

/** Shared by consecutive runs, so that only the first one creates a token and a certificate in KuFlow. */
export interface IssuedCredentials {
  token?: CachedToken;
  material?: CachedMaterial;
}

interface Cached<Issued> {
  readonly owner: string;
  readonly issued: Issued;
  /** It was rejected when it was new and has not been accepted since, so a replacement would be rejected too. */
  rejectedWhenNew: boolean;
}

interface CachedToken extends Cached<IssuedToken> {
  /** Milliseconds since the epoch by KuFlow's clock; undefined as long as its expiry has never been in the future. */
  until: number | undefined;
}

interface CachedMaterial extends Cached<IssuedMaterial> {
  /** Whether it has ever been valid. */
  wasValid: boolean;
}

/** A token is reused as long as more than this, or more than half of its lifetime, is left. */
const MIN_LEFT_MS = 60_000;

/** Identifies who a token and a certificate belong to: application, KuFlow endpoint and tenant. */
export function cacheOwner({ endpoint, clientId, tenantId }: CheckInput): string {
  return JSON.stringify([endpoint.value, clientId.value, tenantId?.value ?? null]);
}

function usableUntil({ expiredAt }: IssuedToken, now: number): number | undefined {
  const end = Date.parse(expiredAt ?? '');
  return end > now ? end - Math.min(MIN_LEFT_MS, (end - now) / 2) : undefined;
}

/**
 * Wraps `probe` to request a token or certificate only if `cache` has no usable one for this owner. One that had expired when it was
 * issued, or that has no expiry, stays cached until it is rejected: with a wrong clock, a new one would look the same.
 */
export function withIssuedCache(probe: KuFlowProbe, cache: IssuedCredentials, owner: string): KuFlowProbe {
  return {
    ...probe,
    requestToken: async (signal, now) => {
      const { token } = cache;
      if (token?.owner === owner) {
        token.until ??= usableUntil(token.issued, now);
        if (token.until === undefined || now < token.until) return { ...token.issued, reused: true };
      }
      delete cache.token;
      const issued = await probe.requestToken(signal, now);
      if (!issued.token.isEmpty)
        cache.token = { owner, issued, until: usableUntil(issued, now), rejectedWhenNew: false };
      return issued;
    },
    requestCertificate: async (signal, now) => {
      const { material } = cache;
      if (material?.owner === owner) {
        const isValid = readTlsMaterial(material.issued.text, now).ok;
        if (isValid || !material.wasValid) {
          material.wasValid = isValid;
          return { ...material.issued, reused: true };
        }
      }
      delete cache.material;
      const issued = await probe.requestCertificate(signal, now);
      cache.material = { owner, issued, wasValid: readTlsMaterial(issued.text, now).ok, rejectedWhenNew: false };
      return issued;
    },
  };
}

/** Causes that concern the token or the certificate itself, not just the connection. */
const TOKEN_CAUSES = /^engine-(unauthenticated|permission-denied|namespace-denied)$/;
const CERTIFICATE_CAUSES =
  /^(client-certificate-.*|engine-(handshake-refused|closed-after-handshake|certificate-untrusted))$/;
const NON_CLOCK_CAUSES = /^(?!certificate-(expired|not-yet-valid)$)/;
const CREDENTIAL_CAUSES = /^rest-(unauthorized|forbidden)$/;

/**
 * Removes a rejected token or certificate from the cache, so that the next run requests a new one. Keeps one that was rejected when it
 * was new, because a replacement would have the same problem.
 */
export function dropRejected(cache: IssuedCredentials, results: readonly CheckResult[]): void {
  const resultOf = (id: string): CheckResult | undefined => results.find((one) => one.id === id);
  const isRejected = (id: string, causes = /^/): boolean =>
    resultOf(id)?.state === 'fail' && causes.test(resultOf(id)?.cause?.code ?? '');
  if (isRejected('KF-REST-001', CREDENTIAL_CAUSES)) {
    delete cache.token;
    delete cache.material;
    return;
  }
  const isTokenRejected =
    isRejected('KF-TOKEN-001') ||
    isRejected('KF-ENGINE-001', TOKEN_CAUSES) ||
    isRejected('KF-ENGINE-002', TOKEN_CAUSES);
  const isMaterialRejected = isRejected('KF-TLS-002', NON_CLOCK_CAUSES) || isRejected('KF-TLS-003', CERTIFICATE_CAUSES);
  const isNew = (id: string): boolean => resultOf(id)?.created !== undefined;
  if (isTokenRejected) {
    if (shouldReplace(cache.token, isNew('KF-TOKEN-001'))) delete cache.token;
  } else if (cache.token !== undefined && resultOf('KF-ENGINE-001')?.state === 'pass')
    cache.token.rejectedWhenNew = false;
  if (isMaterialRejected) {
    if (shouldReplace(cache.material, isNew('KF-TLS-002'))) delete cache.material;
  } else if (cache.material !== undefined && resultOf('KF-TLS-003')?.state === 'pass')
    cache.material.rejectedWhenNew = false;
}

/** Whether a replacement might be accepted. */
function shouldReplace(rejected: Cached<unknown> | undefined, isNew: boolean): boolean {
  if (rejected === undefined) return false;
  if (isNew) rejected.rejectedWhenNew = true;
  return !rejected.rejectedWhenNew;
}
