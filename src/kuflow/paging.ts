import type { AnswerOf, ItemOf, PagedOperationId, QueryOf } from './call-types.ts';

interface AnyPage {
  readonly metadata: { readonly page: number; readonly totalPages: number };
  readonly content: readonly unknown[];
}

type FetchPage<Id extends PagedOperationId> = (query: QueryOf<Id>) => Promise<AnswerOf<Id>>;

/** Records per request unless the query says otherwise. KuFlow allows 1000; its default is 25. */
const PAGE_SIZE = 200;

/** The pages of a list, one request each, starting at the query's page. Ends at the last page the server reports, or at an empty one. */
export async function* pagesOf<Id extends PagedOperationId>(
  fetchPage: FetchPage<Id>,
  query: QueryOf<Id>,
): AsyncGenerator<AnswerOf<Id>, void> {
  const asked = query as { readonly page?: number; readonly size?: number };
  for (let page = asked.page ?? 0; ; page++) {
    const answer = await fetchPage({ ...query, size: asked.size ?? PAGE_SIZE, page });
    const { metadata, content } = answer as unknown as AnyPage;
    if (content.length > 0) yield answer;
    if (content.length === 0 || page + 1 >= metadata.totalPages) return;
  }
}

/** The records of all pages in order; the next page is requested when it is needed. */
export async function* itemsOf<Id extends PagedOperationId>(
  fetchPage: FetchPage<Id>,
  query: QueryOf<Id>,
): AsyncGenerator<ItemOf<Id>, void> {
  for await (const page of pagesOf(fetchPage, query))
    yield* (page as unknown as AnyPage).content as readonly ItemOf<Id>[];
}
