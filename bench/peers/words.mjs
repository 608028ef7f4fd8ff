// Turns facts into the text of a cell.
import { constants } from 'node:os';

/** How a run ended. */
export function ended(facts) {
  const how = facts.timedOut
    ? 'still ran after 20 s'
    : facts.signal
      ? `ended by ${signalName(facts.signal)}`
      : `exit ${facts.status}`;
  return facts.trace ? `${how}, stack trace` : how;
}

function signalName(signal) {
  return Object.keys(constants.signals).find((name) => constants.signals[name] === signal) ?? signal;
}

/** `3 files`, `1 file`, `no file`. */
export function files(count) {
  return count === 0 ? 'no file' : count === 1 ? '1 file' : `${count} files`;
}

/** What happened to named files: `notes.txt kept`, `src/mine.ts DELETED`. */
export function fates(facts, paths) {
  const fate = (path) =>
    facts.deleted.includes(path) ? '**deleted**' : facts.changed.includes(path) ? '**replaced**' : 'kept';
  const by = new Map();
  for (const path of paths) by.set(fate(path), [...(by.get(fate(path)) ?? []), `\`${path.replace(/^target\//, '')}\``]);
  return [...by].map(([how, names]) => `${names.join(', ')} ${how}`).join('; ');
}

/** Whether a run ended because a host on the internet did not answer. */
export function wantsNetwork(facts) {
  return /not (?:be )?connected to the internet|Unable to reach|ENOTFOUND|EAI_AGAIN|getaddrinfo|fetch failed|Could not connect/i.test(
    facts.text,
  );
}

/** Whether a run rejected this version of Node.js. */
export function refusesNode(facts) {
  return /(node(\.js)?.{0,40}(is not supported|unsupported|required)|unsupported engine|requires node)/i.test(
    facts.text,
  );
}

/** Formats a text as one cell of a Markdown table. */
export function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
