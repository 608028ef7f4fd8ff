const varint = (value: number): readonly number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
const bytes = (number: number, content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(content.length)]), content]);
const text = (number: number, value: string): Buffer => bytes(number, Buffer.from(value));
const integer = (number: number, value: number): Buffer => Buffer.from([number * 8, ...varint(value)]);

/** A DescribeTaskQueue response with pollers, the time since they polled, and the number of waiting tasks. */
export function pollersAnswer(
  pollers: readonly { readonly identity: string; readonly agoMs: number }[],
  backlog = 0,
): Buffer {
  const each = pollers.map(({ identity, agoMs }) => {
    const time = integer(1, Math.floor((Date.now() - agoMs) / 1000));
    return bytes(1, Buffer.concat([bytes(1, time), text(2, identity)]));
  });
  return Buffer.concat([...each, bytes(2, integer(1, backlog))]);
}

/** A GetWorkflowExecutionHistory response with the first event; of a confidential process if it has a key. */
export function startAnswer(workflowType: string, taskQueue: string, keyId?: string): Buffer {
  const header = (name: string, value: string): Buffer =>
    bytes(1, Buffer.concat([text(1, name), bytes(2, text(2, JSON.stringify(value)))]));
  const headers =
    keyId === undefined
      ? []
      : [
          header('x-kuflow-encoding', 'binary/encrypted?vendor=KuFlow'),
          header('x-kuflow-encoding-encrypted-key-id', keyId),
        ];
  const started = Buffer.concat([
    ...[bytes(1, text(1, workflowType)), bytes(5, text(1, taskQueue))],
    bytes(25, Buffer.concat(headers)),
  ]);
  return bytes(1, bytes(1, Buffer.concat([integer(1, 1), bytes(6, started)])));
}

/** A response whose first field is a string or a message: GetSystemInfo with a version, DescribeNamespace with a namespace. */
export function namedAnswer(value: string | Buffer): Buffer {
  return typeof value === 'string' ? text(1, value) : bytes(1, value);
}
