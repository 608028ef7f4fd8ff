import { isoTime, type Clock } from '../../../base/clock.ts';
import { amendError } from '../../../base/errors.ts';
import { SystemError, withContext } from '../../../base/system-error.ts';
import type { IssuedMaterial, IssuedToken } from '../../../diagnostics/input.ts';
import type { FileSystem } from '../../../files/node-file-system.ts';
import { LOCAL_SETTINGS_FILE } from '../../../settings/keys.ts';
import { rejectedMaterialError, verifyMaterial, verifyToken } from '../verify-certificate-and-token.ts';
import type { CredentialSet, EngineScope } from '../credential-set.ts';
import { assessSet, type Staleness } from './staleness.ts';
import {
  newSetId,
  storeLayout,
  type StoreLayout,
  createSetRecord,
  listSets,
  readSet,
  writeSet,
  type SetRecord,
} from './sets.ts';
import { withStoreLock } from './lock.ts';
import {
  editSettings,
  pointerSettings,
  readPointers,
  replaceLocalSettings,
  requireReplaceable,
  settingTexts,
  shadowWarnings,
  type Pointers,
  type SettingTexts,
} from './settings-file.ts';
import type { Environment } from '../../../settings/environment.ts';

/** A stored token that expires sooner than this is replaced. */
const SHORTEST_TOKEN_LIFE_MS = 60_000;

export interface PullSetRequest extends EngineScope {
  /** Absolute path of the folder with the application files. */
  readonly project: string;
  readonly env: Environment;
  /** Requests a new set even if the stored one is usable, and replaces pointers to other files. */
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly requestMaterial: () => Promise<IssuedMaterial>;
  /** If absent, no token is requested. */
  readonly requestToken?: (() => Promise<IssuedToken>) | undefined;
  /** Settings of the connection to write with the set, for a KuFlow that the application files do not name otherwise. */
  readonly connection?: SettingTexts | undefined;
  /** Whether the token is stored with the certificate. */
  readonly keepToken: boolean;
  /**
   * Tests the set against the engine, and resolves to how the engine accepted it; rejects with a KnownError if it does
   * not. If absent, the set is not tested.
   */
  readonly prove?: ((set: CredentialSet) => Promise<string>) | undefined;
  readonly files: FileSystem;
  readonly clock: Clock;
  /** Called with what is done next, as the title of a step. */
  readonly report?: (title: string) => void;
  readonly signal?: AbortSignal;
}

interface StoredOutcome {
  /** Absolute. */
  readonly store: string;
  readonly record: SetRecord;
}

/** `would-pull`: nothing was requested or written. */
export type PullResult = {
  /** Why the stored set is not used. */
  readonly because: readonly Staleness[];
  /** The settings that were, or would be, changed. */
  readonly keys: readonly string[];
  readonly warnings: readonly string[];
} & (
  | { readonly kind: 'would-pull' }
  | ({ readonly kind: 'unchanged' } & StoredOutcome)
  | ({
      readonly kind: 'pulled';
      readonly proof?: string | undefined;
      /** Other sets in the store, including the previous one. */
      readonly kept: readonly string[];
    } & StoredOutcome)
);

/**
 * Ensures that the project has a usable set; requests nothing if the stored one is usable. A new set is verified,
 * tested against the engine, written into a new folder, and put into use by one rename of `application-local.yaml`. If
 * anything fails before that rename, nothing has changed. Rejects with a KnownError.
 */
export async function installCredentialSet(request: PullSetRequest): Promise<PullResult> {
  try {
    return await pullIfNeeded(request);
  } catch (error) {
    // Nothing can fail after the switch.
    throw error instanceof SystemError
      ? amendError(error, { next: ['Settings and credentials are unchanged'] })
      : error;
  }
}

async function pullIfNeeded(request: PullSetRequest): Promise<PullResult> {
  const { files, clock, signal, report, env } = request;
  const layout = storeLayout(request.project);
  const warnings = shadowWarnings(env, request.connection);
  const { store } = layout;
  const unchanged = (record: SetRecord): PullResult => {
    return { kind: 'unchanged', because: [], keys: [], store, record, warnings };
  };
  const first = await inspectStore(request, layout);
  if (first.usable !== undefined) return unchanged(first.usable);
  if (request.dryRun) {
    const keys = Object.keys({ ...request.connection, ...pointerSettings(layout, newSetId(clock.now()), '') });
    return { kind: 'would-pull', because: first.because, keys, warnings };
  }
  const waiting = {
    clock,
    signal,
    onWait: (pid: number | undefined) =>
      report?.(`Waiting for another run${pid === undefined ? '' : ` (process ${pid})`}`),
  };
  return await withStoreLock<PullResult>(files, layout, waiting, async () => {
    // Another run may have pulled in the meantime.
    const { usable, because, pointers } = await inspectStore(request, layout);
    if (usable !== undefined) return unchanged(usable);
    const { set, proof } = await requestSet(request);
    signal?.throwIfAborted();
    const id = newSetId(clock.now());
    const record = createSetRecord(set, {
      id,
      pulledAt: isoTime(clock.now()),
      proven: proof !== undefined,
      previous: pointers.to.kind === 'set' ? pointers.to.id : undefined,
    });
    const values = { ...request.connection, ...pointerSettings(layout, id, set.namespace) };
    const text = editSettings(pointers.local.text, values);
    const kept = await withContext('Reading the stored credentials', layout.store, () => listSets(files, layout));
    report?.(`Writing credential set ${id}`);
    await writeSet(files, layout, set, record);
    const notes = await replaceLocalSettings(files, layout, pointers.local, text);
    return {
      kind: 'pulled',
      because,
      keys: listChangedSettings(pointers, values),
      kept,
      ...{ store, record },
      warnings: [...warnings, ...notes],
      proof,
    };
  });
}

/** `usable`: the record of the set in use, if it can stay in use. */
function inspectStore(request: PullSetRequest, layout: StoreLayout) {
  const { files, force, clock, env } = request;
  return withContext('Reading the stored credentials', layout.project, async () => {
    const pointers = await readPointers(files, layout);
    requireReplaceable(pointers, env, force);
    const stored = pointers.to.kind === 'set' ? await readSet(files, layout, pointers.to.id) : undefined;
    const assessed = assessSet(stored, { ...request, namespace: pointers.namespace }, clock.now());
    const { record } = assessed;
    const stale = [...assessed.stale, ...findMissingConnection(pointers, request.connection)];
    const hasToken = Date.parse(record?.token?.expiresAt ?? '') > clock.now() + SHORTEST_TOKEN_LIFE_MS;
    const isUsable = stale.length === 0 && !force && (!request.keepToken || hasToken);
    return { pointers, because: stale, usable: isUsable ? record : undefined };
  });
}

function findMissingConnection({ local }: Pointers, connection: SettingTexts = {}): readonly Staleness[] {
  const names = Object.keys(connection) as (keyof SettingTexts)[];
  const written = settingTexts(local.text ?? '', names);
  if (names.every((name) => written[name] === connection[name])) return [];
  return [
    {
      reason: 'connection',
      text:
        local.text === undefined
          ? `${LOCAL_SETTINGS_FILE} does not exist yet`
          : `${LOCAL_SETTINGS_FILE} has other settings for the connection`,
    },
  ];
}

async function requestSet(
  request: PullSetRequest,
): Promise<{ readonly set: CredentialSet; readonly proof?: string | undefined }> {
  const { report, clock, endpoint, principal, tenantId, target, serverName, requestToken } = request;
  // The token first: no certificate is issued for nothing.
  if (requestToken !== undefined) report?.('Requesting an engine token from KuFlow');
  const token = requestToken && verifyToken(await requestToken(), clock.now());
  report?.('Requesting an engine certificate from KuFlow');
  const verdict = verifyMaterial(await request.requestMaterial(), clock.now());
  if (!verdict.ok) throw rejectedMaterialError(verdict.problems);
  const withToken = { endpoint, principal, tenantId, target, serverName, ...verdict.verified, token };
  const set = request.keepToken ? withToken : { ...withToken, token: undefined };
  if (request.prove === undefined) return { set };
  report?.(`Testing the certificate against the engine at ${target}`);
  return { set, proof: await request.prove(withToken) };
}

function listChangedSettings({ local }: Pointers, values: SettingTexts): readonly string[] {
  const names = Object.keys(values) as (keyof SettingTexts)[];
  const before = settingTexts(local.text ?? '', names, LOCAL_SETTINGS_FILE);
  return names.filter((name) => before[name] !== values[name]);
}
