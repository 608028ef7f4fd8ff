import type { IncomingHttpHeaders } from 'node:http2';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { GRPC_STATUS } from '../../engine/rpc.ts';
import type { CallRefusal } from './grpc.ts';
import { readFields } from '../../engine/protobuf.ts';
import { namespaceField, needsNamespace, needsToken, rpcName, WORKER_RPCS } from './worker-rpcs.ts';

/** What the gateway needs to know about a token. `acceptedUntil`: milliseconds since the epoch. */
interface VerifiedToken {
  readonly namespace: string;
  readonly acceptedUntil: number;
}

export type VerifyToken = (token: string) => Promise<{ readonly claims: VerifiedToken } | { readonly refused: string }>;

/** Checks the message of a call whose headers are allowed. Returns the refusal, or undefined. */
export type CheckMessage = (message: Buffer) => CallRefusal | undefined;

/** The decision on the headers of a call. Without `checkMessage` the message is not checked. */
export type Authorization =
  | { readonly refused: CallRefusal }
  | { readonly refused?: undefined; readonly checkMessage?: CheckMessage };

const CACHED_TOKENS = 256;
const BEARER = /^bearer +(\S+)$/i;
const ALLOWED: Authorization = {};
const OWN_NAMESPACE =
  'Remove temporal.namespace from the settings: the worker then uses the namespace that comes with its engine certificate';

/** Creates the function that decides whether a call is allowed. It verifies each header once. */
export function createAuthorizer(verifyToken: VerifyToken, clock: Clock) {
  const verifiedTokens = new Map<string, VerifiedToken>();

  async function verify(path: string, headers: IncomingHttpHeaders, header: string): Promise<Authorization> {
    const token = BEARER.exec(header)?.[1];
    if (token === undefined) return unauthenticated('The authorization header is not "Bearer <engine token>"');
    const verified = await verifyToken(token);
    if ('refused' in verified) {
      return unauthenticated(
        `Engine token refused: ${verified.refused}`,
        'A worker must renew its token before it expires (POST /authentications, ENGINE_TOKEN)',
      );
    }
    if (verifiedTokens.size >= CACHED_TOKENS) verifiedTokens.delete(verifiedTokens.keys().next().value ?? '');
    verifiedTokens.set(header, verified.claims);
    return authorize(path, headers, verified.claims);
  }

  return async (headers: IncomingHttpHeaders): Promise<Authorization> => {
    const path = headers[':path'] ?? '';
    if (!needsToken(path)) return ALLOWED;
    const header = headers.authorization;
    if (header === undefined)
      return unauthenticated(`${rpcName(path)} needs an engine token (authorization: Bearer <token>)`);
    const token = verifiedTokens.get(header);
    if (token !== undefined) {
      if (token.acceptedUntil > clock.now()) return authorize(path, headers, token);
      verifiedTokens.delete(header);
    }
    return await verify(path, headers, header);
  };
}

function authorize(path: string, headers: IncomingHttpHeaders, token: VerifiedToken): Authorization {
  if (!WORKER_RPCS.has(path)) {
    const reason = 'only KuFlow starts, signals and cancels workflows';
    return { refused: permissionDenied(`${rpcName(path)} is not allowed for workers: ${reason}`) };
  }
  // Older SDKs do not send the header, and Temporal's server does not read it.
  const named = headers['temporal-namespace'];
  if (named !== undefined && named !== token.namespace) {
    const message = `The header names namespace ${String(named)}, but the token is for ${token.namespace}`;
    return { refused: permissionDenied(message, OWN_NAMESPACE) };
  }
  if (!needsNamespace(path)) return ALLOWED;
  return { checkMessage: (message) => checkNamespace(path, message, token.namespace) };
}

/**
 * The server acts on the namespace in the message. Without one it uses that of the task token, or the ID of any
 * namespace in DescribeNamespace; of several it uses the last. Therefore there must be one, and all must be the token's.
 */
function checkNamespace(path: string, message: Buffer, namespace: string): CallRefusal | undefined {
  const expected = Buffer.from(namespace);
  const wanted = namespaceField(path);
  let found = false;
  try {
    for (const [field, value] of readFields(message)) {
      if (field !== wanted || typeof value === 'number') continue;
      if (!value.equals(expected)) return foreignNamespace(path, value, namespace);
      found = true;
    }
  } catch (error) {
    return {
      status: GRPC_STATUS.INVALID_ARGUMENT,
      message: `The message of ${rpcName(path)} is not valid protobuf: ${messageOf(error)}`,
    };
  }
  return found ? undefined : foreignNamespace(path, Buffer.alloc(0), namespace);
}

function foreignNamespace(path: string, found: Buffer, namespace: string): CallRefusal {
  // A namespace is short; this may be any text of up to 4 MB.
  const name = found.toString('utf8', 0, 100);
  return name === ''
    ? permissionDenied(
        `The message of ${rpcName(path)} does not name a namespace`,
        `Set the namespace of the Temporal client to ${namespace}, which comes with the engine certificate`,
      )
    : permissionDenied(`The message names namespace ${name}, but the token is for ${namespace}`, OWN_NAMESPACE);
}

function permissionDenied(message: string, hint?: string): CallRefusal {
  return { status: GRPC_STATUS.PERMISSION_DENIED, message, hint };
}

function unauthenticated(message: string, hint?: string): Authorization {
  return { refused: { status: GRPC_STATUS.UNAUTHENTICATED, message, hint } };
}
