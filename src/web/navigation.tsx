import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { parseRoute, pathTo, type Route } from './route.ts';

const listeners = new Set<() => void>();
/** Whether a view is shown because of a link, so that the focus belongs on its heading. */
let hasNavigated = false;

const changed = (): void => {
  for (const listener of listeners) listener();
};

addEventListener('popstate', () => {
  hasNavigated = true;
  changed();
});

export function navigateTo(route: Route, options: { readonly replace?: boolean } = {}): void {
  if (options.replace === true) history.replaceState(null, '', pathTo(route));
  else {
    history.pushState(null, '', pathTo(route));
    hasNavigated = true;
    scrollTo(0, 0);
  }
  changed();
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.pathname, location.search));
  useEffect(() => {
    const update = (): void => setRoute(parseRoute(location.pathname, location.search));
    listeners.add(update);
    update();
    return () => {
      listeners.delete(update);
    };
  }, []);
  return route;
}

/** Moves the focus to the heading of the view, because what has it disappears. */
export function focusHeading(): void {
  document.querySelector('h1')?.focus({ preventScroll: true });
}

export interface LinkProps {
  readonly to: Route;
  readonly children: ComponentChildren;
  readonly class?: string | undefined;
  readonly current?: boolean | undefined;
}

export function Link({ to, children, class: className, current }: LinkProps) {
  return (
    <a
      href={pathTo(to)}
      class={className}
      aria-current={current === true ? 'page' : undefined}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        navigateTo(to);
      }}
    >
      {children}
    </a>
  );
}

/** The heading of a view. It sets the title of the document and gets the focus after a link was followed. */
export function ViewHeading({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Local KuFlow`;
  }, [title]);
  useEffect(() => {
    if (hasNavigated) heading.current?.focus({ preventScroll: true });
    hasNavigated = false;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children ?? title}
    </h1>
  );
}
