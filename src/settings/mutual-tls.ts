import type { SettingName } from './keys.ts';
import type { Layer, SettingProblem, Source } from './sources.ts';
import { sourceText } from './sources.ts';

const FILES = ['temporal.mutual-tls.cert', 'temporal.mutual-tls.key', 'temporal.mutual-tls.ca'] as const;
const DATA = ['temporal.mutual-tls.cert-data', 'temporal.mutual-tls.key-data', 'temporal.mutual-tls.ca-data'] as const;

/**
 * What KuFlow's own libraries ask of a given certificate: all three parts, either as files or inline. The namespace must be
 * given then, since no engine certificate is requested that would name it.
 */
export function mutualTlsProblems(layers: readonly Layer[]): readonly SettingProblem[] {
  const sourceOf = (name: SettingName): Source | undefined =>
    layers.map((layer) => layer.entries.get(name)?.source).find((source) => source !== undefined);
  const files = FILES.map(sourceOf).find((source) => source !== undefined);
  const data = DATA.map(sourceOf).find((source) => source !== undefined);
  const problems: SettingProblem[] = [];
  if (files !== undefined && data !== undefined) {
    problems.push({
      key: 'temporal.mutual-tls',
      code: 'conflict',
      source: data,
      expected: `files (cert, key, ca) or inline PEM (cert-data, key-data, ca-data), not both; files are named by ${sourceText(files)}`,
    });
  }
  for (const [names, given] of [
    [FILES, files],
    [DATA, data],
  ] as const) {
    const absent = names
      .filter((name) => sourceOf(name) === undefined)
      .map((name) => name.slice('temporal.mutual-tls.'.length));
    if (given === undefined || absent.length === 0) continue;
    problems.push({
      key: names[0],
      code: 'missing',
      source: given,
      expected: `a whole set: ${absent.join(' and ')} ${absent.length === 1 ? 'is' : 'are'} required`,
    });
  }
  if ((files ?? data) !== undefined && sourceOf('temporal.namespace') === undefined) {
    problems.push({
      key: 'temporal.namespace',
      code: 'missing',
      expected:
        'namespace, as TEMPORAL_NAMESPACE or in the files: with temporal.mutual-tls no certificate is requested that names it',
    });
  }
  return problems;
}
