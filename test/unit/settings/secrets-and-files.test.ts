import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KnownError } from '../../../src/base/errors.ts';
import { Secret } from '../../../src/base/secret.ts';
import { localSettingsText } from '../../../src/settings/application-files.ts';
import { secretFromFile, secretFromStdin } from '../../../src/settings/secret-input.ts';
import { until } from '../../support/until.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'secrets-'));
});
afterAll(() => rm(root, { recursive: true }));

describe('secretFromFile', () => {
  it('reads one line, and warns if others can read the file', async () => {
    const path = join(root, 'secret');
    await writeFile(path, 'abc\r\n', { mode: 0o600 });
    const own = await secretFromFile(path);
    expect(own.value.reveal()).toBe('abc');
    expect(own.warnings).toEqual([]);
    await writeFile(join(root, 'open'), 'abc', { mode: 0o644 });
    expect((await secretFromFile(join(root, 'open'))).warnings).toHaveLength(process.platform === 'win32' ? 0 : 1);
  });

  it.each([
    ['an empty file', ''],
    ['a line break', '\n'],
    ['two lines', 'canary\ncanary\n'],
    ['quotes', '"canary"\n'],
    ['a space at its end', 'canary \n'],
    ['a huge file', 'x'.repeat(100_000)],
  ])('rejects %s with a usage error', async (_what, content) => {
    await writeFile(join(root, 'bad'), content);
    const error: unknown = await secretFromFile(join(root, 'bad')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KnownError);
    expect((error as KnownError).status).toBe(2);
    expect((error as KnownError).message).not.toContain('canary');
  });

  it('rejects a missing file and a folder, naming it', async () => {
    await expect(secretFromFile(join(root, 'none'))).rejects.toThrow(/--client-secret-file: .*none does not exist/);
    await expect(secretFromFile(root)).rejects.toThrow('it is not a file');
  });
});

describe('secretFromStdin', () => {
  it('reads a pipe to its end', async () => {
    expect((await secretFromStdin(Readable.from([Buffer.from('ab'), Buffer.from('c\n')]))).value.reveal()).toBe('abc');
  });

  it('rejects a terminal, empty input and too much input', async () => {
    await expect(secretFromStdin(Object.assign(Readable.from(['a']), { isTTY: true }))).rejects.toThrow(
      'is a terminal',
    );
    await expect(secretFromStdin(Readable.from([]))).rejects.toThrow('the secret is empty');
    await expect(secretFromStdin(Readable.from(['x'.repeat(70_000)]))).rejects.toThrow('too large');
  });
});

describe('secretFromStdin of a pipe that stays open', () => {
  it('rejects with the reason of its signal, before and during the wait', async () => {
    const open = (): PassThrough => {
      const pipe = new PassThrough();
      pipe.write('half of ');
      return pipe;
    };
    const reason = new Error('stopped');
    await expect(secretFromStdin(open(), AbortSignal.abort(reason))).rejects.toBe(reason);
    const abort = new AbortController();
    const pipe = open();
    const reading = secretFromStdin(pipe, abort.signal);
    await until('it has taken what is there', () => pipe.readableLength === 0);
    abort.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });
});

describe('localSettingsText', () => {
  const values = {
    'kuflow.api.client-id': 'id',
    'kuflow.api.client-secret': new Secret(`a"b'c: #d`),
    'worker.health-port': 0,
  };
  const data = { kuflow: { api: { 'client-id': 'id', 'client-secret': `a"b'c: #d` } }, worker: { 'health-port': 0 } };

  it('writes a file with comments', () => {
    const text = localSettingsText(values);
    expect(parse(text)).toEqual(data);
    expect(text).toMatch(/^# Settings of this machine/);
    expect(text).toContain("    # client secret (the application's token in KuFlow)\n    client-secret:");
    expect(parse(localSettingsText({}))).toEqual({});
  });
});
