import type { Json } from '../../base/json.ts';
import type { Process } from '../../kuflow/contract/processes.ts';
import { parseReference } from '../../schema/kuflow-references.ts';

const VALUES = 3;
const LENGTH = 40;

/** The first values of an object in one line, to tell objects of one kind apart: `Ada · Lovelace · 25000`. Empty without values. */
export function summarize(value: unknown): string {
  const found: string[] = [];
  collect(value as Json | undefined, found);
  return found.join(' · ');
}

/** Names the process of a task: its definition and what tells it apart. */
export function describeProcess(process: Process | undefined, name: string | undefined): string {
  const summary = summarize(process?.metadata?.value);
  const title = name ?? process?.processDefinitionRef?.code ?? 'Process';
  return summary === '' ? title : `${title}: ${summary}`;
}

function collect(value: Json | undefined, found: string[]): void {
  if (found.length >= VALUES || value === null || value === undefined) return;
  if (typeof value === 'object') {
    for (const inner of Object.values(value)) collect(inner, found);
    return;
  }
  const text = typeof value === 'string' ? nameOf(value) : typeof value === 'boolean' ? '' : String(value);
  if (text !== '') found.push(text.length > LENGTH ? `${text.slice(0, LENGTH - 1)}…` : text);
}

/** References to documents and people contain the name of what they refer to. */
function nameOf(text: string): string {
  const reference = parseReference(text);
  return reference === undefined ? text.trim().replaceAll(/\s+/g, ' ') : (reference.fields['name'] ?? '');
}
