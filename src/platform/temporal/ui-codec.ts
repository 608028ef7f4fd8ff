import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Payload } from '@temporalio/common';
import { JSONToPayload, payloadToJSON } from '@temporalio/common/lib/proto-utils.js';
import { messageOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { decryptPayload, type KeyReader } from './encryption.ts';

/** Where Temporal's UI finds its codec. The path is relative, so that pages with any host name of this machine find it. */
export const UI_CODEC_PATH = '/codec';

/**
 * Answers a request of Temporal's UI for its codec: it decrypts the payloads of confidential processes, and leaves payloads that a person
 * enters in the UI as they are. Returns false if the request is not for the codec.
 */
export function answerUiCodec(request: IncomingMessage, response: ServerResponse, readKey: KeyReader): boolean {
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
    response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${messageOf(error)}\n`);
  }
}

type JsonPayload = Parameters<typeof JSONToPayload>[0];
