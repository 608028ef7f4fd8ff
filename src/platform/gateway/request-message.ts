import { gunzipSync } from 'node:zlib';
import { codeOf } from '../../base/errors.ts';
import { GRPC_STATUS } from '../../engine/rpc.ts';
import type { CallRefusal } from './grpc.ts';

/** A gRPC message starts with one byte that says whether it is compressed, and its length in four bytes. */
const PREFIX = 5;

/** The message inside a body that `finish` returned. */
export const messageIn = (body: Buffer): Buffer => body.subarray(PREFIX);

/**
 * Collects the request of a unary call, which is one message. `encoding` is the call's `grpc-encoding` header. Messages of more than `maxBytes`,
 * compressed or not, are refused with the words of Temporal's server, which SDKs recognize.
 */
export function createRequestReader(encoding: string | undefined, maxBytes: number) {
  /** The bytes before the prefix is complete. */
  let start: Buffer = Buffer.alloc(0);
  /** The whole request, allocated when its length is known; `size` bytes of it have arrived. */
  let body: Buffer | undefined;
  let size = 0;

  function open(bytes: Buffer): CallRefusal | undefined {
    const length = bytes.readUInt32BE(1);
    if (length > maxBytes) return tooLarge(`grpc: received message larger than max (${length} vs. ${maxBytes})`);
    const refusal = bytes[0] === 0 ? undefined : checkCompression(bytes[0], encoding);
    if (refusal !== undefined) return refusal;
    if (bytes.length !== PREFIX + length) {
      body = Buffer.allocUnsafe(PREFIX + length);
      return append(body, bytes);
    }
    // Most requests arrive in one piece, which is not copied.
    body = bytes;
    size = bytes.length;
    return undefined;
  }

  function append(target: Buffer, chunk: Buffer): CallRefusal | undefined {
    if (size + chunk.length > target.length) return malformed('it contains more than one message');
    size += chunk.copy(target, size);
    return undefined;
  }

  return {
    /** Adds the bytes of a DATA frame. Refuses as soon as the request cannot be valid, so that only a valid one is buffered. */
    add: (chunk: Buffer): CallRefusal | undefined => {
      if (body !== undefined) return append(body, chunk);
      start = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
      return start.length < PREFIX ? undefined : open(start);
    },
    /** The request when all of it has arrived: the uncompressed message with its prefix. */
    finish: (): { readonly body: Buffer } | { readonly refused: CallRefusal } => {
      if (body === undefined || size < body.length) {
        return { refused: malformed(start.length === 0 ? 'it contains no message' : 'its message is truncated') };
      }
      return body[0] === 0 ? { body } : inflate(messageIn(body), maxBytes);
    },
  };
}

export type RequestReader = ReturnType<typeof createRequestReader>;

/** Temporal's server supports gzip only. */
function checkCompression(flag: number | undefined, encoding: string | undefined): CallRefusal | undefined {
  if (flag !== 1) return malformed(`its message has compression flag ${flag}`);
  if (encoding === 'gzip') return undefined;
  if (encoding === undefined || encoding === 'identity')
    return malformed('its message is compressed, but there is no header grpc-encoding');
  return {
    status: GRPC_STATUS.UNIMPLEMENTED,
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
  return { status: GRPC_STATUS.RESOURCE_EXHAUSTED, message };
}

function malformed(why: string): CallRefusal {
  return { status: GRPC_STATUS.INVALID_ARGUMENT, message: `The request is malformed: ${why}` };
}
