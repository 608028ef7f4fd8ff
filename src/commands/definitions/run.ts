import { escapeForTerminal } from '../../base/escape.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import { resolveConnection, requireConnection, type RestConnection } from '../../connection/resolve-connection.ts';
import { printDiscoveredProcess, printProcessListing, discoveryLineReporter } from '../../discovery/view.ts';
import { discoverFromApi, listFromApi } from '../../discovery/from-api.ts';
import { askForSample } from '../../discovery/sampling.ts';
import { requireServedCode } from '../../platform/client/kuflow-session.ts';
import { connectionContext } from '../../cli/connection-options.ts';
import { localKuFlow } from '../../cli/local-kuflow.ts';
import type { CommandContext } from '../../cli/context.ts';
import { openPromptsIfAllowed } from '../../cli/prompts.ts';

interface DefinitionsFlags extends ConnectionFlags {
  readonly json?: boolean;
  readonly local?: boolean;
  readonly sample?: number;
}

/**
 * `kuflow definitions list`. With `--json`:
 * `{ definitions: [{ code, id, tenant, version, versions, seen }], processes: { seen, total }, complete, requests }`.
 * Exit status 0, even if the list is empty.
 */
export async function runList(flags: DefinitionsFlags, context: CommandContext): Promise<void> {
  const signal = context.interruption();
  const rest = await openConnection(flags, context);
  const listing = await listFromApi(rest, discoveryLineReporter(context.terminal), signal);
  if (flags.json === true) context.terminal.out.json(listing);
  else printProcessListing(context.terminal, listing);
}

/**
 * `kuflow definitions show <code>`. With `--json`:
 * `{ definition: { process, metadata?, entity?, tasks }, missing: [path], notes: [sentence], evidence }`, `definition` as in
 * kuflow.process.yaml but without the workflow, `evidence` as in `DiscoveryEvidence`.
 * Exit status: 0 shown, 1 no such process or not allowed, 4 nothing visible (either no process exists or the application lacks a role).
 */
export async function runShow(code: string, flags: DefinitionsFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const signal = context.interruption();
  const rest = await openConnection(flags, context, code);
  const ask = await openPromptsIfAllowed(flags, context);
  const discovered = await discoverFromApi({
    rest,
    code,
    sample: await askForSample(flags.sample, ask),
    report: discoveryLineReporter(terminal),
    signal,
  });
  if (flags.json === true) {
    const { definition, missing, notes, evidence } = discovered;
    terminal.out.json({ definition, missing, notes, evidence });
  } else printDiscoveredProcess(terminal, discovered);
}

/** Rejects with a usage error if the local KuFlow is used and does not serve `code`. */
async function openConnection(
  flags: DefinitionsFlags,
  context: CommandContext,
  code?: string,
): Promise<RestConnection> {
  const local = localKuFlow(flags, context);
  const resolved = await resolveConnection(flags, { ...connectionContext(context), local });
  const connection = await requireConnection(resolved);
  for (const warning of connection.warnings) context.terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
  if (code !== undefined && resolved.local !== undefined) requireServedCode(resolved.local.codes, code);
  return await connection.rest();
}
