import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RelayedRequest {
  readonly method: string;
  readonly path: string;
  readonly userAgent: string | undefined;
  readonly body: unknown;
  readonly at: number;
}

export interface RestRelay {
  readonly url: string;
  readonly requests: readonly RelayedRequest[];
  /** The maximum number of concurrent `POST /authentications` requests for an engine token. */
  mostTokenRequestsAtOnce(): number;
  /** The bodies of the requests to this path (without the version segment). */
  bodies(method: string, path: string): readonly unknown[];
  /** Rejects new connections and cuts the open ones. */
  goDown(): Promise<void>;
  close(): Promise<void>;
}

/** A relay between one worker and the plain HTTP port of a platform: it records the requests of this worker and can fail only for it. */
export async function startRestRelay(options: {
  readonly to: string;
  /** Extra milliseconds for an engine token, so that two requests for one would overlap. */
  readonly tokenDelay?: number;
}): Promise<RestRelay> {
  const requests: RelayedRequest[] = [];
  let tokenRequests = 0;
  let mostTokenRequests = 0;

  const relay = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const path = (incoming.url ?? '').replace(/^\/v[\d-]+/, '').replace(/\?.*/, '');
    const body: unknown = bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'));
    const userAgent = incoming.headers['user-agent'];
    requests.push({ method: incoming.method ?? '', path, userAgent, body, at: Date.now() });
    const isToken = path === '/authentications' && (body as { type?: unknown }).type === 'ENGINE_TOKEN';
    if (isToken) mostTokenRequests = Math.max(mostTokenRequests, ++tokenRequests);
    const answered = (): void => {
      if (isToken) tokenRequests--;
    };
    const headers = { ...incoming.headers };
    delete headers.host;
    const outgoing = send(new URL(incoming.url ?? '/', options.to), { method: incoming.method ?? 'GET', headers });
    outgoing.on('error', () => {
      answered();
      response.destroy();
    });
    outgoing.on('response', (answer) => {
      const pass = (): void => {
        answered();
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      };
      if (isToken && options.tokenDelay !== undefined) setTimeout(pass, options.tokenDelay);
      else pass();
    });
    outgoing.end(bytes);
  };

  const server = createServer((incoming, response) => {
    relay(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    mostTokenRequestsAtOnce: () => mostTokenRequests,
    bodies: (method, path) =>
      requests.filter((request) => request.method === method && request.path === path).map(({ body }) => body),
    goDown: close,
    close,
  };
}
