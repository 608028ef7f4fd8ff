import { readFileSync } from 'node:fs';

/** The version of create-kuflow-worker that this code comes from. */
const TEMPLATE_VERSION = '0.1.0';

/**
 * How the worker identifies itself in calls to KuFlow and its engine: the version of its template, and the name of this project.
 * Temporal's SDK does not let a worker change the name of its client, so it is part of the identity.
 */
export function userAgent(): string {
  return `kuflow-worker-typescript/${TEMPLATE_VERSION} (${projectName()})`;
}

function projectName(): string {
  try {
    const { name } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { name: string };
    // A header must not contain other characters.
    return name.replace(/[^\w@/.~-]/g, '_');
  } catch {
    // The worker must start even if it was built in another layout.
    return 'unknown';
  }
}
