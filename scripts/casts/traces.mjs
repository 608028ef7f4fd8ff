// The path of a URL (https://host/path) is not a path of this machine.
const ABSOLUTE = /(?<![\w.:/~-])(?:\/(?:[\w.@-]+\/)+[\w.@-]*|[A-Z]:\\[^\s"']*)/g;

/**
 * What a recording reveals about the machine: absolute paths and the given words.
 * @param {import('./cast-file.mjs').Cast} cast
 * @param {readonly string[]} words
 * @returns {string[]}
 */
export function tracesOf(cast, words = []) {
  // Escape sequences may split a path in the output, but not on the screen.
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
  if (traces.length > 0) throw new Error(`The recording reveals something about this machine: ${traces.join(', ')}`);
}
