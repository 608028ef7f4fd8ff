import { readTlsMaterial } from '../../engine/material/tls-material.ts';
import type { CheckResult } from '../../diagnostics/check.ts';
import type { CheckInput, IssuedMaterial, IssuedToken, KuFlowProbe } from '../../diagnostics/input.ts';

/** Shared by consecutive runs, so that only the first one creates a token and a certificate in KuFlow. */
export interface IssuedCredentials {
  readonly token: Slot<IssuedToken>;
  readonly material: Slot<IssuedMaterial>;
}

interface Slot<Issued> {
  cached?: Cached<Issued> | undefined;
}

interface Cached<Issued> {
  readonly owner: string;
  readonly issued: Issued;
  /** Undefined as long as it has never been valid. */
  isUsable: IsUsable | undefined;
  /** It was rejected when it was new and has not been accepted since, so a replacement would be rejected too. */
  rejectedWhenNew: boolean;
}

/** `now`: milliseconds since the epoch by KuFlow's clock. */
type IsUsable = (now: number) => boolean;

/** A token is reused as long as more than this, or more than half of its lifetime, is left. */
const MIN_LEFT_MS = 60_000;

/** Identifies who a token and a certificate belong to: application, KuFlow endpoint and tenant. */
export function cacheOwner({ endpoint, clientId, tenantId }: CheckInput): string {
  return JSON.stringify([endpoint.value, clientId.value, tenantId?.value ?? null]);
}

function tokenUse({ expiredAt }: IssuedToken, now: number): IsUsable | undefined {
  const end = Date.parse(expiredAt ?? '');
  const until = end - Math.min(MIN_LEFT_MS, (end - now) / 2);
  return end > now ? (time) => time < until : undefined;
}

function materialUse({ text }: IssuedMaterial, now: number): IsUsable | undefined {
  const isUsable: IsUsable = (time) => readTlsMaterial(text, time).ok;
  return isUsable(now) ? isUsable : undefined;
}

/**
 * Wraps `probe` to request a token or certificate only if `cache` has no usable one for this owner. One that had expired when it was
 * issued, or that has no expiry, stays cached until it is rejected: with a wrong clock, a new one would look the same.
 */
export function withIssuedCache(probe: KuFlowProbe, cache: IssuedCredentials, owner: string): KuFlowProbe {
  const reuse =
    <Issued>(
      slot: Slot<Issued>,
      use: (issued: Issued, now: number) => IsUsable | undefined,
      request: (signal: AbortSignal, now: number) => Promise<Issued>,
    ) =>
    async (signal: AbortSignal, now: number): Promise<Issued> => {
      const { cached } = slot;
      if (cached?.owner === owner) {
        cached.isUsable ??= use(cached.issued, now);
        if (cached.isUsable?.(now) !== false) return { ...cached.issued, reused: true };
      }
      slot.cached = undefined;
      const issued = await request(signal, now);
      slot.cached = { owner, issued, isUsable: use(issued, now), rejectedWhenNew: false };
      return issued;
    };
  return {
    ...probe,
    requestToken: reuse(cache.token, tokenUse, probe.requestToken),
    requestCertificate: reuse(cache.material, materialUse, probe.requestCertificate),
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
export function dropRejected({ token, material }: IssuedCredentials, results: readonly CheckResult[]): void {
  const resultOf = (id: string): CheckResult | undefined => results.find((one) => one.id === id);
  const isRejected = (id: string, causes = /^/): boolean =>
    resultOf(id)?.state === 'fail' && causes.test(resultOf(id)?.cause?.code ?? '');
  const update = (slot: Slot<unknown>, requestedBy: string, acceptedBy: string, rejected: boolean): void => {
    if (slot.cached === undefined) return;
    if (!rejected && resultOf(acceptedBy)?.state === 'pass') slot.cached.rejectedWhenNew = false;
    if (rejected && resultOf(requestedBy)?.created !== undefined) slot.cached.rejectedWhenNew = true;
    if (rejected && !slot.cached.rejectedWhenNew) slot.cached = undefined;
  };
  if (isRejected('KF-REST-001', CREDENTIAL_CAUSES)) {
    token.cached = undefined;
    material.cached = undefined;
    return;
  }
  const isTokenRejected =
    isRejected('KF-TOKEN-001') ||
    isRejected('KF-ENGINE-001', TOKEN_CAUSES) ||
    isRejected('KF-ENGINE-002', TOKEN_CAUSES);
  const isMaterialRejected = isRejected('KF-TLS-002', NON_CLOCK_CAUSES) || isRejected('KF-TLS-003', CERTIFICATE_CAUSES);
  update(token, 'KF-TOKEN-001', 'KF-ENGINE-001', isTokenRejected);
  update(material, 'KF-TLS-002', 'KF-TLS-003', isMaterialRejected);
}
