/** Address of the published documentation site. Empty until there is one; see "The first release" in CONTRIBUTING.md. */
export const DOCUMENTATION_URL: string = '';

/** Pages that results and errors refer to: files of docs/, without `.md`. */
export const DOCUMENTATION_PAGES = ['how-to/troubleshooting', 'reference/doctor', 'reference/settings'] as const;

export type DocumentationPage = (typeof DOCUMENTATION_PAGES)[number];

/** The URL of a page, or of a heading in it, given its ID without `#`. Undefined while the documentation is not published. */
export function documentationFor(
  page: DocumentationPage,
  {
    anchor,
    siteUrl = DOCUMENTATION_URL,
  }: { readonly anchor?: string | undefined; readonly siteUrl?: string | undefined } = {},
): string | undefined {
  if (siteUrl === '') return undefined;
  return `${siteUrl.replace(/\/+$/, '')}/${page}.html${anchor === undefined ? '' : `#${anchor}`}`;
}
