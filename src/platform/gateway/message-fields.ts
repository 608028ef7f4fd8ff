/** The largest field number that protobuf allows. */
const MAX_FIELD = 2 ** 29 - 1;
const MAX_VARINT_BYTES = 10;

/**
 * The fields of a protobuf message that are varints (numbers) or have a length (bytes), in order. Throws RangeError on a
 * malformed message; groups, which Temporal does not use, count as malformed.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export function* readFields(message: Buffer): Generator<readonly [number, Buffer | number]> {
  let at = 0;
  function readVarint(): number {
    let result = 0;
    for (let count = 0, scale = 1; count < MAX_VARINT_BYTES; count++, scale *= 128) {
      const byte = message.readUInt8(at++);
      result += (byte & 0x7f) * scale;
      if (byte < 0x80) return result;
    }
    throw new RangeError(`a number of more than ${MAX_VARINT_BYTES} bytes`);
  }
  function skip(length: number): void {
    at += length;
    if (at > message.length) throw new RangeError('a field is truncated');
  }
  while (at < message.length) {
    const tag = readVarint();
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (field === 0 || field > MAX_FIELD) throw new RangeError(`field number ${field}`);
    if (wire === 0) yield [field, readVarint()];
    else if (wire === 2) {
      const length = readVarint();
      skip(length);
      yield [field, message.subarray(at - length, at)];
    } else if (wire === 1) skip(8);
    else if (wire === 5) skip(4);
    else throw new RangeError(`wire type ${wire}`);
  }
}
