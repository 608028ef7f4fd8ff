import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { FormProps } from '../form/state.ts';
import { onLiveEvent } from '../live/events.ts';
import { Notice } from './notices.tsx';

export type LazyComponent<Props> = ComponentType<Props> & { readonly preload: () => Promise<void> };

/** A component whose code is loaded when it is first shown, or by `preload`. */
export function lazyComponent<Props extends object>(
  what: string,
  load: () => Promise<ComponentType<Props>>,
): LazyComponent<Props> {
  let loaded: ComponentType<Props> | undefined;
  const preload = async (): Promise<void> => {
    loaded ??= await load();
  };
  function Lazy(props: Props) {
    const [state, setState] = useState<'loading' | 'loaded' | 'failed'>(loaded === undefined ? 'loading' : 'loaded');
    useEffect(() => {
      if (state === 'loading')
        preload().then(
          () => setState('loaded'),
          () => setState('failed'),
        );
      if (state !== 'failed') return;
      return onLiveEvent(() => setState('loading'));
    }, [state]);
    if (loaded !== undefined) {
      const Loaded = loaded;
      return <Loaded {...props} />;
    }
    if (state !== 'failed') return <p class="muted">Loading {what}…</p>;
    return (
      <Notice tone="error" title={`Could not load ${what}`} isAlert>
        <p>
          The local KuFlow is not responding, or it was updated.{' '}
          <button type="button" onClick={() => location.reload()}>
            Reload the page
          </button>
        </p>
      </Notice>
    );
  }
  return Object.assign(Lazy, { preload });
}

/** The form is most of the code of the console. */
export const LazyForm = lazyComponent<FormProps>('the form', async () => (await import('../form/form.tsx')).DataForm);
