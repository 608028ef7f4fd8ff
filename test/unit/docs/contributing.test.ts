import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import { writeLevelDiagram } from '../../../scripts/level-diagram.mjs';

const page = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');

describe('CONTRIBUTING.md', () => {
  it('shows the levels that the architecture check enforces (`npm run docs` regenerates them)', () => {
    const architecture = JSON.parse(readFileSync(join(ROOT, 'scripts', 'architecture.json'), 'utf8')) as {
      readonly levels: readonly (readonly string[])[];
    };
    expect(writeLevelDiagram(page, architecture), 'npm run docs').toBe(page);
  });

  it('names only files and folders that exist', () => {
    const named = [...page.matchAll(/`((?:src|test|scripts|templates|libraries|docs|bench)\/[\w./-]+)`/g)];
    expect(named.length).toBeGreaterThan(50);
    expect(named.map(([, path = '']) => path).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('names only exports that exist in the file that it names', () => {
    const named = [...page.matchAll(/`(\w+)` (?:in|of|from) `((?:src|scripts|test)\/[\w./-]+\.(?:ts|mjs))`/g)];
    expect(named.length).toBeGreaterThan(5);
    const isMissing = ([, name = '', path = '']: RegExpExecArray): boolean =>
      !new RegExp(`\\b(?:function|const|interface|type) ${name}\\b`).test(readFileSync(join(ROOT, path), 'utf8'));
    expect(named.filter(isMissing).map(([text]) => text)).toEqual([]);
  });
});
