// The page of the comparison: tables drawn from the facts, which are stored with it.
import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { formatText } from '../../scripts/format.mjs';
import { GROUPS } from './scenarios.mjs';
import { cell } from './words.mjs';

export const START = '<!-- peers:start -->';
export const END = '<!-- peers:end -->';

const MOST_NAMES = 5;

/** @typedef {{ where: string, tools: { id: string, version: string }[], facts: Record<string, Record<string, { cell: string }>> }} Comparison */

/**
 * The tables in Markdown, one for each group of scenarios.
 * @param {Comparison} comparison
 */
export function peerTables({ where, tools, facts }) {
  const lines = [where];
  for (const { title, scenarios } of GROUPS) {
    const rows = scenarios.filter(({ id }) => facts[id] !== undefined);
    if (rows.length === 0) continue;
    lines.push('', `### ${title}`, '');
    lines.push(`| | ${tools.map(({ id, version }) => `${id} ${version}`).join(' | ')} |`);
    lines.push(`|${' --- |'.repeat(tools.length + 1)}`);
    for (const { id, title: what, how } of rows) {
      const cells = tools.map((tool) => cell(facts[id][tool.id].cell));
      lines.push(`| **${cell(what)}**${how === undefined ? '' : `<br>${cell(how)}`} | ${cells.join(' | ')} |`);
    }
  }
  return lines.join('\n');
}

/**
 * Writes the tables between the markers of `peers.md`, and the shortened facts to `peers.json`.
 * @param {string} docs
 * @param {Comparison} comparison
 */
export async function writePeers(docs, comparison) {
  const path = join(docs, 'peers.md');
  const target = join(docs, 'peers.json');
  const facts = await formatText(target, JSON.stringify(comparison, concise));
  // A short host name is part of many words.
  for (const trace of [hostname(), 'kuflow-bench-'].filter((word) => word.length > 3)) {
    const at = facts.indexOf(trace);
    if (at !== -1) throw new Error(`The facts name this machine: ${facts.slice(Math.max(0, at - 100), at + 100)}`);
  }
  const text = await readFile(path, 'utf8');
  const [from, to] = [text.indexOf(START), text.indexOf(END)];
  if (from === -1 || to < from) throw new Error(`${path} lacks the lines ${START} and ${END}`);
  await writeFile(path, `${text.slice(0, from + START.length)}\n\n${peerTables(comparison)}\n\n${text.slice(to)}`);
  await writeFile(target, facts);
}

// Without what `out`, `err` and `screen` already contain, and without the names of all files of a project.
function concise(key, value) {
  if (key === 'text') return undefined;
  return Array.isArray(value) && key === 'made' && value.length > MOST_NAMES ? `${value.length} files` : value;
}
