import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatAdvice } from '../base/advice.ts';
import { codeOf, usageError } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { Secret } from '../base/secret.ts';
import { readSmallFile, unreadableStep } from '../files/read.ts';
import { readSecret } from './read-value.ts';

/** Bytes. */
const LARGEST_SECRET = 64 * 1024;

/** A client secret that was read because an option asked for it. */
export interface GivenSecret {
  readonly value: Secret;
  readonly option: string;
  readonly warnings: readonly string[];
}

/** Reads a file with a secret, or returns why it cannot be read. */
export async function readSecretFile(file: string): Promise<string | { readonly why: string }> {
  try {
    const content = await readSmallFile(file, LARGEST_SECRET);
    if (content.bytes !== undefined) return content.bytes.toString('utf8');
    return { why: content.refused === 'too-large' ? 'it is too large for a secret' : 'it is not a file' };
  } catch (error) {
    return { why: codeOf(error) ?? 'unknown error' };
  }
}

/**
 * Reads the secret in a file (`--client-secret-file`), without the line break at its end. Throws a usage error if the file
 * cannot be read, is empty or has more than one line; warns if other users can read it.
 */
export async function secretFromFile(path: string): Promise<GivenSecret> {
  const option = '--client-secret-file';
  const file = resolve(path);
  const content = await readSecretFile(file);
  const name = escapeForTerminal(path, 200);
  if (typeof content !== 'string') {
    if (content.why === 'ENOENT')
      throw usageError(`${option}: ${name} does not exist`, ['Pass a file that contains only the client secret']);
    const step = await unreadableStep(file, content.why);
    throw usageError(`${option}: cannot read ${name} (${content.why})`, [
      step === undefined ? 'Pass a file that contains only the secret' : formatAdvice(step),
    ]);
  }
  const value = secretFromText(content, `${option} ${name}`);
  const open = process.platform !== 'win32' && ((await stat(file)).mode & 0o077) !== 0;
  return { value, option, warnings: open ? [`Other users can read ${name}. To fix: chmod 600 ${name}`] : [] };
}

/**
 * Reads the secret from a pipe (`--client-secret-stdin`) to its end. Throws a usage error on a terminal, where the secret would be
 * visible while typed, and the signal's reason when it aborts, because a pipe may never be closed.
 */
export async function secretFromStdin(
  input: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean },
  signal?: AbortSignal,
): Promise<GivenSecret> {
  const option = '--client-secret-stdin';
  if (input.isTTY === true) throw usageError(`${option} reads from a pipe, but standard input is a terminal`);
  const reading = readText(input, option);
  const text = await (signal === undefined ? reading : Promise.race([reading, abortOf(signal)]));
  return { value: secretFromText(text, option), option, warnings: [] };
}

async function readText(input: AsyncIterable<Uint8Array | string>, option: string): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of input) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : Buffer.from(part);
    size += bytes.length;
    if (size > LARGEST_SECRET) throw usageError(`${option}: the input is too large for a secret`);
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function abortOf(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

/** The secret in a text, without the line break at its end. Throws a usage error that begins with `from` when the text is empty or holds more than a line. */
export function secretFromText(content: string, from: string): Secret {
  const read = readSecret(withoutFinalLineBreak(content));
  if (read.kind === 'valid' && read.value instanceof Secret) return read.value;
  throw usageError(`${from}: ${read.kind === 'invalid' ? read.problem : 'expected a secret'}`);
}

/** The text of a file or pipe without the line break at its end. */
export function withoutFinalLineBreak(text: string): string {
  return text.replace(/\r?\n$/, '');
}
