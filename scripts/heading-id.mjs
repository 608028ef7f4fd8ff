/**
 * The id of a heading, as GitHub makes it. The documentation site uses the same, so that links to a heading work in both.
 * @param {string} heading
 * @returns {string}
 */
export function headingId(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}
