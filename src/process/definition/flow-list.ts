import { isNode, isSeq, parseDocument } from 'yaml';
import { isRecord } from '../../base/json.ts';
import { printableJson } from '../../base/printable-json.ts';
import { hasHiddenCharacters, yamlString } from '../../base/yaml.ts';

/** How a map in braces is written. */
interface FlowStyle {
  /** Keys and texts are in double quotes, as in JSON. */
  readonly quoted: boolean;
  /** After `{` and before `}`. */
  readonly padding: string;
  /** After `,` and `:` within a line. */
  readonly space: string;
  /** Additional indentation, with one entry per line. Absent: everything on one line. */
  readonly step?: string | undefined;
}

/** Inserts a task into a list in brackets, in the style of the tasks around it. Undefined if the file has no such list. */
export function insertIntoFlowList(text: string, at: number, task: unknown): string | undefined {
  const document = parseDocument(text);
  const tasks: unknown = document.get('tasks');
  if (!isSeq(tasks) || tasks.flow !== true) return insertIntoJson(text, at, task);
  const places = tasks.items.map((item) => (isNode(item) ? item.range : undefined));
  const [neighbor, last] = [places[Math.min(at, places.length - 1)], places.at(-1)];
  if (neighbor === undefined || neighbor === null || last === undefined || last === null)
    return insertIntoJson(text, at, task);
  const item = formatFlowItem(task, text, neighbor);
  const gap = /\s*$/.exec(text.slice(0, neighbor[0]))?.[0] ?? '';
  const between = gap.includes('\n') ? gap : detectFlowStyle(text, neighbor).space;
  return at < places.length
    ? `${text.slice(0, neighbor[0])}${item},${between}${text.slice(neighbor[0])}`
    : `${text.slice(0, last[1])},${between}${item}${text.slice(last[1])}`;
}

/** Formats a value in the style of the map at `place` in `text`, starting with its brace. */
export function formatFlowItem(value: unknown, text: string, place: readonly [number, number, ...number[]]): string {
  const line = text.slice(text.lastIndexOf('\n', place[0]) + 1, place[0]);
  const indent = /^[ \t]*/.exec(line)?.[0] ?? '';
  // After a dash, the following lines are indented further.
  const dash = /^[ \t]*-[ \t]+$/.test(line) ? ' '.repeat(line.length - indent.length) : '';
  const written = formatFlow(value, detectFlowStyle(text, place), indent + dash);
  return text.includes('\r\n') ? written.replaceAll('\n', '\r\n') : written;
}

/**
 * Formats a further entry of the map at `place` in `text`, in the style of that map and starting with its comma. `indent`: the indentation of its
 * own line, or undefined on the line of the entry before it.
 */
export function formatNextEntry(
  key: string,
  value: unknown,
  text: string,
  place: readonly [number, number, ...number[]],
  indent: string | undefined,
): string {
  const style = detectFlowStyle(text, place);
  const gap = indent === undefined ? style.space : `\n${indent}`;
  const written = `,${gap}${formatFlow(key, style, indent ?? '')}:${style.space}${formatFlow(value, style, indent ?? '')}`;
  return text.includes('\r\n') ? written.replaceAll('\n', '\r\n') : written;
}

function detectFlowStyle(text: string, [start, end]: readonly [number, number, ...number[]]): FlowStyle {
  const sample = text.slice(start, end);
  const line = text.slice(text.lastIndexOf('\n', start) + 1, start);
  const outer = (/^[ \t]*/.exec(line)?.[0] ?? '').length;
  const inner = /^\{[ \t]*\r?\n([ \t]*)/.exec(sample)?.[1];
  return {
    quoted: /^\{\s*"/.test(sample),
    padding: /^\{[ \t]/.test(sample) ? ' ' : '',
    space: /^\{"(?:[^"\\]|\\.)*":\S/.test(sample) ? '' : ' ',
    step: inner === undefined ? undefined : inner.slice(outer) || '  ',
  };
}

function formatFlow(value: unknown, style: FlowStyle, indent: string): string {
  const entries = Array.isArray(value)
    ? value.map((item) => (inner: string) => formatFlow(item, style, inner))
    : isRecord(value)
      ? Object.entries(value).map(
          ([key, item]) =>
            (inner: string) =>
              `${formatFlow(key, style, inner)}:${style.space}${formatFlow(item, style, inner)}`,
        )
      : undefined;
  if (entries === undefined) return typeof value === 'string' ? formatFlowText(value, style) : JSON.stringify(value);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0) return open + close;
  const { step, space } = style;
  const padding = Array.isArray(value) ? '' : style.padding;
  if (step === undefined)
    return `${open}${padding}${entries.map((write) => write(indent)).join(`,${space}`)}${padding}${close}`;
  const inner = indent + step;
  return `${open}\n${entries.map((write) => inner + write(inner)).join(',\n')}\n${indent}${close}`;
}

const NOT_TEXT = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

function formatFlowText(text: string, { quoted }: FlowStyle): string {
  if (quoted) return printableJson(text);
  const isPlain = /^[\p{L}_][\p{L}\p{N}_]*(?:[ -]+[\p{L}\p{N}_]+)*$/u.test(text) && !NOT_TEXT.test(text);
  return isPlain && !hasHiddenCharacters(text) ? text : yamlString(text);
}

/** Inserts a task into a JSON file. Undefined if the text is not JSON. */
function insertIntoJson(text: string, at: number, task: unknown): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const tasks: unknown = value['tasks'] ?? [];
  if (!Array.isArray(tasks)) return undefined;
  const step = /^\{\r?\n([ \t]+)/.exec(text)?.[1];
  const changed = JSON.stringify({ ...value, tasks: tasks.toSpliced(at, 0, task) }, undefined, step);
  return changed + (/\r?\n$/.exec(text)?.[0] ?? '');
}
