import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../../scripts/bundle.mjs';
import { FORMAT_NAMES } from '../../../src/commands/credentials/formats/format.ts';
import { formatJson } from '../../../src/commands/credentials/formats/json.ts';
import { formatSecretManifest } from '../../../src/commands/credentials/formats/secret-manifest.ts';
import { SETTING_KEYS } from '../../../src/settings/keys.ts';
import { credentialSet, withToken } from '../../support/credential-set.ts';

const page = readFileSync(join(ROOT, 'docs', 'explanation', 'credentials.md'), 'utf8');
const guide = readFileSync(join(ROOT, 'docs', 'how-to', 'deploy-credentials.md'), 'utf8');
const rowOf = (format: string): string => page.split('\n').find((line) => line.startsWith(`| \`${format}\` |`)) ?? '';
const namesIn = (text: string): readonly string[] => [...text.matchAll(/`([\w.-]+)`/g)].map(([, name = '']) => name);

describe('the pages about credentials', () => {
  it('list every format, with the keys that it writes', async () => {
    for (const format of FORMAT_NAMES) expect(rowOf(format), format).not.toBe('');
    const set = withToken({ ...(await credentialSet()), tenantId: 't', serverName: 's' });
    const input = { set, name: 'x', profile: 'default' };
    const keys = Object.keys(JSON.parse(formatJson(input).text.reveal()) as object);
    expect(
      namesIn(rowOf('json'))
        .filter((name) => name !== 'json')
        .sort(),
    ).toEqual([...keys].sort());
    const { stringData } = parse(formatSecretManifest(input).text.reveal()) as { stringData: object };
    expect(
      namesIn(rowOf('k8s-secret'))
        .filter((name) => name !== 'k8s-secret')
        .sort(),
    ).toEqual(Object.keys(stringData).sort());
  });

  it('have examples that Kubernetes accepts, with variables that a worker reads', () => {
    const manifest = parse(/```yaml\n(apiVersion[^]*?)```/.exec(guide)?.[1] ?? '') as ConstructorParameters<
      typeof Deployment
    >[0];
    // The image is not in the example, because the generated file has it.
    const containers = manifest?.spec?.template.spec?.containers.map((container) => ({ ...container, image: 'x' }));
    new Deployment(manifest).validate();
    expect(containers).toHaveLength(1);
    const known = SETTING_KEYS.flatMap(({ env, fileEnv }) => [env, ...(fileEnv === undefined ? [] : [fileEnv])]);
    const used = [...guide.matchAll(/\b((?:TEMPORAL_MUTUALTLS|KUFLOW_API)_[A-Z_]*[A-Z])\b/g)].map(
      ([, name = '']) => name,
    );
    expect(used.length).toBeGreaterThan(12);
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });
});
