import { certificateSource } from '../../connection/certificate.ts';
import type { TlsMaterialText } from '../../engine/material/tls-material.ts';
import type { ResolvedSettings } from '../../settings/resolve.ts';
import type { SetPaths } from './store/layout.ts';

/** The certificate in the settings, as a worker uses it. */
export interface ConfiguredCertificate {
  readonly source: string;
  /** Absolute; undefined for an inline certificate. */
  readonly paths?: SetPaths | undefined;
  /** Rejects with a KnownError if a file cannot be read. */
  readonly read: () => Promise<TlsMaterialText>;
}

/** The certificate in the settings; undefined if it is missing or incomplete. */
export function configuredCertificate(settings: ResolvedSettings): ConfiguredCertificate | undefined {
  const certificate = certificateSource({ settings, problems: [] });
  if (certificate.kind !== 'given') return undefined;
  const { source, read, paths: { cert, key, ca } = {} } = certificate;
  const isInFiles = cert !== undefined && key !== undefined && ca !== undefined;
  return { source, read, paths: isInFiles ? { cert, key, ca } : undefined };
}
