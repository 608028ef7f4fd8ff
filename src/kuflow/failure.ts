import { messageOf } from '../base/errors.ts';

/** What was observed when a call failed. Each kind is one cause; nothing is guessed. */
export type FailureKind =
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'rejected'
  | 'rate-limited'
  | 'server'
  | 'redirect'
  | 'html'
  | 'not-json'
  | 'truncated'
  | 'contract'
  | 'timeout'
  | 'dns'
  | 'refused'
  | 'unreachable'
  | 'reset'
  | 'proxy'
  | 'tls-unknown-authority'
  | 'tls-host-name'
  | 'tls-expired'
  | 'tls'
  | 'network';

export interface NetworkFailure {
  readonly kind: FailureKind;
  /** The code or phrase that was seen, safe to print. */
  readonly seen: string;
  /** Whether KuFlow may have received the request; if not, repeating it is safe whatever it does. */
  readonly sent: boolean;
}

const BY_CODE: Readonly<Record<string, FailureKind>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'truncated',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls-unknown-authority',
  UNABLE_TO_GET_ISSUER_CERT: 'tls-unknown-authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls-unknown-authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls-unknown-authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls-unknown-authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls-host-name',
  CERT_HAS_EXPIRED: 'tls-expired',
  CERT_NOT_YET_VALID: 'tls-expired',
};

const BEFORE_SENDING: ReadonlySet<FailureKind> = new Set([
  'dns',
  'refused',
  'unreachable',
  'proxy',
  'tls-unknown-authority',
  'tls-host-name',
  'tls-expired',
  'tls',
]);

function chain(error: unknown): readonly unknown[] {
  const links: unknown[] = [];
  for (let at: unknown = error; at instanceof Error && links.length < 8; at = at.cause) {
    links.push(at);
    // Node joins the failures of all addresses of a name (IPv6 and IPv4); the first one stands for them.
    if (at instanceof AggregateError) links.push(...(at.errors as readonly unknown[]).slice(0, 1));
  }
  return links;
}

/**
 * Names what a failed connection or exchange showed. `receiving` is true once the head of the answer had come;
 * `proxy` is the printable address of the proxy in use.
 */
export function networkFailure(error: unknown, receiving: boolean, proxy?: string): NetworkFailure {
  const links = chain(error);
  for (const link of links) {
    const tunnel = /^Proxy response \((\d{3})\)/.exec(messageOf(link))?.[1];
    if (tunnel !== undefined) {
      return {
        kind: tunnel.startsWith('5') ? 'unreachable' : 'proxy',
        seen: `the proxy ${proxy ?? ''} answered CONNECT with ${tunnel}`,
        sent: false,
      };
    }
  }
  const codes = links
    .map((link) => (link as { code?: unknown }).code)
    .filter((code): code is string => typeof code === 'string');
  const code = codes.find((candidate) => BY_CODE[candidate] !== undefined) ?? codes[0];
  const known = code === undefined ? undefined : BY_CODE[code];
  const kind = known ?? (code !== undefined && /^(ERR_SSL_|ERR_TLS_|CERT_|EPROTO)/.test(code) ? 'tls' : 'network');
  // A name that the proxy can't resolve or a host that refuses it shows in its answer to CONNECT: these are about the proxy itself.
  if (proxy !== undefined && (kind === 'dns' || kind === 'refused' || kind === 'unreachable')) {
    return { kind: 'proxy', seen: `could not connect to the proxy ${proxy}: ${code ?? ''}`, sent: false };
  }
  const cut = receiving && (kind === 'reset' || kind === 'network');
  return {
    kind: cut ? 'truncated' : kind,
    seen: code ?? 'no error code',
    sent: receiving || !(BEFORE_SENDING.has(kind) || code === 'UND_ERR_CONNECT_TIMEOUT'),
  };
}

const TRANSIENT: ReadonlySet<FailureKind> = new Set([
  'rate-limited',
  'server',
  'truncated',
  'timeout',
  'dns',
  'refused',
  'unreachable',
  'reset',
  'network',
]);

/** Whether another try may have another outcome. A wrong certificate or credential stays wrong. */
export function isTransient(kind: FailureKind): boolean {
  return TRANSIENT.has(kind);
}
