import { KnownError } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import type { Secret } from '../../base/secret.ts';

/** A registration of a worker on a queue, as far as it is read here. */
export interface RegisteredWorker {
  readonly identity: string;
  readonly taskQueue: string;
  /** ISO 8601, when it registered last. */
  readonly lastModifiedAt?: string;
}

/** The workers that have registered with a running platform, the one heard of last first. `http` is its loopback address. */
export async function readWorkers(access: {
  readonly http: string;
  readonly token: Secret;
}): Promise<readonly RegisteredWorker[]> {
  const url = `${access.http}/_dev/workers`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${access.token.reveal()}` } });
  const body: unknown = await answer.json();
  if (!answer.ok || !isRecord(body) || !Array.isArray(body['workers'])) {
    throw new KnownError({
      message: 'The local platform did not tell which workers have registered',
      tried: `GET ${url}`,
      seen: `${answer.status} ${answer.statusText}`,
    });
  }
  return body['workers'] as RegisteredWorker[];
}
