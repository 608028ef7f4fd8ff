import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON, historyToJSON, JSONToPayload } from '@temporalio/common/lib/proto-utils.js';
import { RawValue, type Payload } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../../scripts/bundle.mjs';

import {
  decryptHistory,
  decryptPayload,
  encryptedArgument,
  encryptionHeaders,
  encryptPayload,
  isEncrypted,
} from '../../../../src/platform/temporal/encryption.ts';

type JsonPayload = Parameters<typeof JSONToPayload>[0];

interface Vectors {
  /** In base64, by id. */
  readonly keys: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, JsonPayload>>;
  readonly valid: readonly {
    readonly name: string;
    readonly keyId: string;
    readonly nonce: string;
    readonly marked: JsonPayload;
    readonly encrypted: JsonPayload;
  }[];
  readonly invalid: readonly { readonly name: string; readonly payload: JsonPayload }[];
  readonly passThrough: readonly JsonPayload[];
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../support/encryption/${name}.json`, import.meta.url), 'utf8'));
const vectors = read('vectors') as Vectors;
/** What each of KuFlow's SDKs encrypted, from the tests of the Python library. */
const { payloads } = JSON.parse(
  readFileSync(join(ROOT, 'libraries/python/tests/support/encrypted_payloads.json'), 'utf8'),
) as {
  readonly payloads: readonly {
    readonly name: string;
    readonly marked: JsonPayload;
    readonly encrypted: Readonly<Record<string, JsonPayload>>;
  }[];
};
const sdkHistory = read('history-of-javascript-sdk') as { readonly events: readonly unknown[] };
const MARK = 'encoding-encrypted-key-id';
const [KEY_ID = ''] = Object.keys(vectors.keys);

const readKey = (id: string): Uint8Array => {
  const value = vectors.keys[id];
  if (value === undefined) throw new Error(`There is no key ${id}`);
  return Buffer.from(value, 'base64');
};
const parse = JSONToPayload;
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');
/** In base64, to compare values of different classes. */
const contentOf = ({ metadata, data }: Payload): unknown => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, encode(value)])),
  data: encode(data),
});
const encode = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('base64');
const withoutMark = ({ metadata = {}, data = null }: Payload): Payload => {
  return { metadata: Object.fromEntries(Object.entries(metadata ?? {}).filter(([name]) => name !== MARK)), data };
};

describe('a payload of a confidential process', () => {
  it.each(vectors.valid)("is decrypted as by KuFlow's SDKs: $name", async ({ marked, encrypted }) => {
    expect(contentOf(await decryptPayload(parse(encrypted), readKey))).toEqual(contentOf(withoutMark(parse(marked))));
  });

  it.each(
    payloads.flatMap(({ name, marked, encrypted }) =>
      Object.entries(encrypted).map((by) => [`${name}, ${by[0]}`, marked, by[1]] as const),
    ),
  )('is decrypted, whichever SDK encrypted it: %s', async (_name, marked, encrypted) => {
    expect(contentOf(await decryptPayload(parse(encrypted), readKey))).toEqual(contentOf(withoutMark(parse(marked))));
  });

  // Protobuf does not define the order of a map.
  it.each(vectors.valid.filter(({ name }) => name !== 'map-order-reversed'))(
    "is encrypted byte for byte as by KuFlow's SDKs: $name",
    ({ keyId, nonce, marked, encrypted }) => {
      const encryptedHere = encryptPayload(withoutMark(parse(marked)), keyId, readKey(keyId), bytesOf(nonce));
      expect(contentOf(encryptedHere)).toEqual(contentOf(parse(encrypted)));
    },
  );

  it.each(vectors.invalid)('is not decrypted if it is damaged or its key is missing: $name', async ({ payload }) => {
    await expect(decryptPayload(parse(payload), readKey)).rejects.toThrow(/key|encrypted/);
  });

  it('gets a new nonce each time, and decryption returns unencrypted payloads unchanged', async () => {
    const [plain] = vectors.passThrough.map(parse);
    if (plain === undefined) throw new Error('There are no unencrypted payloads');
    const twice = [1, 2].map(() => encryptPayload(plain, KEY_ID, readKey(KEY_ID)));
    expect(twice[0]).not.toEqual(twice[1]);
    for (const payload of vectors.passThrough.map(parse)) expect(await decryptPayload(payload, readKey)).toBe(payload);
  });
});

describe('the argument of a start or a signal', () => {
  it('is encrypted, and sent with the headers of KuFlow', async () => {
    const argument = await encryptedArgument({ processId: 'p' }, KEY_ID, readKey);
    expect(isEncrypted(argument.payload)).toBe(true);
    const seen: unknown[] = [];
    const workflowExecution = { workflowId: 'p' };
    const signal = { signalName: 's', args: [argument], workflowExecution, headers: {} };
    await encryptionHeaders.signal?.(signal, ({ headers }) => {
      seen.push(Object.fromEntries(Object.entries(headers).map(([name, payload]) => [name, contentOf(payload)])));
      return Promise.resolve();
    });
    const wanted = Object.entries(vectors.headers).map(([name, payload]) => [name, contentOf(parse(payload))]);
    expect(seen).toEqual([Object.fromEntries(wanted)]);
  });

  it('is sent without headers if it is not encrypted', async () => {
    for (const argument of [{ processId: 'p' }, RawValue.fromPayload({ metadata: {}, data: Buffer.from('{}') })]) {
      const signal = { signalName: 's', args: [argument], workflowExecution: { workflowId: 'p' }, headers: {} };
      await encryptionHeaders.signal?.(signal, ({ headers }) => {
        expect(headers).toEqual({});
        return Promise.resolve();
      });
    }
  });
});

describe('a history', () => {
  it("of KuFlow's SDK is decrypted, and loses the headers", async () => {
    const history = historyFromJSON(sdkHistory);
    expect(await decryptHistory(history, readKey)).toBe(true);
    const json = historyToJSON(history);
    expect(json).not.toContain('x-kuflow-encoding');
    expect(json).not.toContain(Buffer.from('binary/encrypted').toString('base64'));
    expect(json).not.toContain(MARK);
    expect(historyFromJSON(JSON.parse(json)).events).toHaveLength(sdkHistory.events.length);
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    const data = started?.input?.payloads?.[0]?.data;
    expect(JSON.parse(Buffer.from(data ?? []).toString())).toMatchObject({ processId: expect.any(String) as string });
  });

  it('stays as it is if the process is not confidential', async () => {
    const history = historyFromJSON({
      events: [
        {
          eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED',
          workflowExecutionStartedEventAttributes: {
            input: { payloads: vectors.passThrough },
            header: { fields: { other: vectors.passThrough[0] } },
          },
        },
      ],
    });
    const before = historyToJSON(history);
    expect(await decryptHistory(history, readKey)).toBe(false);
    expect(historyToJSON(history)).toBe(before);
  });

  it('is rejected if a key is missing', async () => {
    const missing = (): never => {
      throw new Error('There is no such key');
    };
    await expect(decryptHistory(historyFromJSON(sdkHistory), missing)).rejects.toThrow('There is no such key');
  });
});
