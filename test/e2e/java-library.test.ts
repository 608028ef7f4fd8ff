import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { describeJava } from '../support/describe-workers.ts';
import { copyJavaLibrary } from '../support/java-library.ts';
import { runMaven } from '../support/java-project.ts';
import { runHeavy } from '../support/lanes.ts';

runHeavy();

describeJava('the Java library', () => {
  it('passes its own checks and tests, with the command of its README', async () => {
    const folder = copyJavaLibrary(join(inject('runFolder'), 'java-library'));
    const { status, out, err } = await runMaven(folder, ['verify']);
    expect(status, out + err).toBe(0);
    expect(out).toMatch(/Tests run: \d{3}, Failures: 0, Errors: 0, Skipped: 0/);
  }, 600_000);
});
