import { gunzipSync } from 'node:zlib';

/** `temporal.api.enums.v1.CommandType` of the commands that end a run: complete, fail, cancel, continue as new. */
const CLOSING = new Set([4, 5, 7, 10]);

/**
 * Reads a RespondWorkflowTaskCompleted request (gRPC framing included): the workflow ID inside the server's task token,
 * and whether a command ends the run. Undefined if the bytes are not as expected.
 */
export function readCompletedTask(
  body: Buffer,
): { readonly workflowId: string; readonly closing: boolean } | undefined {
  try {
    const framed = body.subarray(5, 5 + body.readUInt32BE(1));
    const message = body[0] === 1 ? gunzipSync(framed) : framed;
    let workflowId: string | undefined;
    let closing = false;
    for (const [field, value] of readFields(message)) {
      if (typeof value === 'number') continue;
      if (field === 1) workflowId = readBytes(value, 2)?.toString('utf8');
      if (field === 2) closing ||= CLOSING.has(readCommandType(value));
    }
    return workflowId === undefined || workflowId === '' ? undefined : { workflowId, closing };
  } catch {
    return undefined;
  }
}

function readBytes(message: Buffer, wanted: number): Buffer | undefined {
  for (const [field, value] of readFields(message)) if (field === wanted && typeof value !== 'number') return value;
  return undefined;
}

function readCommandType(command: Buffer): number {
  for (const [field, value] of readFields(command)) if (field === 1 && typeof value === 'number') return value;
  return 0;
}

/** The fields of a protobuf message, except those of fixed width. Throws on a malformed message. */
function* readFields(message: Buffer): Generator<readonly [number, Buffer | number]> {
  let at = 0;
  function readVarint(): number {
    let result = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message.readUInt8(at++);
      result += (byte & 0x7f) * shift;
      if (byte < 0x80) return result;
    }
  }
  while (at < message.length) {
    const tag = readVarint();
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) yield [field, readVarint()];
    else if (wire === 2) {
      const length = readVarint();
      if (at + length > message.length) throw new RangeError('truncated message');
      yield [field, message.subarray(at, (at += length))];
    } else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else throw new RangeError(`wire type ${wire}`);
  }
}
