import { workflowInfo } from '@temporalio/workflow';

/** The metadata of a payload that says what it is for. The payload limit reads and removes it: it is never sent. */
export const PURPOSE = 'kuflow-purpose';
/** Even if they are encrypted, smaller payloads do not reach the lowest limit that can be set, and need no purpose. */
const MIN_SIZE = 5_000;

/** Adds to each large payload of new commands what it is for. Commands that are replayed have been accepted before. */
export function addPurposes(commands: readonly object[]): void {
  const { workflowId, unsafe } = workflowInfo();
  if (unsafe.isReplaying) return;
  for (const command of commands)
    for (const [kind, details] of Object.entries<object | null>(command as Record<string, object | null>))
      addPurpose(details, `Process ${workflowId}: ${describe(kind, details)}`);
}

function describe(kind: string, details: Partial<Record<string, unknown>> | null): string {
  const { activityType, workflowType, signalName } = details ?? {};
  if (typeof activityType === 'string') return `the input of activity ${activityType}`;
  if (typeof signalName === 'string') return `the input of signal ${signalName}`;
  if (typeof workflowType === 'string') return `the input of workflow ${workflowType}`;
  return `the payload of ${kind}`;
}

function addPurpose(value: unknown, purpose: string): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  const { data, metadata } = value as { data?: unknown; metadata?: Record<string, Uint8Array> };
  if (!ArrayBuffer.isView(data)) for (const part of Object.values(value)) addPurpose(part, purpose);
  else if (data.byteLength >= MIN_SIZE)
    Object.assign(value, { metadata: { ...metadata, [PURPOSE]: new TextEncoder().encode(purpose) } });
}
