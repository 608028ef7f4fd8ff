import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { FormProblem } from '../form/state.ts';

export interface ProblemListProps {
  readonly title: string;
  /** Nothing is shown without problems. */
  readonly problems:
    | readonly (Pick<FormProblem, 'label' | 'message'> & Partial<Pick<FormProblem, 'path'>>)[]
    | undefined;
  /** What can be done anyway. */
  readonly children?: ComponentChildren;
}

/** Why data was not accepted. It gets the focus when it appears. */
export function ProblemList({ title, problems, children }: ProblemListProps) {
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problems !== undefined) notice.current?.focus();
  }, [problems]);
  if (problems === undefined) return null;
  return (
    <div class="notice error" role="alert" tabIndex={-1} ref={notice}>
      <p>
        <strong>{title}</strong>
      </p>
      <ul>
        {problems.map(({ path, label, message }) => (
          <li key={`${label} ${message}`}>
            {label === '' || path === undefined ? (
              [label, message].filter((one) => one !== '').join(': ')
            ) : (
              <>
                <a
                  href={`#${path}`}
                  onClick={(event) => {
                    event.preventDefault();
                    focusField(path);
                  }}
                >
                  {label}
                </a>
                : {message}
              </>
            )}
          </li>
        ))}
      </ul>
      <p class="actions">{children}</p>
    </div>
  );
}

/** Moves the focus to the field at this JSON Pointer, or to what it is a part of, and opens the tab that it is in. */
export function focusField(path: string): void {
  const fields = [...document.querySelectorAll<HTMLElement>('.form [data-path]')].filter(
    ({ dataset: { path: at = '' } }) => at === path || path.startsWith(`${at}/`),
  );
  const length = (field: HTMLElement): number => field.dataset['path']?.length ?? 0;
  const [field] = fields.sort((a, b) => length(b) - length(a));
  if (field === undefined) return;
  for (let panel = hiddenPanel(field); panel !== null; panel = hiddenPanel(panel.parentElement)) {
    document.querySelector<HTMLElement>(`[role="tab"][aria-controls="${panel.id}"]`)?.click();
  }
  // After the tabs were drawn again.
  setTimeout(() => {
    const input = field.matches('fieldset')
      ? field.querySelector<HTMLElement>('input, select, textarea, button')
      : field;
    (input ?? field).focus();
  });
}

const hiddenPanel = (element: Element | null): Element | null => element?.closest('[role="tabpanel"][hidden]') ?? null;
