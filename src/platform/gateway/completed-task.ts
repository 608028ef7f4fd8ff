import { gunzipSync } from 'node:zlib';

/** Command types that end a workflow run: complete, fail, cancel, continue as new (`temporal.api.enums.v1.CommandType`). */
const CLOSING = new Set([4, 5, 7, 10]);

/**
 * What a RespondWorkflowTaskCompleted request (gRPC framing included) says of its workflow: the id inside the server's
 * task token, and whether a command ends the run. Undefined when the bytes are not as expected.
 */
export function readCompletedTask(
  body: Buffer,
): { readonly workflowId: string; readonly closing: boolean } | undefined {
  try {
    const framed = body.subarray(5, 5 + body.readUInt32BE(1));
    const message = body[0] === 1 ? gunzipSync(framed) : framed;
    let workflowId: string | undefined;
    let closing = false;
    for (const [field, value] of fields(message)) {
      if (typeof value === 'number') continue;
      if (field === 1) workflowId = first(value, 2)?.toString('utf8');
      if (field === 2) closing ||= CLOSING.has(commandType(value));
    }
    return workflowId === undefined || workflowId === '' ? undefined : { workflowId, closing };
  } catch {
    return undefined;
  }
}

function first(message: Buffer, wanted: number): Buffer | undefined {
  for (const [field, value] of fields(message)) if (field === wanted && typeof value !== 'number') return value;
  return undefined;
}

function commandType(command: Buffer): number {
  for (const [field, value] of fields(command)) if (field === 1 && typeof value === 'number') return value;
  return 0;
}

/** The fields of a protobuf message; fixed-width ones are skipped, a broken message throws. */
function* fields(message: Buffer): Generator<readonly [number, Buffer | number]> {
  let at = 0;
  function varint(): number {
    let result = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message.readUInt8(at++);
      result += (byte & 0x7f) * shift;
      if (byte < 0x80) return result;
    }
  }
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) yield [field, varint()];
    else if (wire === 2) {
      const length = varint();
      if (at + length > message.length) throw new RangeError('truncated message');
      yield [field, message.subarray(at, (at += length))];
    } else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else throw new RangeError(`wire type ${wire}`);
  }
}
