import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import { doctorPage } from '../../../scripts/doctor-page.mjs';
import { explainedFinding } from '../../../src/doctor/explained.ts';
import { explainAll } from '../../../src/doctor/explanations/explain.ts';
import { registry } from '../../../src/doctor/registry.ts';
import { matrix } from './matrix/matrix.ts';

const page = readFileSync(join(ROOT, 'docs', 'doctor.md'), 'utf8');
const peers = JSON.parse(readFileSync(join(ROOT, 'docs', 'doctor-peers.json'), 'utf8')) as Parameters<
  typeof doctorPage
>[3];

describe('the explanations', () => {
  it('are there for every check, and every id has an anchor in the page', () => {
    const headings = [...page.matchAll(/^### (KF-\S+)$/gm)].map(([, heading = '']) => heading.toLowerCase());
    for (const { id, docs, looksAt, causes, title } of explainAll()) {
      expect(looksAt, id).not.toBe(title);
      expect(causes.length, id).toBeGreaterThan(0);
      for (const { code, advice } of causes) expect(advice.length, `${id} ${code}`).toBeGreaterThan(0);
      expect(
        headings.filter((heading) => heading === docs),
        id,
      ).toHaveLength(1);
    }
    expect(headings).toHaveLength(registry.length);
  });

  it('make the page what it is; `npm run docs` writes it anew', () => {
    expect(doctorPage(page, explainAll(), matrix, peers), 'npm run docs').toBe(page);
  });

  it('give a finding its verdict and its steps, filled in', () => {
    expect(
      explainedFinding({ id: 'KF-FILE-001', code: 'file-readable-by-others', text: 't', values: { file: 'a b.key' } }),
    ).toMatchObject({ state: 'warn', advice: [{ command: "chmod 600 'a b.key'" }] });
    expect(() => explainedFinding({ id: 'KF-FILE-001', code: 'none', text: 't' })).toThrow('none');
  });
});
