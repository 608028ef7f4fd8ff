import { readFileSync } from 'node:fs';

/** Of this library. */
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/**
 * How a worker identifies itself in calls to KuFlow and its engine: the version of this library, and the name of the project. Temporal's
 * SDK does not let a worker change the name of its client, so it is part of the identity.
 */
export function userAgent(project: string): string {
  // A header must not contain other characters.
  return `kuflow-worker-typescript/${version} (${project.replace(/[^\w@/.~-]/g, '_')})`;
}
