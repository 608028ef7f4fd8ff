import type dns from 'node:dns';
import type { LookupAddress } from 'node:dns';
import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { Server } from 'proxy-chain';
import type { PrepareRequestFunction } from 'proxy-chain';

export interface ConnectProxyOptions {
  /** Names that this proxy resolves, with their loopback addresses; it does not know any other name. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** The `user:password` that it requires. */
  readonly credentials?: string;
  /** Makes it an HTTPS proxy. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly port?: number;
  /** Answers each CONNECT to port 443 itself, as a proxy does that intercepts TLS. */
  readonly intercept?: HttpsServer;
}

export interface ConnectProxy {
  /** `http://127.0.0.1:PORT`, or `https://localhost:PORT`. */
  readonly url: string;
  /** `host:port` of each CONNECT in order, as the client wrote it, including refused ones. */
  readonly connects: readonly string[];
  /** `METHOD target` of each request that was not a CONNECT. */
  readonly plainRequests: readonly string[];
  close(): Promise<void>;
}

function lookupIn(hosts: Readonly<Record<string, string>>): typeof dns.lookup {
  const lookup = (
    name: string,
    options: { readonly all?: boolean },
    done: (error: Error | null, address?: string | LookupAddress[], family?: number) => void,
  ): void => {
    const address = hosts[name];
    if (address === undefined) done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }));
    else if (options.all === true) done(null, [{ address, family: 4 }]);
    else done(null, address, 4);
  };
  return lookup as unknown as typeof dns.lookup;
}

/** A real CONNECT proxy on loopback that resolves names with its own table and records the requested addresses. */
export async function startConnectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const connects: string[] = [];
  const plainRequests: string[] = [];
  const dnsLookup = lookupIn({ localhost: '127.0.0.1', ...options.hosts });
  const prepareRequestFunction: PrepareRequestFunction = ({ request, username, password }) => {
    const target = request.url ?? '';
    if (request.method === 'CONNECT') connects.push(target);
    else plainRequests.push(`${request.method ?? ''} ${target}`);
    const wanted = options.credentials;
    return {
      dnsLookup,
      requestAuthentication: wanted !== undefined && wanted !== `${username}:${password}`,
      ...(options.intercept !== undefined &&
        target.endsWith(':443') && { customConnectServer: options.intercept as unknown as HttpServer }),
    };
  };
  const common = { host: '127.0.0.1', port: options.port ?? 0, prepareRequestFunction };
  const server = new Server(
    options.tls === undefined ? common : { ...common, serverType: 'https', httpsOptions: options.tls },
  );
  await server.listen();
  let closing: Promise<void> | undefined;
  return {
    url: options.tls === undefined ? `http://127.0.0.1:${server.port}` : `https://localhost:${server.port}`,
    connects,
    plainRequests,
    // Closing the server a second time never completes.
    close: () => (closing ??= server.close(true)),
  };
}
