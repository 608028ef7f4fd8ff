import type { ConfiguredCertificate } from './store/status.ts';
import { certificateSource } from '../../connection/certificate.ts';
import type { ResolvedSettings } from '../../settings/resolve.ts';

/** The certificate of the settings, as a worker takes it; undefined when they give none, or no whole one. */
export function configuredCertificate(settings: ResolvedSettings): ConfiguredCertificate | undefined {
  const certificate = certificateSource({ settings, problems: [] });
  if (certificate.kind !== 'given') return undefined;
  const { source, form, read } = certificate;
  const [cert, key, ca] = (['cert', 'key', 'ca'] as const).map(
    (name) => settings[`temporal.mutual-tls.${name}`]?.value,
  );
  const isFiles = form === 'files' && cert !== undefined && key !== undefined && ca !== undefined;
  return { source, read, ...(isFiles && { paths: { cert, key, ca } }) };
}
