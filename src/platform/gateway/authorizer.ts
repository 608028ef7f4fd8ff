import type { IncomingHttpHeaders } from 'node:http2';
import type { Clock } from '../../base/clock.ts';
import { GRPC_STATUS } from './grpc.ts';
import type { CallRefusal } from './grpc.ts';
import { isWorkerRpc, needsNamespace, needsToken, rpcName } from './rpcs.ts';

/** What the gateway needs to know about a token. */
export interface VerifiedToken {
  readonly namespace: string;
  /** Milliseconds since the epoch, including the grace period. */
  readonly acceptedUntil: number;
}

export type VerifyToken = (token: string) => Promise<{ readonly claims: VerifiedToken } | { readonly refused: string }>;

export interface AuthorizerOptions {
  readonly verifyToken: VerifyToken;
  readonly clock: Clock;
  /** Allows every RPC with a valid token and the right namespace. */
  readonly relax: boolean;
}

const CACHED_TOKENS = 256;
const BEARER = /^bearer +(\S+)$/i;

/**
 * Creates the function that decides whether a call is allowed: it returns undefined, or the refusal. For a token it has
 * seen before it returns at once; for a new one it returns a promise, because each distinct header is verified once.
 */
export function createAuthorizer(
  options: AuthorizerOptions,
): (headers: IncomingHttpHeaders) => CallRefusal | undefined | Promise<CallRefusal | undefined> {
  const verifiedTokens = new Map<string, VerifiedToken>();

  function authorize(path: string, headers: IncomingHttpHeaders, token: VerifiedToken): CallRefusal | undefined {
    if (!options.relax && !isWorkerRpc(path)) {
      return {
        status: GRPC_STATUS.permissionDenied,
        message: `${rpcName(path)} is not allowed for workers: only KuFlow starts, signals and cancels workflows`,
      };
    }
    const namespace = headers['temporal-namespace'];
    if (namespace === undefined) {
      if (!needsNamespace(path) || options.relax) return undefined;
      return {
        status: GRPC_STATUS.permissionDenied,
        message: `${rpcName(path)} needs a namespace (header temporal-namespace)`,
      };
    }
    if (namespace === token.namespace) return undefined;
    return {
      status: GRPC_STATUS.permissionDenied,
      message: `Namespace ${String(namespace)} is not the token's namespace, ${token.namespace}`,
      hint: 'Remove temporal.namespace from the settings: the worker then uses the namespace that comes with its engine certificate',
    };
  }

  async function verify(path: string, headers: IncomingHttpHeaders, header: string): Promise<CallRefusal | undefined> {
    const token = BEARER.exec(header)?.[1];
    if (token === undefined)
      return {
        status: GRPC_STATUS.unauthenticated,
        message: 'The authorization header is not "Bearer <engine token>"',
      };
    const verified = await options.verifyToken(token);
    if ('refused' in verified) {
      return {
        status: GRPC_STATUS.unauthenticated,
        message: `Engine token refused: ${verified.refused}`,
        hint: 'A worker must renew its token before it expires (POST /authentications, ENGINE_TOKEN)',
      };
    }
    if (verifiedTokens.size >= CACHED_TOKENS) verifiedTokens.delete(verifiedTokens.keys().next().value ?? '');
    verifiedTokens.set(header, verified.claims);
    return authorize(path, headers, verified.claims);
  }

  return (headers) => {
    const path = headers[':path'] ?? '';
    if (!needsToken(path)) return undefined;
    const header = headers.authorization;
    if (header === undefined) {
      return {
        status: GRPC_STATUS.unauthenticated,
        message: `${rpcName(path)} needs an engine token (authorization: Bearer <token>)`,
      };
    }
    const token = verifiedTokens.get(header);
    if (token !== undefined) {
      if (token.acceptedUntil > options.clock.now()) return authorize(path, headers, token);
      verifiedTokens.delete(header);
    }
    return verify(path, headers, header);
  };
}
