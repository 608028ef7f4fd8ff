import { X509Certificate } from 'node:crypto';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf, messageOf } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { decideProxy } from '../network/proxy.ts';
import { MIB, readSmallFile } from '../files/read.ts';
import { Secret } from '../base/secret.ts';
import { isUuid } from '../base/uuid.ts';
import { readTarget } from '../engine/dial/target.ts';
import { normaliseEndpoint } from '../kuflow/endpoint.ts';
import type { SettingKey } from './keys.ts';
import type { Entry, ProblemCode } from './sources.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

export type ReadValue =
  | { readonly kind: 'good'; readonly value: string | number | readonly string[] | Secret }
  | { readonly kind: 'bad'; readonly code: ProblemCode; readonly expected: string };

/** Reads a value as written into its type; `folder` is what a relative path starts from. Nothing of a secret gets into `expected`. */
export async function readValue(key: SettingKey, { raw, source }: Entry, folder: string): Promise<ReadValue> {
  if (raw.includes('FILL_ME')) return bad('placeholder', `${key.description}, in place of FILL_ME`);
  const text = raw.trim();
  switch (key.kind) {
    case 'text':
      return /[\u0000-\u001f\u007f]/.test(text) ? bad('invalid', 'one line of text') : good(text);
    case 'secret':
      return readSecret(raw);
    case 'uuid':
      // Not shown: whoever swaps id and secret would see the secret printed.
      return isUuid(text) ? good(text) : bad('invalid', `a UUID, ${key.description}`);
    case 'uuids': {
      const ids = text.split(/[\s,]+/).filter((id) => id !== '');
      return ids.every(isUuid) ? good(ids) : bad('invalid', 'UUIDs, a list or separated by commas');
    }
    case 'port':
      return /^\d{1,5}$/.test(text) && Number(text) <= 65_535
        ? good(Number(text))
        : bad('invalid', `a port from 0 to 65535; it is ${shown(text)}`);
    case 'target': {
      const reading = readTarget(text);
      return reading.ok ? good(text) : bad('invalid', `host:port; ${reading.problem}`);
    }
    case 'endpoint':
      return attempt(() => normaliseEndpoint(text), `an address like https://api.kuflow.com`);
    case 'proxy':
      return attempt(() => {
        decideProxy({ url: 'https://proxied.invalid', env: {}, explicit: { value: text, source: source.name } });
        return new Secret(text);
      }, 'the address of a proxy, http://host:port, or none');
    case 'pem':
    case 'secret-pem':
      return readPem(text, key.kind === 'secret-pem');
    case 'file':
      return readableFile(resolve(folder, text));
    case 'authorities':
      return authoritiesFile(resolve(folder, text));
  }
}

/** A secret without the line break that files and pipes end with. */
export function readSecret(raw: string): ReadValue {
  const text = raw.replace(/\r?\n$/, '');
  if (text.trim() === '') return bad('invalid', 'a secret; it is empty');

  if (/[\u0000-\u001f\u007f]/.test(text)) return bad('invalid', 'a secret on one line, without control characters');
  return good(new Secret(text));
}

function readPem(text: string, secret: boolean): ReadValue {
  const pem = text.replaceAll('\\r', '').replaceAll('\\n', '\n').replaceAll('\r\n', '\n');
  if (!/-----BEGIN [A-Z0-9 ]+-----\n[\s\S]*\n-----END [A-Z0-9 ]+-----/.test(pem))
    return bad('invalid', 'PEM text, with its BEGIN and END lines');
  return good(secret ? new Secret(`${pem.trimEnd()}\n`) : `${pem.trimEnd()}\n`);
}

async function readableFile(path: string): Promise<ReadValue> {
  try {
    await access(path, constants.R_OK);
    if (!(await stat(path)).isFile()) return bad('unreadable', `a file; ${escapeForTerminal(path, 200)} is none`);
    return good(path);
  } catch (error) {
    return bad(
      'unreadable',
      `a file that can be read; ${escapeForTerminal(path, 200)}: ${codeOf(error) ?? 'unknown error'}`,
    );
  }
}

// Node takes a text without certificates for an empty list, without a word.
async function authoritiesFile(path: string): Promise<ReadValue> {
  const found = await readableFile(path);
  if (found.kind === 'bad') return found;
  const text = (await readSmallFile(path, 16 * MIB)).bytes?.toString('latin1') ?? '';
  return (text.match(CERTIFICATE) ?? []).some(canBeParsed)
    ? found
    : bad('invalid', `a PEM file of certificates; ${escapeForTerminal(path, 200)} holds no certificate in PEM form`);
}

function canBeParsed(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function attempt(read: () => string | Secret, expected: string): ReadValue {
  try {
    return good(read());
  } catch (error) {
    return bad('invalid', `${expected}; ${escapeForTerminal(messageOf(error), 200)}`);
  }
}

function good(value: string | number | readonly string[] | Secret): ReadValue {
  return { kind: 'good', value };
}

function bad(code: ProblemCode, expected: string): ReadValue {
  return { kind: 'bad', code, expected };
}

function shown(text: string): string {
  return JSON.stringify(escapeForTerminal(text, 60));
}
