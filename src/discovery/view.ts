import { escapeForTerminal } from '../base/escape.ts';
import { isRecord, withoutUndefined, type JsonObject } from '../base/json.ts';
import type { ProcessListing } from './list-processes.ts';
import type { DiscoveredProcess, DiscoveryEvent } from './types.ts';
import { palette } from '../terminal/palette.ts';
import type { Progress } from '../terminal/progress.ts';
import { formatTable, printTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Prints the definitions that have visible processes as a table on stdout, and the limits of the list on stderr. */
export function printProcessListing(terminal: Terminal, listing: ProcessListing): void {
  const { definitions, processes } = listing;
  if (definitions.length > 0) {
    const rows = definitions.map(({ code, seen, id, tenant }) => [code, String(seen), id, tenant]);
    printTable(terminal.out, [['CODE', 'PROCESSES', 'DEFINITION ID', 'TENANT'], ...rows]);
  }
  const dim = palette(terminal.err).dim;
  if (processes.total === 0) {
    terminal.err.line(
      'No process is visible to this application. Either none was started, or the application does not have a role in the process definitions.',
    );
    terminal.err.line(
      dim(
        "KuFlow's API lists processes, not definitions, so a definition without processes does not appear. Describe it by flags or in a file.",
      ),
    );
  } else if (!listing.complete) {
    terminal.err.line(
      dim(`Read ${processes.seen} of ${processes.total} processes; definitions with few processes may be missing.`),
    );
  }
}

/** Prints a discovered process on stdout: its tasks and data, then notes about what may be wrong or incomplete. */
export function printDiscoveredProcess(terminal: Terminal, discovered: DiscoveredProcess): void {
  const { bold, dim } = palette(terminal.out);
  const { definition, evidence, notes } = discovered;
  const { code, id, version, tenant } = definition.process;
  terminal.out.line(bold(escapeForTerminal(code)));
  const identity = Object.entries(withoutUndefined({ id, version, tenant }));
  for (const line of formatTable(identity.map((entry) => ['', ...entry]))) terminal.out.line(line);
  if (definition.tasks.length > 0) {
    terminal.out.line();
    const rows = evidence.tasks.map((task, index) => {
      const schema = definition.tasks[index]?.data?.schema;
      return [task.code, task.kind, String(task.items), String(task.processes), formatFields(schema)];
    });
    printTable(terminal.out, [['TASK', 'KIND', 'ITEMS', 'PROCESSES', 'DATA'], ...rows]);
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

/** Prints the progress of a discovery as lines on stderr, if that is a terminal. */
export function discoveryLineReporter(terminal: Terminal): (event: DiscoveryEvent) => void {
  if (!terminal.err.isTTY) return () => undefined;
  const { dim } = palette(terminal.err);
  return (event) => {
    if (event.type === 'listed')
      terminal.err.line(dim(`  Listed ${event.seen} of ${event.total} ${LISTED[event.what]}`));
    else if (event.type === 'reading' && event.done === event.of)
      terminal.err.line(dim(`  Read ${event.of} instances`));
  };
}

const LISTED = { processes: 'processes', items: 'process items', principals: 'applications' } as const;

export function discoveryReporter(progress: Progress): (event: DiscoveryEvent) => void {
  return (event) => {
    if (event.type === 'listing') progress.begin(`Listing ${LISTED[event.what]}…`);
    else if (event.type === 'listed')
      progress.end('done', `Listed ${event.seen} of ${event.total} ${LISTED[event.what]}`);
    else if (event.done === 0) progress.begin(`Reading ${event.of} instances…`);
    else if (event.done === event.of) progress.end('done', `Read ${event.of} instances; kept only keys and types`);
    else progress.detail(`${event.done} of ${event.of}`);
  };
}

export function formatFields(schema: JsonObject | undefined, limit = 4): string {
  const properties = isRecord(schema?.['properties']) ? Object.entries(schema['properties']) : [];
  if (properties.length === 0) return '';
  const fields = properties.slice(0, limit).map(([name, field]) => `${escapeForTerminal(name, 40)} ${typeName(field)}`);
  return fields.join(', ') + (properties.length > limit ? `, ${properties.length - limit} more` : '');
}

function typeName(field: unknown): string {
  if (!isRecord(field)) return 'any';
  if (typeof field['format'] === 'string') return field['format'];
  const type = field['type'];
  if (Array.isArray(type)) return type.join('|');
  return typeof type === 'string' ? type : 'any';
}
