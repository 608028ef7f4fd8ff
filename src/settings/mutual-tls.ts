import type { SettingName } from './keys.ts';
import type { Layer, SettingProblem, Source } from './sources.ts';
import { formatSource } from './sources.ts';

const FILES = ['temporal.mutual-tls.cert', 'temporal.mutual-tls.key', 'temporal.mutual-tls.ca'] as const;
const DATA = ['temporal.mutual-tls.cert-data', 'temporal.mutual-tls.key-data', 'temporal.mutual-tls.ca-data'] as const;

/**
 * Problems with a certificate in the settings. Like KuFlow's own libraries, it needs all three parts, either as files or
 * inline, and the namespace: without an engine certificate from KuFlow, nothing else names it.
 */
export function mutualTlsProblems(layers: readonly Layer[]): readonly SettingProblem[] {
  const findSource = (name: SettingName): Source | undefined =>
    layers.map((layer) => layer.entries.get(name)?.source).find((source) => source !== undefined);
  const files = FILES.map(findSource).find((source) => source !== undefined);
  const data = DATA.map(findSource).find((source) => source !== undefined);
  const problems: SettingProblem[] = [];
  if (files !== undefined && data !== undefined) {
    problems.push({
      key: 'temporal.mutual-tls',
      code: 'conflict',
      source: data,
      problem: `files (cert, key, ca) and inline PEM (cert-data, key-data, ca-data) can't be combined; ${formatSource(files)} sets files`,
    });
  }
  for (const [names, source] of [
    [FILES, files],
    [DATA, data],
  ] as const) {
    const absent = names
      .filter((name) => findSource(name) === undefined)
      .map((name) => name.slice('temporal.mutual-tls.'.length));
    if (source === undefined || absent.length === 0) continue;
    problems.push({
      key: names[0],
      code: 'missing',
      source,
      problem: `incomplete; ${absent.join(' and ')} ${absent.length === 1 ? 'is' : 'are'} also required`,
    });
  }
  if ((files ?? data) !== undefined && findSource('temporal.namespace') === undefined) {
    problems.push({
      key: 'temporal.namespace',
      code: 'missing',
      problem:
        'missing namespace, which is required with temporal.mutual-tls; set TEMPORAL_NAMESPACE, or add temporal.namespace to a settings file',
    });
  }
  return problems;
}
