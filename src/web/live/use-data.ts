import { useEffect, useRef, useState } from 'preact/hooks';
import type { LiveEvent } from '../../platform/shared/dev-contract.ts';
import { callApi, toFailure, type ApiCallOptions, type RequestFailure } from '../api.ts';
import { onLiveEvent } from './events.ts';

/** Several events that come together are one reason to read again. */
const DEBOUNCE_MS = 50;

export interface Loaded<Data> {
  /** The last data that could be read, kept when reading again fails. */
  readonly data: Data | undefined;
  readonly failure: RequestFailure | undefined;
  readonly reload: () => void;
}

export interface DataOptions<Data> {
  /** Whether the data may have changed because of the event. */
  readonly affectedBy?: ((event: LiveEvent) => boolean) | undefined;
  readonly debounceMs?: number | undefined;
  /** Reads again this often while the page is visible, for data without events. */
  readonly everyMs?: number | undefined;
  /** Whether to continue to read every `everyMs`. Default: always. */
  readonly pollsWhile?: ((data: Data) => boolean) | undefined;
  /** Shows nothing until the data was read, even if it was read before. */
  readonly onlyFresh?: boolean | undefined;
}

/** What was read last, so that a view that is shown again has something to show at once. */
const known = new Map<string, unknown>();
const MOST_KNOWN = 100;

function remember(key: string, data: unknown): void {
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, data);
}

/** Reads data, and again after live events. Another `key` is other data. */
export function useData<Data>(
  key: string,
  read: (signal: AbortSignal) => Promise<Data>,
  options: DataOptions<Data> = {},
): Loaded<Data> {
  const [state, setState] = useState<{ key: string; data?: Data | undefined; failure?: RequestFailure | undefined }>();
  const latest = useRef({ read, options });
  latest.current = { read, options };
  const reload = useRef<() => void>(() => undefined);

  useEffect(() => {
    const gone = new AbortController();
    const isGone = (): boolean => gone.signal.aborted;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isReading = false;
    let isStale = false;
    let isPollingNeeded = true;

    const readNow = async (): Promise<void> => {
      isStale = true;
      if (isReading) return;
      isReading = true;
      while (isStale && !isGone()) {
        isStale = false;
        try {
          const data = await latest.current.read(gone.signal);
          if (isGone()) return;
          isPollingNeeded = latest.current.options.pollsWhile?.(data) ?? true;
          if (latest.current.options.onlyFresh !== true) remember(key, data);
          setState({ key, data });
        } catch (error) {
          const failure = toFailure(error);
          if (!isGone()) setState((before) => ({ key, data: before?.key === key ? before.data : undefined, failure }));
        }
      }
      isReading = false;
    };
    const schedule = (): void => {
      if (document.hidden) isStale = true;
      else
        timer ??= setTimeout(() => {
          timer = undefined;
          void readNow();
        }, latest.current.options.debounceMs ?? DEBOUNCE_MS);
    };
    const stopListening = onLiveEvent((event) => {
      if (event.kind === 'reset' || latest.current.options.affectedBy?.(event) === true) schedule();
    });
    const onVisible = (): void => {
      if (!document.hidden && isStale) schedule();
    };
    const { everyMs } = latest.current.options;
    const poll =
      everyMs === undefined
        ? undefined
        : setInterval(() => {
            if (!document.hidden && isPollingNeeded) schedule();
          }, everyMs);
    document.addEventListener('visibilitychange', onVisible, { signal: gone.signal });
    reload.current = () => void readNow();
    void readNow();
    return () => {
      gone.abort();
      clearTimeout(timer);
      clearInterval(poll);
      stopListening();
    };
  }, [key]);

  const current = state?.key === key ? state : { data: known.get(key) as Data | undefined, failure: undefined };
  return { data: current.data, failure: current.failure, reload: () => reload.current() };
}

/** Reads a path of the local KuFlow, and again after live events. */
export function useApi<Data>(
  path: string,
  { query, ...options }: DataOptions<Data> & Pick<ApiCallOptions, 'query'> = {},
): Loaded<Data> {
  const read = async (signal: AbortSignal): Promise<Data> => await callApi<Data>('GET', path, { query, signal });
  return useData(`${path} ${JSON.stringify(query)}`, read, options);
}

/** Whether something happened to a process, or to the process with this id. */
export const concernsProcess =
  (id?: string) =>
  (event: LiveEvent): boolean =>
    event.kind === 'process' && (id === undefined || event.processId === id);

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
