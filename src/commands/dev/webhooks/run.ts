import type { CommandContext } from '../../../cli/context.ts';
import { requireRunningPlatform } from '../../../cli/local-kuflow.ts';
import type { DevFlags } from '../../../cli/platform-options.ts';
import { findLocalProcessId } from '../../../cli/with-kuflow.ts';
import { resolveId } from '../../../kuflow/find-id.ts';
import { readWebhookDeliveries, readWebhookDeliveryDetail, requestReplay } from '../../../platform/rest/dev-client.ts';
import type { PlatformState } from '../../../platform/state/state-file.ts';
import { printSteps } from '../../../terminal/print-error.ts';
import { deliveryDetailLines, deliveryLines, replayLine } from './view.ts';

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
