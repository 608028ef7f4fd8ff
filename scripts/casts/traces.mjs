// The path of an address (https://host/path) is none of a machine.
const ABSOLUTE = /(?<![\w.:/~-])(?:\/(?:[\w.@-]+\/)+[\w.@-]*|[A-Z]:\\[^\s"']*)/g;

/**
 * What tells of the machine of a recording: absolute paths, and the given words.
 * @param {import('./cast-file.mjs').Cast} cast
 * @param {readonly string[]} words
 * @returns {string[]}
 */
export function tracesOf(cast, words = []) {
  // Escape sequences may cut a path in two on the wire, never on the screen; without them both are the same.
  const text = cast.outputs
    .map((output) => output.text)
    .join('')
    .replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '');
  return [
    ...new Set([...(text.match(ABSOLUTE) ?? []), ...words.filter((word) => word.length > 3 && text.includes(word))]),
  ];
}

/** Throws an Error that lists the traces of a cast. */
export function refuseTraces(cast, words) {
  const traces = tracesOf(cast, words);
  if (traces.length > 0) throw new Error(`The recording tells of this machine: ${traces.join(', ')}`);
}
