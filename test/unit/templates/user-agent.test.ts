import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import { userAgent } from '../../../templates/typescript/src/kuflow/user-agent.ts';

it('the user agent of a worker has the version of this package, even without a package.json', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(userAgent()).toBe(`kuflow-worker-typescript/${version} (unknown)`);
});
