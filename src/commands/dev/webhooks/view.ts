import { escapeForTerminal, escapeLinesForTerminal } from '../../../base/escape.ts';
import type { RecordedBody, WebhookDelivery, WebhookDeliveryDetail } from '../../../platform/shared/contract.ts';
import { formatTable } from '../../../terminal/table.ts';

export function deliveryLines(deliveries: readonly WebhookDelivery[]): readonly string[] {
  const rows = deliveries.map((delivery) => {
    const { id, time, type, processId, state, attempts } = delivery;
    return [type, state, String(attempts), id, processId, time, resultOf(delivery)];
  });
  return formatTable([['TYPE', 'STATE', 'ATTEMPTS', 'ID', 'PROCESS', 'TIME', 'LATEST RESPONSE'], ...rows]);
}

export function deliveryDetailLines(delivery: WebhookDeliveryDetail): readonly string[] {
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

export const replayLine = ({ id, type, processId, url }: WebhookDelivery, invocation: string): string =>
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
