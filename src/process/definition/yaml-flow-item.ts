import { isNode, isSeq, parseDocument } from 'yaml';
import { isRecord } from '../../base/json.ts';
import { printableJson } from '../../text/json.ts';
import { hasHiddenCharacters, yamlString } from '../../text/yaml.ts';

/** How a map between braces is written. */
interface FlowStyle {
  /** Keys and texts stand between double quotes, as JSON has them. */
  readonly quoted: boolean;
  /** Behind `{`, before `}`. */
  readonly padding: string;
  /** Behind `,` and `:` on one line. */
  readonly space: string;
  /** One entry on each line, by so much further in; absent: all on one line. */
  readonly step?: string;
}

/** The text of a definition with one task more in its list between brackets, in the style of the tasks around it; undefined where there is no such list. */
export function insertIntoFlowList(text: string, at: number, task: unknown): string | undefined {
  const document = parseDocument(text);
  const tasks: unknown = document.get('tasks');
  if (!isSeq(tasks) || tasks.flow !== true) return insertIntoJson(text, at, task);
  const places = tasks.items.map((item) => (isNode(item) ? item.range : undefined));
  const [neighbour, last] = [places[Math.min(at, places.length - 1)], places.at(-1)];
  if (neighbour === undefined || neighbour === null || last === undefined || last === null)
    return insertIntoJson(text, at, task);
  const item = formatFlowItem(task, text, neighbour);
  const gap = /\s*$/.exec(text.slice(0, neighbour[0]))?.[0] ?? '';
  const between = gap.includes('\n') ? gap : detectFlowStyle(text, neighbour).space;
  return at < places.length
    ? `${text.slice(0, neighbour[0])}${item},${between}${text.slice(neighbour[0])}`
    : `${text.slice(0, last[1])},${between}${item}${text.slice(last[1])}`;
}

/** A value in the style of the map at `place` in `text`, from its brace on. */
export function formatFlowItem(value: unknown, text: string, place: readonly [number, number, ...number[]]): string {
  const line = text.slice(text.lastIndexOf('\n', place[0]) + 1, place[0]);
  const indent = /^[ \t]*/.exec(line)?.[0] ?? '';
  // Behind a dash the lines that follow are further in.
  const dash = /^[ \t]*-[ \t]+$/.test(line) ? ' '.repeat(line.length - indent.length) : '';
  const written = formatFlow(value, detectFlowStyle(text, place), indent + dash);
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
    ...(inner === undefined ? {} : { step: inner.slice(outer) || '  ' }),
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

/** JSON that has no tasks yet. */
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
