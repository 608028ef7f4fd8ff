import { gunzipSync } from 'node:zlib';
import { codeOf } from '../../base/errors.ts';
import { frameMessage, GRPC_STATUS } from '../../engine/rpc.ts';
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
  const chunks: Buffer[] = [];
  let size = 0;
  /** Of the whole request; undefined before its prefix is complete. */
  let length: number | undefined;

  function readPrefix(prefix: Buffer): CallRefusal | undefined {
    const bytes = prefix.readUInt32BE(1);
    if (bytes > maxBytes) return tooLarge(`grpc: received message larger than max (${bytes} vs. ${maxBytes})`);
    length = PREFIX + bytes;
    return prefix[0] === 0 ? undefined : checkCompression(prefix[0], encoding);
  }

  return {
    /** Adds the bytes of a DATA frame. Refuses as soon as the request cannot be valid, so that only a valid one is buffered. */
    add: (chunk: Buffer): CallRefusal | undefined => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < PREFIX) return undefined;
      const refusal = length === undefined ? readPrefix(Buffer.concat(chunks)) : undefined;
      if (refusal !== undefined || length === undefined || size <= length) return refusal;
      return malformed('it contains more than one message');
    },
    /** The request when all of it has arrived: the uncompressed message with its prefix. */
    finish: (): { readonly body: Buffer } | { readonly refused: CallRefusal } => {
      if (length === undefined || size < length)
        return { refused: malformed(size === 0 ? 'it contains no message' : 'its message is truncated') };
      const body = Buffer.concat(chunks);
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
    status: GRPC_STATUS.UNIMPLEMENTED,
    message: `grpc: Decompressor is not installed for grpc-encoding "${encoding}"`,
  };
}

/** The server gets the inflated message, so that both read the same bytes. */
function inflate(compressed: Buffer, maxBytes: number): { readonly body: Buffer } | { readonly refused: CallRefusal } {
  try {
    return { body: frameMessage(gunzipSync(compressed, { maxOutputLength: maxBytes })) };
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
