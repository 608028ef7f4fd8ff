import { readTlsMaterial } from '../../engine/material/tls-material.ts';
import type { CheckResult } from '../../diagnostics/check.ts';
import type { CheckInput, IssuedMaterial, IssuedToken, KuFlowProbe } from '../../diagnostics/check-input.ts';

/** What runs one after the other hand on, so that only the first asks KuFlow to make something. */
export interface IssuedCredentials {
  token?: KeptToken;
  material?: KeptMaterial;
}

interface KeptToken {
  readonly owner: string;
  readonly issued: IssuedToken;
  /** Milliseconds since the epoch by KuFlow's clock; undefined until its end was once seen ahead. */
  until: number | undefined;
  /** It was refused as it was new, and never taken since: another one would look no better. */
  hopeless: boolean;
}

interface KeptMaterial {
  readonly owner: string;
  readonly issued: IssuedMaterial;
  /** Whether it was once seen valid. */
  valid: boolean;
  /** As that of a token. */
  hopeless: boolean;
}

/** A token that ends sooner is not used again, nor one of which less than half is left. */
const LEFT_MS = 60_000;

/** Whose a token and a certificate are: an application's, at one KuFlow, in one tenant. */
export function issuedFor(input: Pick<CheckInput, 'endpoint' | 'clientId'>, tenantId: string | undefined): string {
  return JSON.stringify([input.endpoint.value, input.clientId.value, tenantId ?? null]);
}

function usedUntil({ expiredAt }: IssuedToken, now: number): number | undefined {
  const end = Date.parse(expiredAt ?? '');
  return end > now ? end - Math.min(LEFT_MS, (end - now) / 2) : undefined;
}

/**
 * The same access, which asks for a token or a certificate only where `kept` has none of this owner's that still does. What was over as it
 * was issued, or does not say when it ends, is kept until somebody refuses it: by a clock that is wrong another one would look no better.
 */
export function withIssuedCache(access: KuFlowProbe, kept: IssuedCredentials, owner: string): KuFlowProbe {
  return {
    ...access,
    requestToken: async (signal, now) => {
      const { token } = kept;
      if (token?.owner === owner) {
        token.until ??= usedUntil(token.issued, now);
        if (token.until === undefined || now < token.until) return { ...token.issued, reused: true };
      }
      delete kept.token;
      const issued = await access.requestToken(signal, now);
      if (!issued.token.isEmpty) kept.token = { owner, issued, until: usedUntil(issued, now), hopeless: false };
      return issued;
    },
    requestCertificate: async (signal, now) => {
      const { material } = kept;
      if (material?.owner === owner) {
        const isValid = readTlsMaterial(material.issued.text, now).ok;
        if (isValid || !material.valid) {
          material.valid = isValid;
          return { ...material.issued, reused: true };
        }
      }
      delete kept.material;
      const issued = await access.requestCertificate(signal, now);
      kept.material = { owner, issued, valid: readTlsMaterial(issued.text, now).ok, hopeless: false };
      return issued;
    },
  };
}

/** Causes that say something about the token or the certificate itself, and not only about what is on the way. */
const OF_THE_TOKEN = /^engine-(unauthenticated|permission-denied)$/;
const OF_THE_CERTIFICATE =
  /^(client-certificate-.*|engine-(handshake-refused|closed-after-handshake|certificate-untrusted))$/;
const NOT_OF_THE_CLOCK = /^(?!certificate-(expired|not-yet-valid)$)/;
const OF_THE_CREDENTIALS = /^rest-(unauthorized|forbidden)$/;

/**
 * Lets go of what the checks did not take, so that the next run asks for another one: only what was taken before, or came of an earlier run,
 * since what is refused as it is new has a fault that another one does not mend.
 */
export function dropRejected(kept: IssuedCredentials, results: readonly CheckResult[]): void {
  const of = (id: string): CheckResult | undefined => results.find((one) => one.id === id);
  const refused = (id: string, why = /^/): boolean => of(id)?.state === 'fail' && why.test(of(id)?.cause?.code ?? '');
  if (refused('KF-REST-001', OF_THE_CREDENTIALS)) {
    delete kept.token;
    delete kept.material;
    return;
  }
  const isTokenRefused =
    refused('KF-TOKEN-001') || refused('KF-ENGINE-001', OF_THE_TOKEN) || refused('KF-ENGINE-002', OF_THE_TOKEN);
  const isMaterialRefused = refused('KF-TLS-002', NOT_OF_THE_CLOCK) || refused('KF-TLS-003', OF_THE_CERTIFICATE);
  const isNew = (id: string): boolean => of(id)?.created !== undefined;
  if (isTokenRefused) {
    if (mayBeMended(kept.token, isNew('KF-TOKEN-001'))) delete kept.token;
  } else if (kept.token !== undefined && of('KF-ENGINE-001')?.state === 'pass') kept.token.hopeless = false;
  if (isMaterialRefused) {
    if (mayBeMended(kept.material, isNew('KF-TLS-002'))) delete kept.material;
  } else if (kept.material !== undefined && of('KF-TLS-003')?.state === 'pass') kept.material.hopeless = false;
}

/** Whether another one may do better than what was refused now. */
function mayBeMended(refused: KeptToken | KeptMaterial | undefined, isNew: boolean): boolean {
  if (refused === undefined) return false;
  if (isNew) refused.hopeless = true;
  return !refused.hopeless;
}
