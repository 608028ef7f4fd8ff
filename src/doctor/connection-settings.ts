import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { codeOf, KnownError, messageOf } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { SettingName } from '../settings/keys.ts';
import type { ResolvedSettings, SettingsResult } from '../settings/resolve.ts';
import { sourceText } from '../settings/sources.ts';
import type { MaterialOrigin, SettingProblem, Sourced } from './connection-input.ts';

/** The settings that the connectivity check needs. Text in `value` is not judged beyond what `problems` says. */
export interface ConnectionSettings {
  /** What resolving found missing or wrong. */
  readonly problems: readonly SettingProblem[];
  readonly endpoint: Sourced<string>;
  readonly clientId?: Sourced<string>;
  readonly clientSecret?: Sourced<Secret>;
  readonly tenantId?: Sourced<string>;
  /** PEM text of authorities to trust besides the runtime's own, for REST and for an `https:` proxy. */
  readonly ca?: Sourced<string>;
  /** `host:port` */
  readonly target: Sourced<string>;
  readonly namespace?: Sourced<string>;
  readonly serverName?: Sourced<string>;
  readonly material: MaterialOrigin;
  /** `temporal.proxy`; it may hold a password. */
  readonly engineProxy?: Sourced<Secret>;
}

const NOT_SET: Sourced<string> = { value: '', source: 'not set' };

function sourced<K extends SettingName>(
  settings: ResolvedSettings,
  name: K,
): Sourced<NonNullable<ResolvedSettings[K]>['value']> | undefined {
  const setting = settings[name];
  if (setting === undefined) return undefined;
  return { value: setting.value, source: sourceText(setting.source) };
}

/** Far more than certificates take, and little enough to read whatever was named by mistake. */
const LARGEST = 1024 * 1024;

async function readText(what: string, path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST) throw new Error('larger than 1 MiB');
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new KnownError({
      message: `${what} can't be read`,
      tried: path,
      seen: codeOf(error) ?? messageOf(error),
      next: [`Check that ${path} is there and readable`],
      cause: error,
    });
  }
}

function holdsCertificates(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.length > 0 && blocks.every(canBeParsed);
}

function canBeParsed(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** As resolved: files before inline data, a request to KuFlow when neither is given. Half a set is a problem of the settings already. */
function materialOrigin(settings: ResolvedSettings): MaterialOrigin {
  const [cert, key, ca] = [
    settings['temporal.mutual-tls.cert'],
    settings['temporal.mutual-tls.key'],
    settings['temporal.mutual-tls.ca'],
  ];
  if (cert !== undefined && key !== undefined && ca !== undefined) {
    return {
      kind: 'given',
      source: sourceText(cert.source),
      form: 'files',
      read: async () => ({
        cert: await readText('The client certificate', cert.value),
        key: await readText('The private key', key.value),
        ca: await readText('The CA', ca.value),
      }),
    };
  }
  const [certData, keyData, caData] = [
    settings['temporal.mutual-tls.cert-data'],
    settings['temporal.mutual-tls.key-data'],
    settings['temporal.mutual-tls.ca-data'],
  ];
  if (certData !== undefined && keyData !== undefined && caData !== undefined) {
    const text = { cert: certData.value, key: keyData.value.reveal(), ca: caData.value };
    return { kind: 'given', source: sourceText(certData.source), form: 'inline', read: () => Promise.resolve(text) };
  }
  return { kind: 'requested' };
}

/** What the connectivity check needs of resolved settings; every problem of them is kept, none is thrown. */
export async function connectionSettings({ settings, problems }: SettingsResult): Promise<ConnectionSettings> {
  const found: SettingProblem[] = problems.map(({ key, code, source, expected }) => ({
    key,
    problem: `${code === 'missing' ? 'missing' : 'expected'} ${expected}`,
    ...(source && { source: sourceText(source) }),
  }));
  const caFile = sourced(settings, 'kuflow.api.ca');
  let ca: Sourced<string> | undefined;
  if (caFile !== undefined) {
    try {
      ca = { value: await readText('The CA of the REST API', caFile.value), source: caFile.source };
      // Node takes a text without certificates for an empty list, without a word.
      if (!holdsCertificates(ca.value))
        found.push({
          key: 'kuflow.api.ca',
          problem: `expected certificates in PEM; ${caFile.value} holds none that can be read`,
          source: caFile.source,
        });
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      found.push({ key: 'kuflow.api.ca', problem: `${error.message} (${error.seen ?? ''})`, source: caFile.source });
    }
  }
  const clientId = sourced(settings, 'kuflow.api.client-id');
  const clientSecret = sourced(settings, 'kuflow.api.client-secret');
  const tenantId = sourced(settings, 'kuflow.api.tenant-id');
  const namespace = sourced(settings, 'temporal.namespace');
  const serverName = sourced(settings, 'temporal.mutual-tls.server-name');
  const engineProxy = sourced(settings, 'temporal.proxy');
  return {
    problems: found,
    endpoint: sourced(settings, 'kuflow.api.endpoint') ?? NOT_SET,
    target: sourced(settings, 'temporal.target') ?? NOT_SET,
    material: materialOrigin(settings),
    ...(clientId && { clientId }),
    ...(clientSecret && { clientSecret }),
    ...(tenantId && { tenantId }),
    ...(ca && { ca }),
    ...(namespace && { namespace }),
    ...(serverName && { serverName }),
    ...(engineProxy && { engineProxy }),
  };
}
