import { createPrivateKey, createPublicKey, generateKeyPair, randomUUID, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errors as joseErrors, jwtVerify, SignJWT } from 'jose';
import { replaceFile } from '../../files/write.ts';
import { systemClock, type Clock } from '../../base/clock.ts';
import { codeOf } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import { createPrivateFolder } from '../../files/node-file-system.ts';

const ISSUER = 'kuflow-local';
export const DEFAULT_TOKEN_LIFE = 3600;
export const DEFAULT_TOKEN_GRACE = 120;

/**
 * Issues and verifies engine tokens with a key stored in `folder` as `token.key` (0600), so that tokens stay valid
 * after a restart. A token is accepted until `exp` + `graceSeconds`, because KuFlow's Python SDK renews it exactly at
 * `exp`.
 */
export async function openEngineTokens({
  folder,
  graceSeconds,
  clock = systemClock,
}: {
  readonly folder: string;
  readonly graceSeconds: number;
  readonly clock?: Clock | undefined;
}) {
  await createPrivateFolder(folder);
  const privateKey = await openTokenKey(join(folder, 'token.key'));
  const publicKey = createPublicKey(privateKey);

  return {
    /** A signed RS256 token; `expiredAt` is in milliseconds since the epoch, without the grace period. */
    issueToken: async ({ principalId, tenantId, namespace, lifeSeconds }: TokenRequest) => {
      const now = Math.floor(clock.now() / 1000);
      const exp = now + Math.max(1, Math.round(lifeSeconds));
      const token = await new SignJWT({ tenantId, namespace })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
        .setIssuer(ISSUER)
        .setSubject(principalId)
        .setIssuedAt(now)
        .setExpirationTime(exp)
        .setJti(randomUUID())
        .sign(privateKey);
      return { token: new Secret(token), expiredAt: exp * 1000 };
    },

    /** The claims, or why the token is refused, for the caller. `acceptedUntil`: `exp` plus the grace period, in milliseconds since the epoch. */
    verifyToken: async (token: string) => {
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          algorithms: ['RS256'],
          issuer: ISSUER,
          requiredClaims: ['sub', 'exp', 'iat', 'jti'],
          clockTolerance: graceSeconds,
          currentDate: new Date(clock.now()),
        });
        const { tenantId, namespace } = payload;
        if (
          payload.sub === undefined ||
          payload.exp === undefined ||
          typeof tenantId !== 'string' ||
          typeof namespace !== 'string'
        ) {
          return { refused: 'a claim is missing in the token' };
        }
        const acceptedUntil = (payload.exp + graceSeconds) * 1000;
        return { claims: { principalId: payload.sub, tenantId, namespace, acceptedUntil } };
      } catch (error) {
        return { refused: explainTokenError(error, graceSeconds) };
      }
    },
  };
}

interface TokenRequest {
  readonly principalId: string;
  readonly tenantId: string;
  readonly namespace: string;
  readonly lifeSeconds: number;
}

export type EngineTokens = Awaited<ReturnType<typeof openEngineTokens>>;

function explainTokenError(error: unknown, graceSeconds: number): string {
  if (error instanceof joseErrors.JWTExpired) {
    const exp = error.payload.exp;
    const when = exp === undefined ? '' : ` at ${new Date(exp * 1000).toISOString()}`;
    return `the token expired${when} (the grace period of ${graceSeconds} s has ended too)`;
  }
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) return 'the token was not signed by this platform';
  if (error instanceof joseErrors.JOSEError) return `the token is not valid: ${error.message}`;
  throw error;
}

async function openTokenKey(file: string): Promise<KeyObject> {
  try {
    return createPrivateKey(await readFile(file, 'utf8'));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EACCES' || code === 'EPERM') throw error;
  }
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  await replaceFile(file, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  return privateKey;
}
