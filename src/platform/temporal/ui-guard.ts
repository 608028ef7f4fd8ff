import { once } from 'node:events';
import { createServer, request as sendRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf } from '../../base/errors.ts';
import { toSocketTarget } from './network.ts';
import { checkOrigin } from '../shared/origin-check.ts';
import type { KeyReader } from './encryption.ts';
import { answerUiCodec } from './ui-codec.ts';

export interface UiGuard {
  readonly port: number;
  close(): Promise<void>;
}

export interface UiGuardOptions {
  /** Where it listens on 127.0.0.1; 0 for any free port. */
  readonly port: number;
  readonly hostNames: readonly string[];
  /** The address of Temporal's UI; a restarted server can have another one. */
  readonly upstream: () => string | undefined;
  /** Reads the keys of confidential processes, whose data the UI shows decrypted. */
  readonly readKey: KeyReader;
}

/**
 * Forwards requests to Temporal's UI, which itself answers any Host with the whole API of Temporal: a web page that rebinds its name to
 * 127.0.0.1 could use it, without the token and certificate of the gateway. The guard applies the rules of the REST API to Host and Origin,
 * and lets links from other pages open the UI.
 */
export async function startUiGuard(options: UiGuardOptions): Promise<UiGuard> {
  const server = createServer((request, response) => {
    const isPage = request.method === 'GET';
    const check = checkOrigin(request.headers, { hostNames: options.hostNames, scheme: 'http', isPage });
    if (!check.ok) refuse(response, check.status, check.message);
    else if (!answerUiCodec(request, response, options.readKey)) forward(request, response, options.upstream());
  });
  await once(server.listen(options.port, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(request: IncomingMessage, response: ServerResponse, address: string | undefined): void {
  if (address === undefined) {
    refuse(response, 502, "Temporal's UI does not run");
    return;
  }
  const target = toSocketTarget(address);
  const upstream = sendRequest(
    {
      ...('path' in target ? { socketPath: target.path } : target),
      method: request.method,
      path: request.url,
      headers: request.headers,
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    },
  );
  upstream.on('error', (error) => {
    if (response.headersSent) response.destroy();
    else refuse(response, 502, `Temporal's UI did not answer (${codeOf(error) ?? error.message})`);
  });
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${message}\n`);
}
