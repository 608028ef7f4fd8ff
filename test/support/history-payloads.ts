/** A payload in a history that was read as JSON. */
export interface HistoryPayload {
  /** The names on the way to it, such as `events.0.workflowExecutionStartedEventAttributes.input.payloads.0`. */
  readonly path: string;
  readonly isEncrypted: boolean;
  /** The key with which it is encrypted. */
  readonly keyId: string;
  /** Its data. */
  readonly text: string;
}

/** Headers, details of failures, and what Temporal notes in a marker, which KuFlow's libraries do not encrypt. */
const NEVER_ENCRYPTED = /\.(?:header|searchAttributes)\.|\.details\.(?!input\.|result\.)/;

/** The payloads in a history, or in a part of one, that are encrypted if the process is confidential. */
export function payloadsIn(history: unknown): readonly HistoryPayload[] {
  return allPayloadsIn(history, []).filter(({ path }) => !NEVER_ENCRYPTED.test(path));
}

function allPayloadsIn(value: unknown, path: readonly string[]): readonly HistoryPayload[] {
  if (typeof value !== 'object' || value === null) return [];
  const { metadata, data } = value as { metadata?: Readonly<Record<string, string>>; data?: string };
  if (metadata?.['encoding'] === undefined)
    return Object.entries(value).flatMap(([name, part]) => allPayloadsIn(part, [...path, name]));
  const decode = (base64 = ''): string => Buffer.from(base64, 'base64').toString();
  return [
    {
      path: path.join('.'),
      isEncrypted: decode(metadata['encoding']) === 'binary/encrypted?vendor=KuFlow',
      keyId: decode(metadata['encoding-encrypted-key-id']),
      text: decode(data),
    },
  ];
}
