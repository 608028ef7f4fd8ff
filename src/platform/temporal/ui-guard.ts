import { createServer, request as sendRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Payload } from '@temporalio/common';
import { JSONToPayload, payloadToJSON } from '@temporalio/common/lib/proto-utils.js';
import { codeOf, messageOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { toSocketTarget } from './private-network.ts';
import { checkOrigin } from '../shared/origin-check.ts';
import type { HeldPort } from '../shared/ports.ts';
import { decryptPayload, type KeyReader } from './encryption.ts';

export interface UiGuardOptions {
  readonly port: HeldPort;
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
export async function startUiGuard(options: UiGuardOptions) {
  const server = createServer((request, response) => {
    const isPage = request.method === 'GET';
    const refusal = checkOrigin(request.headers, { hostNames: options.hostNames, scheme: 'http', isPage });
    if (refusal !== undefined) refuse(response, refusal.status, refusal.message);
    else if (!answerUiCodec(request, response, options.readKey)) forward(request, response, options.upstream());
  });
  await options.port.listen(server);
  return {
    port: options.port.port,
    close: (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type UiGuard = Awaited<ReturnType<typeof startUiGuard>>;

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

/** Where Temporal's UI finds its codec. The path is relative, so that pages with any host name of this machine find it. */
export const UI_CODEC_PATH = '/codec';

/**
 * Answers a request of Temporal's UI for its codec: it decrypts the payloads of confidential processes, and leaves payloads that a person
 * enters in the UI as they are. Returns false if the request is not for the codec.
 */
function answerUiCodec(request: IncomingMessage, response: ServerResponse, readKey: KeyReader): boolean {
  const [path] = (request.url ?? '').split('?', 1);
  if (request.method !== 'POST') return false;
  if (path === `${UI_CODEC_PATH}/decode`) void answer(request, response, (payload) => decryptPayload(payload, readKey));
  else if (path === `${UI_CODEC_PATH}/encode`) void answer(request, response, (payload) => payload);
  else return false;
  return true;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  convert: (payload: Payload) => Payload | Promise<Payload>,
): Promise<void> {
  try {
    const body: unknown = await json(request);
    const payloads = isRecord(body) && Array.isArray(body['payloads']) ? (body['payloads'] as JsonPayload[]) : [];
    const converted = await Promise.all(payloads.map(async (payload) => await convert(JSONToPayload(payload))));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ payloads: converted.map(payloadToJSON) }));
  } catch (error) {
    refuse(response, 400, messageOf(error));
  }
}

type JsonPayload = Parameters<typeof JSONToPayload>[0];
