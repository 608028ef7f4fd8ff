import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromTemplateOrigin, parseTemplateSource, toTemplateOrigin } from '../../../../src/project/template/source.ts';

const CWD = resolve('/work/here');
const parse = (text: string) => parseTemplateSource(text, { cwd: CWD, env: { HOME: resolve('/home/me') } });

describe('the source of a template', () => {
  it.each([
    ['https://git.example.com/a/b.git', 'https://git.example.com/a/b.git', undefined],
    ['https://git.example.com/a/b.git#release/v1.2', 'https://git.example.com/a/b.git', 'release/v1.2'],
    ['ssh://git@example.com:2222/a/b#v1', 'ssh://git@example.com:2222/a/b', 'v1'],
    ['git@example.com:a/b.git#main', 'git@example.com:a/b.git', 'main'],
    ['file:///srv/templates', 'file:///srv/templates', undefined],
    ['http://127.0.0.1:8080/x#0123abc', 'http://127.0.0.1:8080/x', '0123abc'],
    ['github:acme/worker-template#v2', 'https://github.com/acme/worker-template.git', 'v2'],
  ])('%s is a repository', (text, url, ref) => {
    expect(parse(text)).toMatchObject({ kind: 'git', shown: text, url, publicUrl: url, ref, secrets: [] });
  });

  it.each([
    ['tpl', join(CWD, 'tpl')],
    ['../c#-templates', resolve('/work/c#-templates')],
    ['~/tpl', resolve('/home/me/tpl')],
    ['github.com/acme', join(CWD, 'github.com/acme')],
  ])('%s is a folder', (text, path) => {
    expect(parse(text)).toEqual({ kind: 'folder', shown: text, path });
  });

  it('shows a URL without credentials, which it keeps for git', () => {
    expect(parse('https://me:p%40ss@example.com/a#v1')).toEqual({
      kind: 'git',
      shown: 'https://example.com/a#v1',
      url: 'https://me:p%40ss@example.com/a',
      publicUrl: 'https://example.com/a',
      secrets: ['p%40ss', 'p@ss', 'me'],
      ref: 'v1',
    });
    expect(parse('https://ghp_token@example.com/a')).toMatchObject({ shown: 'https://example.com/a' });
    expect(parse('ssh://git:secret@example.com/a')).toMatchObject({
      shown: 'ssh://git@example.com/a',
      secrets: ['secret'],
    });
  });

  it.each([
    '',
    ' ',
    'a\nb',
    'ext::sh -c touch% /tmp/x',
    'ext://x',
    'git://example.com/a',
    'http://example.com/a',
    'ftp://example.com/a',
    'fd::17',
    'https:example.com',
    'https://',
    'ssh://-oProxyCommand=x/a',
    'ssh://-oProxyCommand@example.com/a',
    'github:a/b/c',
    '~other/x',
    ...[
      '',
      '-x',
      '--upload-pack=x',
      'a b',
      'a..b',
      'a:b',
      '+a',
      'a^',
      'a~1',
      'a@{1}',
      '@',
      '/a',
      'a/',
      'a.lock',
      'a*',
      '.a',
      'a//b',
      'a\\b',
    ].map((ref) => `https://example.com/a#${ref}`),
  ])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ status: 2 }) as Error);
  });

  it('does not quote credentials in an error', () => {
    for (const text of ['https://me:secret@example.com/a\r', 'https://me:secret@exa mple/a', 'me:secret@example.com:a'])
      expect(() => parse(text)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('secret') as unknown }) as Error,
      );
  });

  it.each([
    ['tpl', '../tpl'],
    ['project/tpl', './tpl'],
    ['project', '.'],
    ['project/.tpl', '.tpl'],
    ['https://example.com/a#v1', 'https://example.com/a'],
    ['git@example.com:a', 'git@example.com:a'],
    ['https://me:secret@example.com/a#v1', 'https://example.com/a'],
    ['github:acme/t#v2', 'github:acme/t'],
  ])('%s is recorded in a way that finds it again', (text, recorded) => {
    const project = join(CWD, 'project');
    const source = parse(text);
    const origin = toTemplateOrigin(source, project, undefined);
    expect(origin.source).toBe(recorded);
    const again = fromTemplateOrigin(origin, project, {});
    if (source.kind === 'folder') expect(again).toMatchObject({ kind: 'folder', path: source.path });
    else expect(again).toMatchObject({ kind: 'git', publicUrl: source.publicUrl, ref: source.ref });
  });
});
