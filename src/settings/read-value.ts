import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Advice } from '../base/advice.ts';
import { KnownError, codeOf, messageOf } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { decideProxy } from '../network/proxy.ts';
import { MIB, readSmallFile, unreadableStep } from '../files/read.ts';
import { Secret } from '../base/secret.ts';
import { isUuid } from '../base/is-uuid.ts';
import { certificateBlocks, detectFileFormat, FILE_FORMATS, isCertificate } from '../engine/material/file-format.ts';
import { readTarget } from '../network/address.ts';
import { normaliseEndpoint } from '../kuflow/endpoint.ts';
import type { SettingKey } from './keys.ts';
import { firstStep, type Entry, type ProblemCode, type Source } from './sources.ts';
import { posixWord, userShell } from '../base/shell.ts';

/** Unlike a shell, `docker --env-file` and other readers keep the quotes around a value. */
const isQuoted = (text: string): boolean => /^(["']).*\1$/s.test(text);

const QUOTED = 'the value starts and ends with quotes; remove them';

/** Characters without width, marks of direction and byte order marks, which come with text copied from a page or another program. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/;
const INVISIBLE_NAMES: Readonly<Record<string, string>> = {
  '\u200b': 'a zero-width space',
  '\ufeff': 'a byte order mark',
};

export type ReadValue =
  | { readonly kind: 'valid'; readonly value: string | number | readonly string[] | Secret }
  | {
      readonly kind: 'invalid';
      readonly code: ProblemCode;
      readonly problem: string;
      readonly next?: Advice | undefined;
    };

/** Converts a value as written to its type. Relative paths start from `folder`. `problem` never contains a part of a secret. */
export async function readValue(key: SettingKey, { raw, source }: Entry, folder: string): Promise<ReadValue> {
  if (raw.includes('FILL_ME')) return invalid('placeholder', `replace FILL_ME with the ${key.description}`);
  const text = raw.trim();
  const invisible = findInvisible(key, raw, source);
  if (invisible !== undefined) return invisible;
  if (isQuoted(text)) return invalid('invalid', QUOTED);
  switch (key.kind) {
    case 'text':
      return /[\u0000-\u001f\u007f]/.test(text) ? invalid('invalid', 'expected one line of text') : valid(text);
    case 'secret':
      return readSecret(raw);
    case 'uuid':
      // The value is not shown: if ID and secret were swapped, it is the secret.
      return isUuid(text) ? valid(text) : invalid('invalid', `not a UUID; expected the ${key.description}`);
    case 'uuids': {
      const ids = text.split(/[\s,]+/).filter((id) => id !== '');
      return ids.every(isUuid) ? valid(ids) : invalid('invalid', 'expected UUIDs, as a list or separated by commas');
    }
    case 'integer': {
      const { min, max } = key.range ?? { min: 0, max: Number.MAX_SAFE_INTEGER };
      return /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max
        ? valid(Number(text))
        : invalid('invalid', `expected a whole number from ${min} to ${max}, not ${quoted(text)}`);
    }
    case 'choice': {
      const choices = key.choices ?? [];
      return choices.includes(text.toLowerCase())
        ? valid(text.toLowerCase())
        : invalid('invalid', `expected ${choices.join(', ')}, not ${quoted(text)}`);
    }
    case 'target': {
      const reading = readTarget(text);
      return reading.ok ? valid(text) : invalid('invalid', reading.problem);
    }
    case 'endpoint':
      return readWith(() => normaliseEndpoint(text));
    case 'proxy':
      return readWith(() => {
        decideProxy({ url: 'https://proxied.invalid', env: {}, explicit: { value: text, source: source.name } });
        return new Secret(text);
      }, 'expected a proxy address like http://host:port, or none');
    case 'pem':
    case 'secret-pem':
      return readPem(text, key.kind === 'secret-pem');
    case 'file':
      return readableFile(resolve(folder, text));
    case 'authorities':
      return authoritiesFile(resolve(folder, text));
  }
}

/** PEM may start with a byte order mark, and what else is wrong with it is found when it is parsed. */
function findInvisible({ kind }: SettingKey, raw: string, source: Source): ReadValue | undefined {
  const [found] = INVISIBLE.exec(raw) ?? [];
  if (found === undefined || kind === 'pem' || kind === 'secret-pem') return undefined;
  const code = `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  const name = INVISIBLE_NAMES[found];
  const problem = `contains an invisible character, ${name === undefined ? code : `${name} (${code})`}; remove it`;
  const bytes = [...Buffer.from(found)].map((byte) => `\\x${byte.toString(16)}`).join('');
  const next =
    source.file === undefined
      ? { text: `Set ${source.name} again: type the value, or paste it as plain text` }
      : {
          text: 'Remove the invisible character from the file',
          ...(userShell() === 'posix' && { command: `perl -i -pe 's/${bytes}//g' ${posixWord(source.file)}` }),
        };
  return invalid('invalid', problem, next);
}

/** Reads a secret, which must not have spaces or line breaks around it: KuFlow rejects the secret if a program sends them with it. */
export function readSecret(text: string): ReadValue {
  const trimmed = text.trim();
  if (trimmed === '') return invalid('invalid', 'the secret is empty');
  if (isQuoted(trimmed)) return invalid('invalid', QUOTED);
  if (trimmed !== text) return invalid('invalid', 'the value starts or ends with a space or a line break; remove it');
  if (/[\u0000-\u001f\u007f]/.test(text))
    return invalid('invalid', 'the secret must be one line without control characters');
  return valid(new Secret(text));
}

function readPem(text: string, secret: boolean): ReadValue {
  const pem = text.replaceAll('\\r', '').replaceAll('\\n', '\n').replaceAll('\r\n', '\n');
  if (!/-----BEGIN [A-Z0-9 ]+-----\n[\s\S]*\n-----END [A-Z0-9 ]+-----/.test(pem))
    return invalid('invalid', 'expected PEM text with its BEGIN and END lines');
  return valid(secret ? new Secret(`${pem.trimEnd()}\n`) : `${pem.trimEnd()}\n`);
}

async function readableFile(path: string): Promise<ReadValue> {
  try {
    await access(path, constants.R_OK);
    if (!(await stat(path)).isFile())
      return invalid('unreadable', `expected a file; ${escapeForTerminal(path, 200)} is not one`);
    return valid(path);
  } catch (error) {
    const code = codeOf(error) ?? 'unknown error';
    const problem = `expected a readable file; ${escapeForTerminal(path, 200)}: ${code}`;
    return invalid('unreadable', problem, await unreadableStep(path, code));
  }
}

// Node silently accepts a text without certificates, as an empty list.
async function authoritiesFile(path: string): Promise<ReadValue> {
  const found = await readableFile(path);
  if (found.kind === 'invalid') return found;
  const text = (await readSmallFile(path, 16 * MIB)).bytes?.toString('latin1') ?? '';
  if (certificateBlocks(text).some(isCertificate)) return found;
  const format = detectFileFormat(text);
  const seen = format === undefined ? 'does not contain any' : `is ${FILE_FORMATS[format]}`;
  return invalid('invalid', `expected a PEM file with certificates; ${escapeForTerminal(path, 200)} ${seen}`);
}

function readWith(read: () => string | Secret, expected?: string): ReadValue {
  try {
    return valid(read());
  } catch (error) {
    const seen = escapeForTerminal(messageOf(error).replace(/^The /, 'the '), 200);
    const problem = expected === undefined ? seen : `${expected}; ${seen}`;
    return invalid('invalid', problem, error instanceof KnownError ? firstStep(error) : undefined);
  }
}

function valid(value: string | number | readonly string[] | Secret): ReadValue {
  return { kind: 'valid', value };
}

function invalid(code: ProblemCode, problem: string, next?: Advice): ReadValue {
  return { kind: 'invalid', code, problem, next };
}

function quoted(text: string): string {
  return JSON.stringify(escapeForTerminal(text, 60));
}
