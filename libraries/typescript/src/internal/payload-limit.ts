import type { Info } from '@temporalio/activity';
import { ApplicationFailure, type Payload, type PayloadCodec } from '@temporalio/common';
import { sentSize } from './encryption.ts';
import { PAYLOAD_TOO_LARGE } from './redaction.ts';
import { DEFAULT_MAX_PAYLOAD_BYTES } from './settings.ts';
import { PURPOSE } from './workflow/payload-purpose.ts';

/**
 * Refuses large payloads of workflow code before anything is sent. The workflow task fails and is repeated, and nothing is
 * recorded, so that another limit or other code lets the process continue.
 */
export function payloadLimit(maxBytes: number = DEFAULT_MAX_PAYLOAD_BYTES): PayloadCodec {
  return {
    encode: async (payloads) =>
      payloads.map((payload) => {
        const purpose = payload.metadata?.[PURPOSE];
        if (!purpose) return payload;
        const metadata = Object.entries(payload.metadata ?? {}).filter(([name]) => name !== PURPOSE);
        const sent = { ...payload, metadata: Object.fromEntries(metadata) };
        const size = sentSize(sent);
        if (size > maxBytes) throw new Error(tooLarge(Buffer.from(purpose).toString(), size, maxBytes));
        return sent;
      }),
    decode: async (payloads) => payloads,
  };
}

/** Refuses a large result of an activity. The failure is final, because another attempt would return the same. */
export function checkResultSize(result: Payload, { workflowExecution, activityType }: Info, maxBytes: number): void {
  const size = sentSize(result);
  if (size <= maxBytes) return;
  throw ApplicationFailure.nonRetryable(
    tooLarge(`Process ${workflowExecution?.workflowId}: the result of activity ${activityType}`, size, maxBytes),
    PAYLOAD_TOO_LARGE,
  );
}

function tooLarge(purpose: string, size: number, maxBytes: number): string {
  return (
    `${purpose} is ${size} bytes; the limit is ${maxBytes} (worker.max-payload-bytes). ` +
    'Keep large data elsewhere, for example as a document in KuFlow, and pass a reference.'
  );
}
