import { LOCAL_SETTINGS_FILE } from '../../../settings/keys.ts';
import type { Clock } from '../../../base/clock.ts';
import type { CredentialSet, CredentialToken } from '../set.ts';
import { assessSet, type Staleness } from './assess.ts';
import { createCredentialSet, type EngineScope } from '../material/make-set.ts';
import { newSetId, storeLayout, type StoreLayout } from './layout.ts';
import { pointerSettings, readPointers, requireReplaceable, shadowWarnings, type Pointers } from './pointers.ts';
import { createSetRecord, type SetRecord } from './set-record.ts';
import { editSettings, settingTexts } from './settings-edit.ts';
import { replaceLocalSettings } from './settings-file.ts';
import { withContext } from '../../../base/system-error.ts';
import { checkReplaceable } from './before-switch.ts';
import type { StoreFiles } from '../../../files/file-system.ts';
import { withStoreLock } from './lock.ts';
import { listSets, readSet, writeSet, type StoredSet } from './sets.ts';
import {
  rejectedMaterialError,
  verifyMaterial,
  verifyToken,
  type UnverifiedMaterial,
  type UnverifiedToken,
} from '../material.ts';

export type PullEvent =
  | { readonly kind: 'waiting'; readonly pid?: number }
  | { readonly kind: 'requesting'; readonly what: 'engine certificate' | 'engine token' }
  | { readonly kind: 'proving'; readonly target: string }
  | { readonly kind: 'writing'; readonly id: string };

/** How the engine took a set that is not on the disk yet: one sentence. */
export interface EngineProof {
  readonly summary: string;
}

export interface PullRequest extends EngineScope {
  /** Absolute folder with the application files. */
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks for a new set though the one on the disk is fine, and lets go of pointers to other files. */
  readonly force: boolean;
  /** Says what would be done. */
  readonly dryRun: boolean;
  readonly requestMaterial: () => Promise<UnverifiedMaterial>;
  /** Absent: no token is asked for. */
  readonly requestToken?: () => Promise<UnverifiedToken>;
  /** Whether the token is written beside the certificate. */
  readonly keepToken: boolean;
  /** Shows the set to the engine and rejects with a KnownError when it is not taken; absent: offline. */
  readonly prove?: (set: CredentialSet) => Promise<EngineProof>;
  readonly files: StoreFiles;
  readonly clock: Clock;
  readonly report?: (event: PullEvent) => void;
  readonly signal?: AbortSignal;
}

const TOKEN_LEFT = 60_000;

interface Outcome {
  /** Absolute. */
  readonly store: string;
  readonly record: SetRecord;
  readonly warnings: readonly string[];
}

/** `would-pull`: nothing was asked and nothing written. `keys` are the settings that are, or would be, changed. */
export type PullResult =
  | ({ readonly kind: 'unchanged' } & Outcome)
  | {
      readonly kind: 'would-pull';
      readonly because: readonly Staleness[];
      readonly keys: readonly string[];
      readonly warnings: readonly string[];
    }
  | ({
      readonly kind: 'pulled';
      readonly because: readonly Staleness[];
      readonly keys: readonly string[];
      readonly proof?: EngineProof;
      /** Other sets that stay, the one before included. */
      readonly kept: readonly string[];
    } & Outcome);

/**
 * Sees to it that the project has a usable set: nothing is asked when the one on the disk is fine. A new one is checked, shown to the
 * engine, written into a folder of its own, and taken into use by one rename of `application-local.yaml`. Until then nothing is changed,
 * whatever fails. Rejects with a KnownError.
 */
export async function installCredentialSet(request: PullRequest): Promise<PullResult> {
  try {
    return await lookAndPull(request);
  } catch (error) {
    // The switch is the last thing that can fail.
    throw checkReplaceable(error);
  }
}

async function lookAndPull(request: PullRequest): Promise<PullResult> {
  const { files, clock, signal, report, env } = request;
  const layout = storeLayout(request.project);
  const warnings = shadowWarnings(env);
  const first = await look(request, layout);
  if (first.unchanged !== undefined)
    return { kind: 'unchanged', store: layout.store, record: first.unchanged, warnings };
  if (request.dryRun) {
    const keys = Object.keys(pointerSettings(layout, newSetId(clock.now()), ''));
    return { kind: 'would-pull', because: first.because, keys, warnings };
  }
  const waiting = {
    clock,
    ...(signal && { signal }),
    onWait: (pid: number | undefined) => report?.({ kind: 'waiting', ...(pid !== undefined && { pid }) }),
  };
  return await withStoreLock<PullResult>(files, layout, waiting, async () => {
    // Somebody else may have pulled since.
    const { unchanged, because, pointers } = await look(request, layout);
    if (unchanged !== undefined) return { kind: 'unchanged', store: layout.store, record: unchanged, warnings };
    const { set, proof } = await obtain(request);
    signal?.throwIfAborted();
    const id = newSetId(clock.now());
    const record = createSetRecord(set, {
      id,
      pulledAt: clock.now(),
      proven: proof !== undefined,
      ...(pointers.to.kind === 'set' && { previous: pointers.to.id }),
    });
    const values = pointerSettings(layout, id, set.namespace);
    const text = editSettings(pointers.local.text, values);
    const kept = await withContext('Looking at the credentials here', layout.store, () => listSets(files, layout));
    report?.({ kind: 'writing', id });
    await writeSet(files, layout, set, record);
    const notes = await replaceLocalSettings(files, layout, pointers.local, text);
    const keys = changedKeys(pointers, values);
    return {
      ...{ kind: 'pulled', because, keys, kept, store: layout.store, record, warnings: [...warnings, ...notes] },
      ...(proof !== undefined && { proof }),
    };
  });
}

interface Look {
  readonly pointers: Pointers;
  readonly because: readonly Staleness[];
  readonly unchanged?: SetRecord;
}

async function look(request: PullRequest, layout: StoreLayout): Promise<Look> {
  return await withContext('Looking at the credentials here', layout.project, () => lookAt(request, layout));
}

async function lookAt(request: PullRequest, layout: StoreLayout): Promise<Look> {
  const { files, force, clock, env } = request;
  const pointers = await readPointers(files, layout);
  requireReplaceable(pointers, env, force);
  const stored: StoredSet | undefined =
    pointers.to.kind === 'set' ? await readSet(files, layout, pointers.to.id) : undefined;
  const wanted = { ...request, ...(pointers.namespace !== undefined && { namespace: pointers.namespace }) };
  const { record, stale } = assessSet(stored, wanted, clock.now());
  // A set without a token, or with one that is over soon, is no answer to somebody who wants one.
  const tokenDoes = !request.keepToken || (record?.tokenExpiresAt ?? 0) > clock.now() + TOKEN_LEFT;
  const fine = stale.length === 0 && record !== undefined && !force && tokenDoes;
  return { pointers, because: stale, ...(fine && { unchanged: record }) };
}

async function obtain(request: PullRequest): Promise<{ readonly set: CredentialSet; readonly proof?: EngineProof }> {
  const { report, clock, target } = request;
  report?.({ kind: 'requesting', what: 'engine certificate' });
  const verdict = verifyMaterial(await request.requestMaterial(), clock.now());
  if (!verdict.ok) throw rejectedMaterialError(verdict.problems);
  const token = await obtainToken(request);
  const whole = createCredentialSet(request, verdict.verified, token);
  const set = request.keepToken ? whole : createCredentialSet(request, verdict.verified);
  if (request.prove === undefined) return { set };
  report?.({ kind: 'proving', target });
  return { set, proof: await request.prove(whole) };
}

async function obtainToken(request: PullRequest): Promise<CredentialToken | undefined> {
  if (request.requestToken === undefined) return undefined;
  request.report?.({ kind: 'requesting', what: 'engine token' });
  return verifyToken(await request.requestToken(), request.clock.now());
}

function changedKeys({ local }: Pointers, values: ReturnType<typeof pointerSettings>): readonly string[] {
  const names = Object.keys(values) as (keyof typeof values)[];
  const before = settingTexts(local.text ?? '', names, LOCAL_SETTINGS_FILE);
  return names.filter((name) => before[name] !== values[name]);
}
