import { createSecretKey, type KeyObject } from 'node:crypto';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter, RawValue, type Headers, type PayloadCodec } from '@temporalio/common';
import { encryption } from '../encryption.ts';
import { markPayload, withEncryption } from '../workflow/encryption.ts';

/** The key of confidential processes in tests. */
export const TEST_KEY_ID = 'kuflow-worker-tests';
export const TEST_KEY: KeyObject = createSecretKey(Buffer.alloc(32, TEST_KEY_ID));

/** Encrypts and decrypts the payloads of confidential processes in tests. */
export const testEncryption: PayloadCodec = encryption(async (id) => {
  if (id === TEST_KEY_ID) return TEST_KEY;
  throw new Error(`Tests do not have the encryption key ${id}. To replay a history, export it with: npx kuflow dev history`);
});

/** Starts, signals, queries and updates these workflows as KuFlow does for confidential processes. */
export function callConfidential(workflowIds: ReadonlySet<string>): WorkflowClientInterceptor {
  const mark = (args: unknown[]): unknown[] =>
    args.map((value) => RawValue.fromPayload(markPayload(defaultPayloadConverter.toPayload(value), TEST_KEY_ID)));
  const encrypt = <Input extends Call>(input: Input): Input =>
    workflowIds.has(input.workflowExecution.workflowId ?? '')
      ? withEncryption({ ...input, args: mark(input.args) }, TEST_KEY_ID)
      : input;
  return {
    startWithDetails: (input, next) => {
      const { options } = input;
      if (!workflowIds.has(options.workflowId)) return next(input);
      return next(withEncryption({ ...input, options: { ...options, args: mark(options.args) } }, TEST_KEY_ID));
    },
    signal: (input, next) => next(encrypt(input)),
    query: (input, next) => next(encrypt(input)),
    startUpdate: (input, next) => next(encrypt(input)),
  };
}

/** The call of a workflow that runs. */
interface Call {
  readonly args: unknown[];
  readonly headers: Headers;
  readonly workflowExecution: { readonly workflowId?: string | null };
}
