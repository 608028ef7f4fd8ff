import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { installedBin } from '../support/generated-project.ts';
import { installedNode } from '../../scripts/installed-node.mjs';

const isAppleSilicon = process.platform === 'darwin' && process.arch === 'arm64';

describe('an unsupported Node.js', () => {
  for (const [version, hasAppleBuild] of [
    ['12.22.12', false],
    ['14.21.3', false],
    ['18.20.8', true],
  ] as const) {
    const reason = isAppleSilicon && !hasAppleBuild ? ' (skipped: no build for Apple silicon)' : '';
    it.skipIf(reason !== '')(`${version} gets one line with the needed version and status 2${reason}`, async () => {
      const node = await installedNode(version);
      for (const bin of ['create-kuflow-worker', 'kuflow'] as const) {
        const { status, stdout, stderr } = spawnSync(node, [installedBin(bin), '--version'], { encoding: 'utf8' });
        expect({ status, stdout, stderr }).toEqual({
          status: 2,
          stdout: '',
          stderr: `${bin} needs Node.js 20.19+ or 22.3+, but this is Node.js ${version}. Get a newer version from https://nodejs.org\n`,
        });
      }
    });
  }
});
