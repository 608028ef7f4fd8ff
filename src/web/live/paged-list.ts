import { useState } from 'preact/hooks';
import { callApi, type ApiCallOptions } from '../api.ts';
import { concernsProcess, useData } from './use-data.ts';

const PAGE_SIZE = 25;

/** The newest records of an API list, with what `read` returns for them. `left` is the number of records that are not shown yet. */
export function usePagedList<Item, Details>(
  path: string,
  query: NonNullable<ApiCallOptions['query']>,
  read: (items: readonly Item[], signal: AbortSignal) => Promise<Details>,
) {
  const [size, setSize] = useState(PAGE_SIZE);
  const { data, failure } = useData(
    `${path} ${JSON.stringify(query)} ${size}`,
    async (signal) => {
      const page = await callApi<{ content: Item[]; metadata: { totalElements: number } }>('GET', path, {
        query: { ...query, size, sort: 'createdAt,desc' },
        signal,
      });
      const items = page.content;
      return { items, details: await read(items, signal), left: page.metadata.totalElements - items.length };
    },
    { affectedBy: concernsProcess() },
  );
  return { ...data, failure, showMore: (): void => setSize(size + PAGE_SIZE) };
}
