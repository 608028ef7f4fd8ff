import { X509Certificate } from 'node:crypto';
import { codeOf, KnownError, messageOf } from '../base/errors.ts';
import { MIB, readSmallFile } from '../files/read.ts';
import type { Secret } from '../base/secret.ts';
import type { SettingName } from '../settings/keys.ts';
import type { ResolvedSettings, SettingsResult } from '../settings/resolve.ts';
import { sourceText } from '../settings/sources.ts';
import type { TlsMaterialText } from '../engine/material/tls-material.ts';
import type { CertificateSource, SettingFault, Sourced } from './types.ts';

/** The settings that the connectivity check needs. Text in `value` is not judged beyond what `problems` says. */
export interface ConnectionSettings {
  /** What resolving found missing or wrong. */
  readonly problems: readonly SettingFault[];
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
  readonly material: CertificateSource;
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

const REFUSED = { folder: 'EISDIR', special: 'not a regular file', 'too-large': 'larger than 1 MiB' } as const;

async function readText(what: string, path: string): Promise<string> {
  try {
    const content = await readSmallFile(path, MIB);
    if (content.bytes === undefined) throw new Error(REFUSED[content.refused]);
    return content.bytes.toString('utf8');
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

const PARTS = { cert: 'The client certificate', key: 'The private key', ca: 'The CA' } as const;
type Part = keyof typeof PARTS;
const ALL_PARTS = ['cert', 'key', 'ca'] as const satisfies readonly Part[];

/** A part that settings give: where it stands, and how to get at it. */
interface GivenPart {
  readonly source: string;
  readonly path?: string;
  readonly read: () => Promise<string>;
}

function filePart(settings: ResolvedSettings, part: Part): GivenPart | undefined {
  const setting = settings[`temporal.mutual-tls.${part}`];
  if (setting === undefined) return undefined;
  const { value: path } = setting;
  return { source: sourceText(setting.source), path, read: () => readText(PARTS[part], path) };
}

function inlinePart(settings: ResolvedSettings, part: Part): GivenPart | undefined {
  const setting = settings[`temporal.mutual-tls.${part}-data`];
  if (setting === undefined) return undefined;
  const text = typeof setting.value === 'string' ? setting.value : setting.value.reveal();
  return { source: sourceText(setting.source), read: () => Promise.resolve(text) };
}

/** Whether a problem is that of a part of the set, which then is meant to be given. */
const isOfSet = ({ key }: SettingsResult['problems'][number]): boolean =>
  /^temporal\.mutual-tls($|\.(cert|key|ca)(-data)?$)/.test(key);

/** As resolved: files before inline data, a request to KuFlow when neither is given. What is wrong with half a set is a problem of the settings already. */
function materialOrigin({ settings, problems }: SettingsResult): CertificateSource {
  const partly = problems.find(isOfSet);
  for (const [form, partOf] of [
    ['files', filePart],
    ['inline', inlinePart],
  ] as const) {
    const parts = ALL_PARTS.map((part) => [part, partOf(settings, part)] as const);
    const missing = parts.filter(([, given]) => given === undefined).map(([part]) => part);
    const [source] = parts.flatMap(([, given]) => given?.source ?? []);
    if (source === undefined) continue;
    const read = async (): Promise<TlsMaterialText> => {
      const texts = parts.map(async ([part, given]) => [part, (await given?.read()) ?? ''] as const);
      return { cert: '', key: '', ca: '', ...Object.fromEntries(await Promise.all(texts)) };
    };
    const paths = Object.fromEntries(
      parts.flatMap(([part, given]) => (given?.path === undefined ? [] : [[part, given.path]])),
    );
    if (missing.length === 0) return { kind: 'given', source, form, paths, read };
    return { kind: 'incomplete', source, form, paths, missing, read };
  }
  if (partly === undefined) return { kind: 'requested' };
  const empty = { cert: '', key: '', ca: '' };
  const source = partly.source === undefined ? 'settings' : sourceText(partly.source);
  return { kind: 'incomplete', source, missing: ALL_PARTS, read: () => Promise.resolve(empty) };
}

const isApplicationFile = (key: string): boolean => /^application(-local)?\.yaml$/.test(key);

/** What the connectivity check needs of resolved settings; every problem of them is kept, none is thrown. */
export async function connectionSettings(result: SettingsResult): Promise<ConnectionSettings> {
  const { settings, problems } = result;
  const found: SettingFault[] = problems.map(({ key, code, source, expected }) => ({
    key,
    problem: `${code === 'missing' ? 'missing' : 'expected'} ${expected}`,
    ...(source && { source: sourceText(source) }),
    ...(isApplicationFile(key) && { kind: 'file' }),
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
    material: materialOrigin(result),
    ...(clientId && { clientId }),
    ...(clientSecret && { clientSecret }),
    ...(tenantId && { tenantId }),
    ...(ca && { ca }),
    ...(namespace && { namespace }),
    ...(serverName && { serverName }),
    ...(engineProxy && { engineProxy }),
  };
}
