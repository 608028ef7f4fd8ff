import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import { userAgent } from '../../../libraries/typescript/src/internal/user-agent.ts';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

it('the user agent of a TypeScript worker has the version of this package, and no characters that a header must not have', () => {
  expect(userAgent('@acme/käse')).toBe(`kuflow-worker-typescript/${version} (@acme/k_se)`);
});

it('the user agent of a Java worker has the version of this package', () => {
  const file = join(ROOT, 'templates/java/src/main/java/com/example/worker/kuflow/rest/UserAgent.java');
  expect(readFileSync(file, 'utf8')).toContain(`TEMPLATE_VERSION = "${version}";`);
});

it('the Python library has the version of this package', () => {
  const file = join(ROOT, 'libraries/python/pyproject.toml');
  expect(readFileSync(file, 'utf8')).toContain(`\nversion = "${version}"\n`);
});
