import { describe, expect, it } from 'vitest';
import { isUnpublished } from '../../../../src/languages/typescript/install.ts';

describe('a registry without this package', () => {
  it.each([
    ['npm', 'npm error 404 Not Found - GET http://127.0.0.1:4873/create-kuflow-worker - Not found'],
    ['npm, version', 'npm error notarget No matching version found for create-kuflow-worker@0.1.0.'],
    ['pnpm', ' ERR_PNPM_FETCH_404  GET http://127.0.0.1:4873/create-kuflow-worker: Not Found - 404'],
    ['pnpm, version', ' ERR_PNPM_NO_MATCHING_VERSION  No matching version found for create-kuflow-worker@0.1.0'],
    ['Yarn 1', 'error Error: http://127.0.0.1:4873/create-kuflow-worker: Not found'],
    ['Yarn 1, version', `error Couldn't find any versions for "create-kuflow-worker" that matches "0.1.0"`],
    ['Yarn 4', '➤ YN0035: │ create-kuflow-worker@npm:0.1.0: Package not found'],
    ['Yarn 4, version', '➤ YN0082: │ create-kuflow-worker@npm:0.1.0: No candidates found'],
    ['Bun', 'error: GET http://127.0.0.1:4873/create-kuflow-worker - 404'],
  ])('is recognized in the output of %s', (_, line) => {
    expect(isUnpublished(`resolving\n${line}\nsee the log`)).toBe(true);
  });

  it.each([
    ['another package', 'npm error 404 Not Found - GET http://127.0.0.1:4873/tsx - Not found'],
    [
      'a package with a longer name',
      'npm error 404 Not Found - GET http://127.0.0.1:4873/create-kuflow-worker-x - Not found',
    ],
    ['another failure of this package', 'npm error code EINTEGRITY for create-kuflow-worker@0.1.0'],
  ])('is not confused with %s', (_, line) => {
    expect(isUnpublished(line)).toBe(false);
  });
});
