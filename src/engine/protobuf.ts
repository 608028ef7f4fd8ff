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

/**
 * The values of a field, in order, up to the first invalid field; empty without a message. Reading a few small responses this way is faster than
 * loading Temporal's full protobuf definitions.
 */
function valuesOf(message: Uint8Array | undefined, wanted: number): readonly (Uint8Array | number)[] {
  if (message === undefined) return [];
  const values: (Uint8Array | number)[] = [];
  try {
    for (const [number, value] of readFields(Buffer.from(message.buffer, message.byteOffset, message.byteLength)))
      if (number === wanted) values.push(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return values;
}

/** All values of a repeated field that contains messages. */
export function messageFields(message: Uint8Array | undefined, number: number): readonly Uint8Array[] {
  return valuesOf(message, number).filter((value) => value instanceof Uint8Array);
}

export function messageField(message: Uint8Array | undefined, number: number): Uint8Array | undefined {
  return messageFields(message, number)[0];
}

export function stringField(message: Uint8Array | undefined, number: number): string | undefined {
  const value = messageField(message, number);
  return value === undefined ? undefined : Buffer.from(value).toString('utf8');
}

export function numberField(message: Uint8Array | undefined, number: number): number | undefined {
  return valuesOf(message, number).find((value) => typeof value === 'number');
}

/** A length-delimited field that contains `text`. */
export function encodeString(number: number, text: string): Uint8Array {
  return encodeMessage(number, Buffer.from(text, 'utf8'));
}

/** A length-delimited field that contains a message; `body` is the concatenation of its encoded fields. */
export function encodeMessage(number: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([number * 8 + 2, ...encodeVarint(body.length)]), body]);
}

/** A number, enum or boolean (1) field. */
export function encodeNumber(number: number, value: number): Uint8Array {
  return Buffer.from([number * 8, ...encodeVarint(value)]);
}

function encodeVarint(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}
