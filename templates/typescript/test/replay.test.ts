import { readdirSync, readFileSync } from 'node:fs';
import { replay } from 'kuflow-worker/testing';
import { describe, expect, it } from 'vitest';

const workflows = new URL('../src/workflows.ts', import.meta.url);
const folder = new URL('./histories/', import.meta.url);
const histories = readdirSync(folder).filter((name) => name.endsWith('.json'));

describe('workflow code matches the histories in test/histories', () => {
  for (const name of histories) {
    it(name, async () => {
      await replay(JSON.parse(readFileSync(new URL(name, folder), 'utf8')), workflows);
    });
  }

  if (histories.length === 0) {
    it('(none yet; to save one: npx kuflow dev history latest --output test/histories/<name>.json)', () => {
      expect(histories).toEqual([]);
    });
  }
});
