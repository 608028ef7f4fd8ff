import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { FormProblem } from '../form/state.ts';
import { focusField } from '../form/focus-field.ts';

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
