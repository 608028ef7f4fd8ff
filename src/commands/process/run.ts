import { systemClock } from '../../base/clock.ts';
import { usageError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import type { CommandContext } from '../../cli/context.ts';
import { findProcessId, withLocalUser } from '../../cli/local-user.ts';
import { parseState, type ActingFlags, type LocalUserFlags } from '../../cli/local-user-options.ts';
import type { Process } from '../../kuflow/contract/processes.ts';
import { exampleMetadata, missingShapeError } from '../../platform/client/examples.ts';
import { prepareGivenData } from '../../platform/client/given-data.ts';
import { onlyServedCode, type LocalUserSession } from '../../platform/client/local-user.ts';
import { withRealReferences } from '../../platform/client/references.ts';
import { readTimeline } from '../../platform/rest/dev-client.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import { printCanceledProcess, printProcess, printProcesses, printStartedProcess, toProcessSummary } from './view.ts';

export interface ProcessListFlags extends LocalUserFlags {
  readonly state?: readonly string[];
  readonly limit: number;
}

export interface ProcessChangeFlags extends LocalUserFlags, ActingFlags {}

export interface ProcessStartFlags extends ProcessChangeFlags {
  readonly metadata?: string;
  readonly set?: readonly string[];
  readonly fake?: boolean;
  readonly allowInvalid?: boolean;
  readonly wait?: boolean;
}

const POLL_MS = 200;

/** `kuflow process start`. With `--json`: `{ process }`, as KuFlow's API returns it. Exit status 1 if `--wait` sees it canceled. */
export async function runProcessStart(
  code: string | undefined,
  flags: ProcessStartFlags,
  context: CommandContext,
): Promise<void> {
  if (flags.fake === true && (flags.metadata !== undefined || flags.set !== undefined))
    throw usageError('--fake cannot be combined with --metadata or --set');
  const { terminal } = context;
  await withLocalUser(flags, context, async (session) => {
    const { user, state } = session;
    const chosen = code ?? onlyServedCode(state.processes);
    const definition = await session.findDefinition(chosen);
    const metadata = await newMetadata(session, chosen, definition, flags, context);
    const { resource } = await user.createProcess({
      processDefinitionCode: chosen,
      tenantId: state.tenantId,
      ...(metadata === undefined ? {} : { metadata: { value: { ...metadata } } }),
    });
    if (flags.json !== true) printStartedProcess(terminal, resource);
    const process = flags.wait === true ? await waitForEnd(session, resource.id, context.interruption()) : resource;
    if (flags.json === true) terminal.out.line(stringifyForTerminal({ process }));
    else if (flags.wait === true) terminal.err.line(`The process is ${process.state}`);
    if (flags.wait === true && process.state !== 'COMPLETED') context.setStatus(1);
  });
}

async function newMetadata(
  { user, state }: LocalUserSession,
  code: string,
  definition: ProcessDefinition | undefined,
  flags: ProcessStartFlags,
  context: CommandContext,
): Promise<JsonObject | undefined> {
  const where = `the metadata of ${code}`;
  const shape = definition?.metadata;
  if (flags.fake === true) {
    if (definition === undefined) throw missingShapeError(where, '--metadata <file>');
    if (shape === undefined) return undefined;
    const example = exampleMetadata(shape);
    if (example === undefined)
      throw usageError(`No valid example of ${where} could be generated`, ['Pass it with --metadata <file>']);
    return await withRealReferences(example, { user, state });
  }
  return await prepareGivenData(
    { file: flags.metadata, assignments: flags.set, allowInvalid: flags.allowInvalid },
    { where, shape, existing: {}, access: { user, state } },
    { cwd: context.cwd, stdin: context.terminal.prompts.input },
  );
}

async function waitForEnd({ user }: LocalUserSession, id: string, signal: AbortSignal): Promise<Process> {
  for (;;) {
    const process = await user.retrieveProcess(id);
    if (process.state !== 'RUNNING') return process;
    await systemClock.sleep(POLL_MS, signal);
  }
}

/** `kuflow process list`. With `--json`: `{ processes: [{ id, code, state, initiatorId?, createdAt? }] }`, the newest first. */
export async function runProcessList(
  code: string | undefined,
  flags: ProcessListFlags,
  context: CommandContext,
): Promise<void> {
  const states = flags.state?.map((text) => parseState(text, 'process'));
  await withLocalUser(flags, context, async ({ user }) => {
    const page = await user.findProcesses({
      sort: ['createdAt,desc'],
      size: flags.limit,
      ...(states === undefined ? {} : { state: states }),
      ...(code === undefined ? {} : { processDefinitionCode: [code] }),
    });
    const processes = page.content.map(toProcessSummary);
    if (flags.json === true) context.terminal.out.line(stringifyForTerminal({ processes }));
    else printProcesses(context.terminal, processes);
  });
}

/** `kuflow process show`. With `--json`: `{ process, timeline }`; `process` as KuFlow's API returns it, `timeline` as in `kuflow dev simulate`. */
export async function runProcessShow(id: string, flags: LocalUserFlags, context: CommandContext): Promise<void> {
  await withLocalUser(flags, context, async (session) => {
    const { user, state } = session;
    const processId = await findProcessId(session, id, context);
    const process = await user.retrieveProcess(processId);
    const timeline = await readTimeline({ http: state.loopback.http, token: state.user.token }, processId);
    if (flags.json === true) context.terminal.out.line(stringifyForTerminal({ process, timeline }));
    else printProcess(context.terminal, process, timeline);
  });
}

/** `kuflow process cancel`. With `--json`: `{ process }`, afterward. */
export async function runProcessCancel(id: string, flags: ProcessChangeFlags, context: CommandContext): Promise<void> {
  await withLocalUser(flags, context, async (session) => {
    const process = await session.user.cancelProcess(await findProcessId(session, id, context));
    if (flags.json === true) context.terminal.out.line(stringifyForTerminal({ process }));
    else printCanceledProcess(context.terminal, process);
  });
}
