import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { JSONToPayload, payloadToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEncryptionKeys, encryption, sentSize, type EncryptionKeys } from '../src/internal/encryption.ts';
import { payloadLimit } from '../src/internal/payload-limit.ts';
import { encryptionHeaders, keyIdOf, markPayload } from '../src/internal/workflow/encryption.ts';
import { PURPOSE } from '../src/internal/workflow/payload-purpose.ts';
import { openLoopbackKuFlow, type LoopbackKuFlow } from './support/loopback-kuflow.ts';

type JsonPayload = Parameters<typeof JSONToPayload>[0];
type Case = { readonly name: string; readonly encrypted: JsonPayload; readonly plain: JsonPayload };

/** Payloads of KuFlow's libraries, and payloads with fixed keys and nonces. */
const vectors = JSON.parse(
  readFileSync(new URL('./support/encryption-vectors.json', import.meta.url), 'utf8'),
) as {
  readonly keys: Readonly<Record<string, string>>;
  readonly valid: readonly Case[];
  readonly invalid: readonly { readonly name: string; readonly payload: JsonPayload }[];
  readonly passThrough: readonly JsonPayload[];
  readonly sdks: readonly Case[];
};
const [ID = ''] = Object.keys(vectors.keys);

let service: LoopbackKuFlow;
let keys: EncryptionKeys;
let requested: string[];
let respond: (response: ServerResponse, id: string) => void;

const sendKey = (response: ServerResponse, id: string): void => {
  const value = vectors.keys[id];
  response.writeHead(value === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value === undefined ? { status: 404, message: 'no such key' } : { id, value }));
};
const refuse = (response: ServerResponse): void => void response.writeHead(403).end('{"message":"not allowed"}');

beforeEach(async () => {
  requested = [];
  respond = sendKey;
  service = await openLoopbackKuFlow(({ url = '' }, response) => {
    requested.push(url.replace('/v2024-06-14', ''));
    respond(response, decodeURIComponent(url.split('/').at(-1) ?? ''));
  });
  keys = createEncryptionKeys(service.rest);
});

afterEach(async () => {
  vi.useRealTimers();
  await service.close();
});

async function decrypt(payload: JsonPayload): Promise<JsonPayload> {
  const [decrypted = expect.fail()] = await encryption(keys).decode([JSONToPayload(payload)]);
  return withData(decrypted);
}

/** Protocol Buffers leave out empty bytes. */
const withData = (payload: Payload): JsonPayload => ({ data: '', ...payloadToJSON(payload) });

async function encrypt(payload: Payload): Promise<Payload> {
  const [encrypted = expect.fail()] = await encryption(keys).encode([payload]);
  return encrypted;
}

describe('an encrypted payload', () => {
  it.each([...vectors.valid, ...vectors.sdks])('of KuFlow is decrypted: $name', async ({ encrypted, plain }) => {
    expect(await decrypt(encrypted)).toEqual(plain);
  });

  it.each(vectors.valid)('has the format of KuFlow: $name', async ({ plain, encrypted: expected }) => {
    const encrypted = await encrypt(JSONToPayload(plain));
    expect(payloadToJSON(encrypted).metadata).toEqual(expected.metadata);
    expect(Buffer.from(encrypted.data ?? []).toString()).toMatch(/^AES-256-GCM:[A-Za-z0-9+/]+=*$/);
    expect(encrypted.data).toHaveLength(sentSize(JSONToPayload(plain)));
    expect(encrypted.data).toHaveLength(Buffer.from(expected.data ?? '', 'base64').length);
    expect(await decrypt(payloadToJSON(encrypted))).toEqual(plain);
  });

  it('has a new nonce each time', async () => {
    const marked = markPayload(defaultPayloadConverter.toPayload('secret'), ID);
    expect((await encrypt(marked)).data).not.toEqual((await encrypt(marked)).data);
  });

  it.each([['nothing', undefined], ['null', null], ['bytes', new Uint8Array([0, 255])], ['no bytes', new Uint8Array()], ['text', 'ü']])(
    'keeps its value: %s',
    async (_title, value) => {
      const encrypted = await encrypt(markPayload(defaultPayloadConverter.toPayload(value), ID));
      const [decrypted = expect.fail()] = await encryption(keys).decode([encrypted]);
      const decoded: unknown = defaultPayloadConverter.fromPayload(decrypted);
      expect(value instanceof Uint8Array ? new Uint8Array(decoded as Uint8Array) : decoded).toEqual(value);
    },
  );

  it.each(vectors.invalid)('that is not valid fails with an error that names the reason: $name', async ({ name, payload }) => {
    const reason = name === 'unknown-key' ? /^Could not read the encryption key no-such-key: .* 404 / : /^Could not decrypt a payload/;
    await expect(decrypt(payload)).rejects.toThrow(reason);
  });

  it('fails with an error that names the reason if it is cut or changed', async () => {
    const { metadata = expect.fail(), data } = await encrypt(markPayload(defaultPayloadConverter.toPayload('secret'), ID));
    const text = Buffer.from(data ?? []).toString();
    const reason = `Could not decrypt a payload with the key ${ID}: it is damaged, or encrypted with another key`;
    for (const damaged of [text.slice(0, -8), text.slice(0, 20), text.replace(/.{6}$/, 'AAAAAA')])
      await expect(encryption(keys).decode([{ metadata, data: Buffer.from(damaged) }])).rejects.toThrow(reason);
  });

  it.each(vectors.passThrough)('is the only kind of payload that changes: %j', async (payload) => {
    expect(await decrypt(payload)).toEqual(payload);
    expect(withData(await encrypt(JSONToPayload(payload)))).toEqual(payload);
  });
});

describe('the start headers', () => {
  const headers = encryptionHeaders(ID);

  it('name the key of a confidential process', () => {
    expect(keyIdOf(headers)).toBe(ID);
    const other = { ...headers, 'x-kuflow-encoding': defaultPayloadConverter.toPayload('binary/other') };
    expect(keyIdOf(other)).toBeUndefined();
    expect(keyIdOf({})).toBeUndefined();
  });

  it('are refused without a key', () => {
    const { 'x-kuflow-encoding': encoding = expect.fail() } = headers;
    expect(() => keyIdOf({ 'x-kuflow-encoding': encoding })).toThrow('x-kuflow-encoding-encrypted-key-id does not name a key');
  });
});

describe('the limit for payloads', () => {
  const MAX = 2 * 1024 * 1024;
  const withBytes = (size: number): Payload => ({
    metadata: { encoding: Buffer.from('json/plain'), [PURPOSE]: Buffer.from('Process 1: the result') },
    data: Buffer.alloc(size, '1'),
  });

  it('counts the encrypted size in a confidential process', async () => {
    const { encode } = payloadLimit(MAX);
    const [sent = expect.fail()] = await encode([markPayload(withBytes(1_572_400), ID)]);
    expect((await encrypt(sent)).data?.length).toBeLessThanOrEqual(MAX);
    await expect(encode([markPayload(withBytes(1_572_900), ID)])).rejects.toThrow(
      /^Process 1: the result is 20973\d\d bytes; the limit is 2097152/,
    );
    await expect(encode([withBytes(1_572_900)])).resolves.toHaveLength(1);
  });
});

describe('a key', () => {
  it('is requested once for concurrent callers, with its ID encoded', async () => {
    const id = 'kf/tenant-1/2026 ü';
    const all = await Promise.all(Array.from({ length: 20 }, () => keys(id)));
    expect(all.map((key) => key.export().toString('base64'))).toEqual(Array(20).fill(vectors.keys[id]));
    expect(requested).toEqual(['/kms/keys/kf%2Ftenant-1%2F2026%20%C3%BC']);
  });

  it('is kept for an hour after its last use', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await keys(ID);
    for (let use = 0; use < 3; use += 1) {
      vi.advanceTimersByTime(59 * 60_000);
      await keys(ID);
    }
    expect(requested).toHaveLength(1);
    vi.advanceTimersByTime(60 * 60_000);
    await keys(ID);
    expect(requested).toHaveLength(2);
  });

  it('is requested again after a failure, which all its callers see', async () => {
    respond = refuse;
    const failed = await Promise.allSettled([keys(ID), keys(ID)]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(keys(ID)).rejects.toThrow(/^Could not read the encryption key .*: GET .* 403 not allowed$/);
    expect(requested).toHaveLength(2);
    respond = sendKey;
    await keys(ID);
    expect(requested).toHaveLength(3);
  });

  it('that arrives late fails its callers with the reason, and serves the next ones', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const asked = new Promise<() => void>((resolve) => {
      respond = (response, id) => resolve(() => sendKey(response, id));
    });
    const failed = expect(keys(ID)).rejects.toThrow('no response within 8 s');
    const answer = await asked;
    vi.advanceTimersByTime(8_000);
    await failed;
    const next = keys(ID);
    answer();
    await next;
    expect(requested).toHaveLength(1);
  });

  it('must have 32 bytes', async () => {
    respond = (response) => void response.writeHead(200).end(JSON.stringify({ id: ID, value: 'AAAA' }));
    await expect(keys(ID)).rejects.toThrow('the response is not a key of 32 bytes');
  });
});
