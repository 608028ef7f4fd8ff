import { KnownError } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import type { Secret } from '../../base/secret.ts';
import type { NamedEvent } from '../store/events.ts';

export type TimelineEntry = NamedEvent;

/** What happened to a process of a running platform, in order. `http` is its loopback address. */
export async function readTimeline(
  access: { readonly http: string; readonly token: Secret },
  processId: string,
): Promise<readonly TimelineEntry[]> {
  const url = `${access.http}/_dev/processes/${encodeURIComponent(processId)}/timeline`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${access.token.reveal()}` } });
  const body: unknown = await answer.json();
  if (!answer.ok || !isRecord(body) || !Array.isArray(body['entries'])) {
    throw new KnownError({
      message: 'The local platform did not tell the timeline of the process',
      tried: `GET ${url}`,
      seen: `${answer.status} ${answer.statusText}`,
    });
  }
  return body['entries'] as TimelineEntry[];
}
