/** One field of a protobuf message: its number, and its bytes (length-delimited) or value (varint). */
export interface ProtobufField {
  readonly number: number;
  readonly value: number | Uint8Array;
}

function readVarint(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } | undefined {
  let value = 0;
  for (let shift = 0, index = at; shift < 70; shift += 7, index++) {
    const byte = bytes[index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: index + 1 };
  }
  return undefined;
}

/**
 * The fields of a message, in order, up to the first invalid one. This is enough for a few small responses, and loading Temporal's
 * full protobuf definitions takes longer than the calls themselves.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export function protobufFields(bytes: Uint8Array): readonly ProtobufField[] {
  const fields: ProtobufField[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = readVarint(bytes, at);
    if (tag === undefined) break;
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    if (wire === 0) {
      const read = readVarint(bytes, tag.next);
      if (read === undefined) break;
      fields.push({ number, value: read.value });
      at = read.next;
    } else if (wire === 2) {
      const length = readVarint(bytes, tag.next);
      if (length === undefined || length.next + length.value > bytes.length) break;
      at = length.next + length.value;
      fields.push({ number, value: bytes.subarray(length.next, at) });
    } else if (wire === 1 || wire === 5) {
      at = tag.next + (wire === 1 ? 8 : 4);
    } else {
      break;
    }
  }
  return fields;
}

export function messageField(bytes: Uint8Array, number: number): Uint8Array | undefined {
  const field = protobufFields(bytes).find((candidate) => candidate.number === number);
  return field?.value instanceof Uint8Array ? field.value : undefined;
}

export function stringField(bytes: Uint8Array, number: number): string | undefined {
  const value = messageField(bytes, number);
  return value === undefined ? undefined : Buffer.from(value).toString('utf8');
}

export function numberField(bytes: Uint8Array, number: number): number | undefined {
  const value = protobufFields(bytes).find((candidate) => candidate.number === number)?.value;
  return typeof value === 'number' ? value : undefined;
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
