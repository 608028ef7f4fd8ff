import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { escapeForTerminal } from '../../base/escape.ts';
import { withContext } from '../../base/system-error.ts';
import type { CommandContext } from '../../cli/context.ts';
import { requireRunningPlatform } from '../../cli/local-kuflow.ts';
import type { DevFlags } from '../../cli/platform-options.ts';
import { findLocalProcessId } from '../../cli/with-kuflow.ts';
import { createKuFlowClient } from '../../kuflow/client.ts';
import { isIdOrLatest } from '../../kuflow/find-id.ts';
import type { PlatformState } from '../../platform/state/running-state.ts';
import { escapeJsonForTerminal } from '../../terminal/terminal.ts';

export async function runHistory(
  id: string,
  flags: DevFlags & { readonly output?: string; readonly encrypted?: boolean },
  context: CommandContext,
): Promise<void> {
  const running = await requireRunningPlatform({ cwd: context.cwd, stateDir: flags.stateDir }, context);
  // The ID of a process as in other commands, or of a workflow that is not that of a process.
  const workflowId = isIdOrLatest(id) ? await findLocalProcessId(running, id, context) : id;
  const { json: history, wasEncrypted } = await readHistory(running, workflowId, flags.encrypted === true);
  if (wasEncrypted)
    context.terminal.err.line(
      'The process is confidential, but this history is decrypted. Pass --encrypted for the stored form',
    );
  if (flags.output === undefined) context.terminal.out.line(escapeJsonForTerminal(history));
  else {
    const path = resolve(context.cwd, flags.output);
    await withContext('Writing the history', path, () => writeFile(path, `${history}\n`));
    context.terminal.err.line(
      `Wrote the history of ${escapeForTerminal(workflowId)} to ${escapeForTerminal(flags.output, 1000)}`,
    );
  }
}

/**
 * The history of a workflow as JSON, as the engine stores it or decrypted. `wasEncrypted`: whether anything was decrypted. Rejects with KnownError if
 * the workflow does not exist, and if a payload cannot be decrypted.
 */
async function readHistory(
  state: PlatformState,
  workflowId: string,
  isStoredForm: boolean,
): Promise<{ readonly json: string; readonly wasEncrypted: boolean }> {
  const { id: clientId, secret: clientSecret } = state.application;
  const client = createKuFlowClient({ endpoint: state.loopback.http, credentials: { clientId, clientSecret } });
  const keys = new Map<string, Promise<Uint8Array>>();
  const readKey = async (keyId: string): Promise<Uint8Array> => {
    const { body } = await client.call('retrieveKmsKey', { path: { keyId } });
    return Buffer.from(body.value, 'base64');
  };
  // The other commands do not need Temporal's client.
  const { createProcessEngine } = await import('../../platform/temporal/workflows.ts');
  const engine = await createProcessEngine({
    address: state.endpoints.temporal,
    namespace: state.namespace,
    readKey: (keyId) => {
      const key = keys.get(keyId) ?? readKey(keyId);
      keys.set(keyId, key);
      return key;
    },
  });
  try {
    if (isStoredForm) return { json: await engine.fetchHistory(workflowId), wasEncrypted: false };
    return await engine.fetchClearHistory(workflowId);
  } finally {
    await engine.close();
    await client.close();
  }
}
