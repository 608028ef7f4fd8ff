import { readdirSync, readFileSync } from 'node:fs';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { replay } from './support/replay.ts';

const folder = new URL('./histories/', import.meta.url);
const histories = readdirSync(folder).filter((name) => name.endsWith('.json'));

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

describe('the workflow code matches the histories in test/histories', () => {
  for (const name of histories) {
    it(name, async () => {
      await replay(JSON.parse(readFileSync(new URL(name, folder), 'utf8')));
    });
  }

  if (histories.length === 0) {
    it('(none yet; save one with: npx kuflow dev history <process-id> > test/histories/<name>.json)', () => {
      expect(histories).toEqual([]);
    });
  }
});
