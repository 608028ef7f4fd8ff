import { createHash, randomBytes } from 'node:crypto';
import { uuid7 } from '../../base/uuid.ts';
import type { Authentication, AuthenticationCreateParams } from '../../kuflow/contract/authentications.ts';
import type { Store } from '../store/store.ts';
import { AUTHENTICATIONS, findPrincipalByCredential, PRINCIPALS, type PrincipalRow } from '../store/people.ts';
import type { OperationContext } from './context.ts';
import { requireTenant } from './people.ts';

// The prefix makes a leaked secret recognizable, and `_` prevents it from being parsed as base64 of id and secret.
export const generateSecret = (): string => `kfdev_${randomBytes(24).toString('base64url')}`;

export const hashSecret = (id: string, secret: string): string =>
  createHash('sha256').update(`${id}:${secret}`).digest('hex');
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** The principal in an engine token that this platform signed and that has not expired; otherwise undefined. */
export type EngineTokenReader = (token: string) => Promise<string | undefined> | string | undefined;

/**
 * Finds the principal of an `Authorization` header: `Basic` or `Bearer` with base64 of `id:secret` (KuFlow's SDKs send
 * the latter), or `Bearer` with a user's token or an engine token. Undefined if the credentials are not valid, or
 * those of a disabled user.
 */
export async function authenticateCaller(store: Store, header: string | undefined, readEngineToken: EngineTokenReader) {
  const [, scheme = '', credentials = ''] = /^(basic|bearer) +(\S+) *$/i.exec(header ?? '') ?? [];
  if (credentials === '') return undefined;
  const principal =
    findByPair(store, credentials) ??
    (scheme.toLowerCase() === 'basic' ? undefined : await findByToken(store, credentials, readEngineToken));
  return principal?.disabledAt === undefined ? principal : undefined;
}

function findByPair({ sql }: Store, credentials: string): PrincipalRow | undefined {
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  const at = text.indexOf(':');
  if (at < 1) return undefined;
  return findPrincipalByCredential(sql, 'secret', hashSecret(text.slice(0, at).toLowerCase(), text.slice(at + 1)));
}

async function findByToken({ sql }: Store, token: string, readEngineToken: EngineTokenReader) {
  const principal = findPrincipalByCredential(sql, 'token', hashToken(token));
  // Verifying a signature is only worthwhile for a JWT.
  if (principal !== undefined || token.split('.').length !== 3) return principal;
  const principalId = await readEngineToken(token);
  return principalId === undefined ? undefined : PRINCIPALS.findById(sql, principalId);
}

/** Issues an engine token or certificate to the caller. The store keeps a record of it, but not the secrets. */
export async function createAuthentication(
  ctx: OperationContext,
  params: AuthenticationCreateParams,
): Promise<Authentication> {
  const tenantId = params.tenantId === undefined ? ctx.tenantId : requireTenant(ctx, params.tenantId);
  const credentials =
    params.type === 'ENGINE_TOKEN'
      ? { engineToken: await ctx.issuers.issueToken(ctx.principal.id) }
      : { engineCertificate: await ctx.issuers.issueCertificate(ctx.principal.id) };
  // Like the credentials, in real time.
  const time = ctx.clock.real.now();
  const authentication = {
    id: uuid7(time),
    type: params.type,
    tenantId,
    createdBy: ctx.principal.id,
    createdAt: new Date(time).toISOString(),
  };
  ctx.store.transaction(() => AUTHENTICATIONS.insert(ctx.store.sql, authentication));
  return { ...authentication, ...credentials };
}
