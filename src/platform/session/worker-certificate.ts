import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../files/write.ts';
import { KnownError } from '../../base/errors.ts';
import { createKuFlowClient } from '../../kuflow/client.ts';
import type { PlatformState } from '../state/running-state.ts';
import { resolveSettings, type SettingsResult } from '../../settings/precedence.ts';

/**
 * The environment variables that override a certificate or namespace of another KuFlow in the project's files, which
 * `kuflow credentials pull` writes. The platform's certificate is passed in the same form, as paths or as text, because otherwise the files
 * would take precedence. Empty if the files have neither. Certificate and key are written to `folder` (absolute), readable by this user only.
 */
export async function workerCertificateEnvironment(
  state: PlatformState,
  project: string,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  const files = await resolveSettings({ env: {}, files: { dir: project }, cwd: project, required: [] });
  const paths = isSetInFiles(files, /^temporal\.mutual-tls\.(cert|key|ca)$/);
  const inline = isSetInFiles(files, /^temporal\.mutual-tls\.(cert|key|ca)-data$/);
  const serverName = isSetInFiles(files, /^temporal\.mutual-tls\.server-name$/);
  const namespace = paths || inline || isSetInFiles(files, /^temporal\.namespace$/);
  return {
    ...(namespace && { TEMPORAL_NAMESPACE: state.namespace }),
    ...(serverName && { TEMPORAL_MUTUALTLS_SERVERNAME: state.endpoints.engine.replace(/:\d+$/, '') }),
    ...((paths || inline) && (await certificateVariables(state, inline ? undefined : folder))),
  };
}

function isSetInFiles({ settings, problems }: SettingsResult, name: RegExp): boolean {
  const sources = Object.entries(settings).map(([key, { source }]) => ({ key, source }));
  return [...sources, ...problems].some(({ key, source }) => name.test(key) && source?.kind === 'file');
}

/** Writes the certificate to files in `folder`; without a folder, puts its text into the variables. */
async function certificateVariables(state: PlatformState, folder: string | undefined) {
  const { id: clientId, secret: clientSecret } = state.application;
  const client = createKuFlowClient({ endpoint: state.loopback.http, credentials: { clientId, clientSecret } });
  try {
    const { engineCertificate } = await client.createAuthentication({
      type: 'ENGINE_CERTIFICATE',
      tenantId: state.tenantId,
    });
    if (engineCertificate === undefined)
      throw new KnownError({ message: 'The local KuFlow did not return an engine certificate' });
    const { clientCertificate: cert, clientPrivateKey: key, serverRootCaCertificate: ca } = engineCertificate.tls;
    const variables: Record<string, string> = {};
    if (folder !== undefined) await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const [part, text] of Object.entries({ cert, key, ca })) {
      const name = `TEMPORAL_MUTUALTLS_${part.toUpperCase()}`;
      if (folder === undefined) variables[`${name}DATA`] = text;
      else {
        const path = join(folder, `${part}.pem`);
        await replaceFile(path, text);
        variables[name] = path;
      }
    }
    return variables;
  } finally {
    await client.close();
  }
}
