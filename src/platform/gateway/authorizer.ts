import type { IncomingHttpHeaders } from 'node:http2';
import type { Clock } from '../../base/clock.ts';
import { GRPC_STATUS } from './grpc.ts';
import type { CallRefusal } from './grpc.ts';
import { isWorkerRpc, needsNamespace, needsToken, rpcName } from './rpcs.ts';

/** What the gateway needs to know of a token. */
export interface VerifiedToken {
  readonly namespace: string;
  /** Milliseconds since the epoch, grace included. */
  readonly acceptedUntil: number;
}

export type VerifyToken = (token: string) => Promise<{ readonly claims: VerifiedToken } | { readonly refused: string }>;

export interface AuthorizerOptions {
  readonly verifyToken: VerifyToken;
  readonly clock: Clock;
  /** Lets every RPC pass that has a valid token and the right namespace. */
  readonly relax: boolean;
}

export interface RefusedCall extends CallRefusal {
  readonly hint?: string;
}

const CACHED_TOKENS = 256;
const BEARER = /^bearer +(\S+)$/i;

/**
 * Decides whether a call may pass: undefined lets it. Answers at once for a token that was seen before, by a promise
 * for a new one, since the signature is checked once per distinct header.
 */
export function createAuthorizer(
  options: AuthorizerOptions,
): (headers: IncomingHttpHeaders) => RefusedCall | undefined | Promise<RefusedCall | undefined> {
  const known = new Map<string, VerifiedToken>();

  function authorize(path: string, headers: IncomingHttpHeaders, token: VerifiedToken): RefusedCall | undefined {
    if (!options.relax && !isWorkerRpc(path)) {
      return {
        status: GRPC_STATUS.permissionDenied,
        message: `${rpcName(path)} is not allowed for a worker: KuFlow starts, signals and cancels workflows`,
      };
    }
    const namespace = headers['temporal-namespace'];
    if (namespace === undefined) {
      if (!needsNamespace(path) || options.relax) return undefined;
      return {
        status: GRPC_STATUS.permissionDenied,
        message: `${rpcName(path)} names no namespace (header temporal-namespace)`,
      };
    }
    if (namespace === token.namespace) return undefined;
    return {
      status: GRPC_STATUS.permissionDenied,
      message: `Namespace ${String(namespace)} is not the namespace of the token, ${token.namespace}`,
      hint: 'Leave temporal.namespace out: the worker then takes the namespace that it gets with its engine certificate',
    };
  }

  async function verify(path: string, headers: IncomingHttpHeaders, header: string): Promise<RefusedCall | undefined> {
    const token = BEARER.exec(header)?.[1];
    if (token === undefined)
      return { status: GRPC_STATUS.unauthenticated, message: 'The authorization header is no "Bearer <engine token>"' };
    const verified = await options.verifyToken(token);
    if ('refused' in verified) {
      return {
        status: GRPC_STATUS.unauthenticated,
        message: `Engine token refused: ${verified.refused}`,
        hint: 'A worker must renew its token (POST /authentications, ENGINE_TOKEN) before it expires',
      };
    }
    if (known.size >= CACHED_TOKENS) known.delete(known.keys().next().value ?? '');
    known.set(header, verified.claims);
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
    const token = known.get(header);
    if (token !== undefined) {
      if (token.acceptedUntil > options.clock.now()) return authorize(path, headers, token);
      known.delete(header);
    }
    return verify(path, headers, header);
  };
}
