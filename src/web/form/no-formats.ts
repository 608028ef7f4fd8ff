/** Takes the place of ajv-formats in the page's bundle: the validator has its own formats. */
// eslint-disable-next-line no-restricted-exports
export default function addFormats(): void {
  // Nothing to add.
}
