import { gunzipSync } from 'node:zlib';
import { codeOf } from '../../base/errors.ts';
import { GRPC_STATUS } from './grpc.ts';
import type { CallRefusal } from './grpc.ts';

/** A gRPC message starts with one byte that says whether it is compressed, and its length in four bytes. */
const PREFIX = 5;

/** Collects the request of a unary call, which is one message. */
export interface RequestReader {
  /** Adds the bytes of a DATA frame. Refuses as soon as the request cannot be valid, so that only a valid one is buffered. */
  add(chunk: Buffer): CallRefusal | undefined;
  /** The request when all of it has arrived: the uncompressed message with its prefix. */
  finish(): { readonly body: Buffer } | { readonly refused: CallRefusal };
}

/** The message inside a body that `finish` returned. */
export const messageIn = (body: Buffer): Buffer => body.subarray(PREFIX);

/**
 * `encoding` is the call's `grpc-encoding` header. Messages of more than `maxBytes`, compressed or not, are refused with
 * the words of Temporal's server, which SDKs recognize.
 */
export function createRequestReader(encoding: string | undefined, maxBytes: number): RequestReader {
  const chunks: Buffer[] = [];
  let size = 0;
  /** Bytes of the whole request, as soon as its prefix has arrived. */
  let expected: number | undefined;

  /** The bytes so far in one buffer. */
  function join(): Buffer {
    if (chunks.length > 1) chunks.splice(0, chunks.length, Buffer.concat(chunks));
    return chunks[0] ?? Buffer.alloc(0);
  }

  function readPrefix(prefix: Buffer): CallRefusal | undefined {
    const length = prefix.readUInt32BE(1);
    if (length > maxBytes) return tooLarge(`grpc: received message larger than max (${length} vs. ${maxBytes})`);
    expected = PREFIX + length;
    return prefix[0] === 0 ? undefined : checkCompression(prefix[0], encoding);
  }

  return {
    add: (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      if (expected === undefined && size >= PREFIX) {
        const refusal = readPrefix(join());
        if (refusal !== undefined) return refusal;
      }
      return expected !== undefined && size > expected ? malformed('it contains more than one message') : undefined;
    },
    finish: () => {
      if (size !== expected)
        return { refused: malformed(size === 0 ? 'it contains no message' : 'its message is truncated') };
      const body = join();
      return body[0] === 0 ? { body } : inflate(messageIn(body), maxBytes);
    },
  };
}

/** Temporal's server supports gzip only. */
function checkCompression(flag: number | undefined, encoding: string | undefined): CallRefusal | undefined {
  if (flag !== 1) return malformed(`its message has compression flag ${flag}`);
  if (encoding === 'gzip') return undefined;
  if (encoding === undefined || encoding === 'identity')
    return malformed('its message is compressed, but there is no header grpc-encoding');
  return {
    status: GRPC_STATUS.unimplemented,
    message: `grpc: Decompressor is not installed for grpc-encoding "${encoding}"`,
  };
}

/** The server gets the inflated message, so that both read the same bytes. */
function inflate(compressed: Buffer, maxBytes: number): { readonly body: Buffer } | { readonly refused: CallRefusal } {
  try {
    const message = gunzipSync(compressed, { maxOutputLength: maxBytes });
    const prefix = Buffer.alloc(PREFIX);
    prefix.writeUInt32BE(message.length, 1);
    return { body: Buffer.concat([prefix, message]) };
  } catch (error) {
    return {
      refused:
        codeOf(error) === 'ERR_BUFFER_TOO_LARGE'
          ? tooLarge(`grpc: received message after decompression larger than max ${maxBytes}`)
          : malformed('its message is not valid gzip'),
    };
  }
}

function tooLarge(message: string): CallRefusal {
  return { status: GRPC_STATUS.resourceExhausted, message };
}

function malformed(why: string): CallRefusal {
  return { status: GRPC_STATUS.invalidArgument, message: `The request is malformed: ${why}` };
}
