import type { ConfiguredCertificate } from './store/status.ts';
import { connectionSettings } from '../../connection/inspect.ts';
import type { ResolvedSettings } from '../../settings/resolve.ts';

/** The certificate of the settings, as a worker takes it; undefined when they give none, or no whole one. */
export async function configuredCertificate(settings: ResolvedSettings): Promise<ConfiguredCertificate | undefined> {
  const { material } = await connectionSettings({ settings, problems: [], warnings: [] });
  if (material.kind !== 'given') return undefined;
  const { source, form, read } = material;
  const [cert, key, ca] = (['cert', 'key', 'ca'] as const).map(
    (name) => settings[`temporal.mutual-tls.${name}`]?.value,
  );
  const isFiles = form === 'files' && cert !== undefined && key !== undefined && ca !== undefined;
  return { source, read, ...(isFiles && { paths: { cert, key, ca } }) };
}
