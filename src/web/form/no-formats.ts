/** Replaces ajv-formats in the bundle of the console: the validator has its own formats. */
// oxlint-disable-next-line no-restricted-exports
export default function addFormats(): void {
  // Nothing to add.
}
