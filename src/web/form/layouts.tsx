import type { JsonSchema, UISchemaElement } from '@jsonforms/core';
import { JsonFormsDispatch } from '@jsonforms/react';
import { useId, useState } from 'preact/hooks';
import { isRecord } from '../../base/json.ts';
import { within } from './field.tsx';
import { placeOfScope } from '../../schema/form.ts';
import { useFormState, useHost } from './state.ts';
import type { Schema } from '../../schema/json-schema-ref.ts';

export interface LayoutProps {
  readonly uischema: UISchemaElement;
  readonly schema: Schema;
  readonly path?: string;
  readonly enabled?: boolean;
}

export const isUiSchema = (uiSchema: unknown): uiSchema is UISchemaElement =>
  isRecord(uiSchema) && typeof uiSchema['type'] === 'string';

const elementsOf = (uischema: unknown): readonly UISchemaElement[] =>
  isRecord(uischema) && Array.isArray(uischema['elements'])
    ? (uischema['elements'] as readonly unknown[]).filter((one): one is UISchemaElement => isRecord(one))
    : [];

/** The text of a label, which may also be an object. */
function labelTextOf(uischema: unknown): string {
  const own = uischema as { readonly label?: unknown; readonly text?: unknown };
  const { label = own.text } = own;
  if (typeof label === 'string') return label;
  return isRecord(label) && label['show'] !== false && typeof label['text'] === 'string' ? label['text'] : '';
}

function Elements({ uischema, schema, path = '', enabled = true }: LayoutProps) {
  return (
    <>
      {elementsOf(uischema).map((element, at) => (
        <JsonFormsDispatch key={at} uischema={element} schema={schema as JsonSchema} path={path} enabled={enabled} />
      ))}
    </>
  );
}

/** Vertical and horizontal layouts, groups, and whatever else has elements. */
export function Layout(props: LayoutProps) {
  const { uischema, path = '', enabled = true } = props;
  const rule = useFormState().rule(uischema, path);
  if (!rule.visible) return null;
  const elements = <Elements {...props} enabled={enabled && rule.enabled} />;
  const label = labelTextOf(uischema);
  if (uischema.type === 'HorizontalLayout') return <div class="form-columns">{elements}</div>;
  if (uischema.type !== 'Group' || label === '') return <div class="form-rows">{elements}</div>;
  return (
    <fieldset class="field-group">
      <legend class="field-label">{label}</legend>
      {elements}
    </fieldset>
  );
}

export function LabelText({ uischema, path = '' }: LayoutProps) {
  if (!useFormState().rule(uischema, path).visible) return null;
  return <p class="form-text">{labelTextOf(uischema)}</p>;
}

/** Categories as tabs. All of them stay in the document, so that nothing that was typed in one is lost by opening another. */
export function Categories(props: LayoutProps) {
  const { uischema, schema, path = '', enabled = true } = props;
  const { rule, root, data } = useFormState();
  const { problems, showAllProblems } = useHost();
  const id = useId();
  const [opened, setOpened] = useState(0);
  const own = rule(uischema, path);
  const categories = elementsOf(uischema).map((element, at) => ({ element, at, ...rule(element, path) }));
  const shown = categories.filter(({ visible }) => visible);
  const open = shown.some(({ at }) => at === opened) ? opened : (shown[0]?.at ?? -1);
  if (!own.visible) return null;
  const move = (event: KeyboardEvent): void => {
    const from = shown.findIndex(({ at }) => at === open);
    const to = nextTab(event.key, from, shown.length);
    const target = to === undefined ? undefined : shown[to];
    if (target === undefined) return;
    event.preventDefault();
    setOpened(target.at);
    document.getElementById(`${id}-tab-${target.at}`)?.focus();
  };
  const hasProblem = (element: UISchemaElement): boolean => {
    const paths = scopesIn(element).map((scope) => placeOfScope(schema, scope, path, root, data).path);
    return showAllProblems && [...problems.keys()].some((problem) => paths.some((at) => within(at)(problem)));
  };
  return (
    <div>
      <div role="tablist" aria-label={labelTextOf(uischema) || 'Parts of the form'} class="form-tablist">
        {shown.map(({ element, at }) => (
          <button
            key={at}
            type="button"
            role="tab"
            id={`${id}-tab-${at}`}
            aria-selected={at === open}
            aria-controls={`${id}-panel-${at}`}
            tabIndex={at === open ? 0 : -1}
            onClick={() => setOpened(at)}
            onKeyDown={move}
          >
            {labelTextOf(element) || `Part ${at + 1}`}
            {hasProblem(element) && <span class="form-tab-problem"> (has problems)</span>}
          </button>
        ))}
      </div>
      {categories.map(({ element, at, enabled: byRule }) => (
        <div
          key={at}
          role="tabpanel"
          id={`${id}-panel-${at}`}
          aria-labelledby={`${id}-tab-${at}`}
          hidden={at !== open}
          class="form-rows"
        >
          {element.type === 'Categorization' ? (
            <Categories {...props} uischema={element} enabled={enabled && own.enabled && byRule} />
          ) : (
            <Elements {...props} uischema={element} enabled={enabled && own.enabled && byRule} />
          )}
        </div>
      ))}
    </div>
  );
}

function nextTab(key: string, from: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowRight':
    case 'ArrowDown':
      return (from + 1) % count;
    case 'ArrowLeft':
    case 'ArrowUp':
      return (from - 1 + count) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

/** The scopes of all controls in an element. */
function scopesIn(element: unknown): readonly string[] {
  if (!isRecord(element)) return [];
  const own = typeof element['scope'] === 'string' ? [element['scope']] : [];
  return [...own, ...elementsOf(element).flatMap(scopesIn)];
}
