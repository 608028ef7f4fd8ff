import { escapeForTerminal, escapeLinesForTerminal } from '../../base/escape.ts';
import type { CommandContext } from '../../cli/context.ts';
import { requireRunningPlatform } from '../../cli/local-kuflow.ts';
import type { DevFlags } from '../../cli/platform-options.ts';
import { findLocalProcessId } from '../../cli/with-kuflow.ts';
import { resolveId } from '../../kuflow/find-id.ts';
import { readWebhookDeliveries, readWebhookDeliveryDetail, requestReplay } from '../../platform/rest/dev-client.ts';
import type { RecordedBody, WebhookDelivery, WebhookDeliveryDetail } from '../../platform/shared/dev-contract.ts';
import type { PlatformState } from '../../platform/state/running-state.ts';
import { printSteps } from '../../terminal/print-error.ts';
import { formatTable } from '../../terminal/table.ts';

export interface WebhookListFlags extends DevFlags {
  readonly process?: string;
  readonly limit: number;
}

/** How many events the end of an ID is looked up in. */
const RECENT_EVENTS = 1000;

/** `kuflow dev webhooks list`. With `--json`: `{ deliveries }`. */
export async function runWebhookList(flags: WebhookListFlags, context: CommandContext): Promise<void> {
  const { cwd, terminal, invocation } = context;
  const running = await requireRunningPlatform({ cwd, stateDir: flags.stateDir }, context);
  const processId = flags.process === undefined ? undefined : await findLocalProcessId(running, flags.process, context);
  const deliveries = await readWebhookDeliveries(running, { processId, limit: flags.limit });
  if (flags.json === true) terminal.out.json({ deliveries });
  else if (deliveries.length > 0) for (const line of deliveryLines(deliveries)) terminal.out.line(line);
  else {
    terminal.err.line('No webhook events');
    printSteps(terminal.err, [
      `Only a process whose definition has a webhook sends events: ${invocation} docs receive-webhooks`,
    ]);
  }
}

/** `kuflow dev webhooks show`. With `--json`: a `WebhookDeliveryDetail`. */
export async function runWebhookShow(id: string, flags: DevFlags, context: CommandContext): Promise<void> {
  const { running, eventId } = await findEvent(id, flags, context);
  const delivery = await readWebhookDeliveryDetail(running, eventId);
  const { out } = context.terminal;
  if (flags.json === true) out.json(delivery);
  else for (const line of deliveryDetailLines(delivery)) out.line(line);
}

/** `kuflow dev webhooks replay`. With `--json`: the `WebhookDelivery`. */
export async function runWebhookReplay(id: string, flags: DevFlags, context: CommandContext): Promise<void> {
  const { running, eventId } = await findEvent(id, flags, context);
  const delivery = await requestReplay(running, eventId);
  const { terminal, invocation } = context;
  if (flags.json === true) terminal.out.json(delivery);
  else terminal.err.line(replayLine(delivery, invocation));
}

async function findEvent(
  text: string,
  { stateDir }: DevFlags,
  context: CommandContext,
): Promise<{ readonly running: PlatformState; readonly eventId: string }> {
  const { cwd, invocation } = context;
  const running = await requireRunningPlatform({ cwd, stateDir }, context);
  const eventId = await resolveId(text, {
    what: 'event',
    listIds: async () => (await readWebhookDeliveries(running, { limit: RECENT_EVENTS })).map(({ id }) => id),
    hint: `List the events: ${invocation} dev webhooks list`,
  });
  return { running, eventId };
}

function deliveryLines(deliveries: readonly WebhookDelivery[]): readonly string[] {
  const rows = deliveries.map((delivery) => {
    const { id, time, type, processId, state, attempts } = delivery;
    return [type, state, String(attempts), id, processId, time, resultOf(delivery)];
  });
  return formatTable([['TYPE', 'STATE', 'ATTEMPTS', 'ID', 'PROCESS', 'TIME', 'LATEST RESPONSE'], ...rows]);
}

function deliveryDetailLines(delivery: WebhookDeliveryDetail): readonly string[] {
  const { id, time, type, processId, url, state, attempts, latest, body, answer } = delivery;
  return [
    ...formatTable([
      ['Event', type],
      ['State', state],
      ['ID', id],
      ['Process', processId],
      ['Time', time],
      ['URL', url],
      ['Attempts', String(attempts)],
      ['Latest', latest && `${latest.time}, ${latest.ms} ms: ${resultOf(delivery)}`],
    ]),
    'Body:',
    ...bodyLines(body),
    ...(answer === undefined ? [] : ['Response:', ...bodyLines(answer)]),
  ];
}

const replayLine = ({ id, type, processId, url }: WebhookDelivery, invocation: string): string =>
  escapeForTerminal(
    `Sending ${type} of process ${processId} to ${url} again. To see the response: ${invocation} dev webhooks show ${id}`,
    1000,
  );

function resultOf({ latest }: WebhookDelivery): string {
  return [latest?.status, latest?.problem].filter((part) => part !== undefined).join(', ');
}

function bodyLines({ text, bytes, truncated }: RecordedBody): readonly string[] {
  if (text === undefined) return [`  ${bytes} bytes, not text`];
  const lines = escapeLinesForTerminal(text)
    .split('\n')
    .map((line) => `  ${line}`);
  return truncated ? [...lines, `  … (${bytes} bytes)`] : lines;
}
