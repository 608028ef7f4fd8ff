import { escapeForTerminal } from '../base/escape.ts';
import { isRecord, type JsonObject } from '../base/json.ts';
import type { DiscoveredProcess, DiscoveryEvent, ProcessListing } from './types.ts';
import { palette } from '../terminal/palette.ts';
import type { Progress } from '../terminal/progress.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** The definitions that have visible processes, as a table on stdout; what the list leaves open, on stderr. */
export function printProcessListing(terminal: Terminal, listing: ProcessListing): void {
  const { definitions, processes } = listing;
  if (definitions.length > 0) {
    const rows = definitions.map(({ code, seen, id, tenant }) => [code, String(seen), id, tenant]);
    const [header = '', ...lines] = formatTable([['CODE', 'PROCESSES', 'DEFINITION ID', 'TENANT'], ...rows]);
    terminal.out.line(palette(terminal.out).bold(header));
    for (const line of lines) terminal.out.line(line);
  }
  const dim = palette(terminal.err).dim;
  if (processes.total === 0) {
    terminal.err.line(
      'The application sees no process. Either none was started, or it lacks a role in their definitions.',
    );
    terminal.err.line(
      dim(
        "KuFlow's API lists processes, not definitions: one that never ran is not here. Describe it by flags or in a file.",
      ),
    );
  } else if (!listing.complete) {
    terminal.err.line(
      dim(
        `${processes.seen} of ${processes.total} processes were looked at; definitions that run seldom may be missing.`,
      ),
    );
  }
}

/** What discovery found out of a process: on stdout what it is made of, then what to know before trusting it. */
export function printDiscoveredProcess(terminal: Terminal, discovered: DiscoveredProcess): void {
  const { bold, dim } = palette(terminal.out);
  const { definition, evidence, notes } = discovered;
  const { code, id, version, tenant } = definition.process;
  terminal.out.line(bold(escapeForTerminal(code)));
  const identity = [
    ['id', id],
    ['version', version],
    ['tenant', tenant],
  ].flatMap(([label, value]) => (label === undefined || value === undefined ? [] : [['', label, value]]));
  for (const line of formatTable(identity)) terminal.out.line(line);
  if (definition.tasks.length > 0) {
    terminal.out.line();
    const rows = evidence.tasks.map((task, index) => {
      const schema = definition.tasks[index]?.data?.schema;
      return [task.code, task.kind, String(task.items), String(task.processes), formatFields(schema)];
    });
    const [header = '', ...lines] = formatTable([['TASK', 'KIND', 'ITEMS', 'PROCESSES', 'DATA'], ...rows]);
    terminal.out.line(bold(header));
    for (const line of lines) terminal.out.line(line);
  }
  for (const [label, shape] of [
    ['Metadata', definition.metadata],
    ['Entity', definition.entity],
  ] as const) {
    if (shape !== undefined) terminal.out.line(`\n${bold(label)}  ${formatFields(shape.schema, 20)}`);
  }
  terminal.out.line();
  for (const note of notes) terminal.out.line(dim(`- ${escapeForTerminal(note)}`));
}

/** What discovery says while it works, one line each on stderr where that is a terminal. */
export function discoveryLineReporter(terminal: Terminal): (event: DiscoveryEvent) => void {
  if (!terminal.err.isTTY) return () => undefined;
  const { dim } = palette(terminal.err);
  const label = { processes: 'processes', items: 'process items', principals: 'applications' } as const;
  return (event) => {
    if (event.type === 'listed')
      terminal.err.line(dim(`  ${event.seen} of ${event.total} ${label[event.what]} listed`));
    else if (event.type === 'reading' && event.done === event.of)
      terminal.err.line(dim(`  ${event.of} instances read`));
  };
}

/** Shows a discovery as steps. */
export function discoveryReporter(progress: Progress): (event: DiscoveryEvent) => void {
  const what = { processes: 'processes', items: 'process items', principals: 'applications' } as const;
  return (event) => {
    if (event.type === 'listing') progress.begin(`List ${what[event.what]}`);
    else if (event.type === 'listed')
      progress.end('done', `${event.seen} of ${event.total} ${what[event.what]} listed`);
    else if (event.done === 0) progress.begin(`Read ${event.of} instances for keys and types`);
    else if (event.done === event.of) progress.end('done', `${event.of} instances read, no value kept`);
    else progress.detail(`${event.done} of ${event.of}`);
  };
}

// Field names with their types, which is all that a shape says.
export function formatFields(schema: JsonObject | undefined, most = 4): string {
  const properties = isRecord(schema?.['properties']) ? Object.entries(schema['properties']) : [];
  if (properties.length === 0) return '';
  const named = properties.slice(0, most).map(([name, field]) => `${escapeForTerminal(name, 40)} ${typeName(field)}`);
  return named.join(', ') + (properties.length > most ? `, ${properties.length - most} more` : '');
}

function typeName(field: unknown): string {
  if (!isRecord(field)) return 'any';
  if (typeof field['format'] === 'string') return field['format'];
  const type = field['type'];
  if (Array.isArray(type)) return type.join('|');
  return typeof type === 'string' ? type : 'any';
}
