import type { ControlElement, JsonSchema } from '@jsonforms/core';
import { JsonFormsDispatch } from '@jsonforms/react';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { isRecord, pointerStep, pointerSteps, valueAt, type Json, type JsonObject } from '../../base/json.ts';
import { FieldFrame, within, type Field } from './field.tsx';
import { JsonEditor } from './json-editor.tsx';
import { isUiSchema } from './layouts.tsx';
import {
  bestVariant,
  choicesOf,
  controlKind,
  effectiveSchema,
  propertyNames,
  schemaLabel,
  variantsOf,
  withVariant,
  type ChoiceOption,
} from '../../schema/form.ts';
import { useHost, type FormMemory } from './state.ts';
import type { Schema } from '../../schema/json-schema-ref.ts';
import { namedTypes } from '../../schema/normal-form.ts';

const scopes = new Map<string, ControlElement>();

/** One element for each name, because JSON Forms draws a control again when its element is another one. */
function propertyElement(name: string): ControlElement {
  const known = scopes.get(name) ?? { type: 'Control', scope: `#/properties${pointerStep(name)}` };
  scopes.set(name, known);
  return known;
}

const ITEM: ControlElement = { type: 'Control', scope: '#', label: false };

interface PartsProps {
  readonly schema: Schema;
  readonly path: string;
  readonly enabled: boolean;
  readonly names?: readonly string[];
}

/** The fields of an object, in the order of its schema: all, or those with these names. */
export function ObjectFields({ schema, path, enabled, names = propertyNames(schema) }: PartsProps) {
  return (
    <>
      {names.map((name) => (
        <JsonFormsDispatch
          key={name}
          uischema={propertyElement(name)}
          schema={schema as JsonSchema}
          path={path}
          enabled={enabled}
        />
      ))}
    </>
  );
}

/** The properties that no field shows, as JSON: those that the schema does not name, and those that an earlier schema had. */
export function OtherFields({ field, names }: { readonly field: Field; readonly names: readonly string[] }) {
  const value = isRecord(field.value) ? (field.value as JsonObject) : {};
  const own = Object.entries(value).filter(([name]) => names.includes(name));
  const others = Object.entries(value).filter(([name]) => !names.includes(name));
  const wasShown = useRef(false);
  wasShown.current ||= others.length > 0 || isRecord(field.schema['additionalProperties']);
  const id = useId();
  if (!wasShown.current) return null;
  const other: Field = {
    ...field,
    id,
    // A place of its own in the memory; no property has an empty step after it.
    path: `${field.path}/`,
    schema: { description: 'Fields that are not part of the form, as JSON.' },
    value: others.length === 0 ? undefined : Object.fromEntries(others),
    label: 'Other fields',
    hasVisibleLabel: true,
    required: false,
    change: (next) => field.change(Object.fromEntries([...own, ...(isRecord(next) ? Object.entries(next) : [])])),
  };
  const fieldPaths = names.map((name) => within(field.path + pointerStep(name)));
  const covers = (path: string): boolean =>
    path.startsWith(`${field.path}/`) && !fieldPaths.some((isField) => isField(path));
  return <JsonEditor field={other} hint="" covers={covers} objectOnly />;
}

function GroupFrame({ field, children }: { readonly field: Field; readonly children: preact.ComponentChildren }) {
  return (
    <FieldFrame field={field} set className="field-group">
      {() => children}
    </FieldFrame>
  );
}

/** The inside of an object or an item, in the layout that the UI schema gives for it, and its properties without a field. */
function ObjectContent({ field }: { readonly field: Field }) {
  const { schema, path, enabled, options } = field;
  const { detail } = options;
  return (
    <>
      {isUiSchema(detail) ? (
        <JsonFormsDispatch uischema={detail} schema={schema} path={path} enabled={enabled} />
      ) : (
        <ObjectFields schema={schema} path={path} enabled={enabled} />
      )}
      <OtherFields field={field} names={propertyNames(schema)} />
    </>
  );
}

/** Objects that do not exist yet have their fields down to here: a schema may contain itself. */
const MAX_EMPTY_DEPTH = 2;

export function ObjectField({ field }: { readonly field: Field }) {
  const { path, value, enabled, label } = field;
  if (value === undefined && pointerSteps(path).length > MAX_EMPTY_DEPTH) {
    return (
      <GroupFrame field={field}>
        {enabled && (
          <button type="button" onClick={() => field.change({})}>
            Add<span class="visually-hidden"> {label}</span>
          </button>
        )}
      </GroupFrame>
    );
  }
  return (
    <GroupFrame field={field}>
      <ObjectContent field={field} />
    </GroupFrame>
  );
}

/** One of several alternatives. What was typed in the others is set aside, and comes back with them. */
export function VariantsField({ field }: { readonly field: Field }) {
  const { memory, memoryChanged } = useHost();
  const { schema, path, value, enabled, form } = field;
  const variants = variantsOf(schema) ?? [];
  const index = memory.chosen.get(path) ?? (value === undefined ? -1 : bestVariant(variants, value, form.root));
  const id = useId();
  const variant = index < 0 ? undefined : withVariant(schema, variants[index], value, form.root);
  const choose = (next: number): void => {
    const previous = index;
    if (previous >= 0 && value !== undefined) memory.setAside.set(`${path} ${previous}`, value as Json);
    if (next < 0) memory.chosen.delete(path);
    else memory.chosen.set(path, next);
    const kept = memory.setAside.get(`${path} ${next}`);
    const chosen = withVariant(schema, variants[next], kept, form.root);
    const lastNames = variant === undefined ? [] : propertyNames(variant);
    field.change(next < 0 ? undefined : startValue(kept, value, lastNames, chosen, propertyNames(schema)));
    memoryChanged();
  };
  return (
    <GroupFrame field={field}>
      <div class="field">
        <label class="field-label" for={id}>
          {field.hasVisibleLabel ? 'Type' : `Type of ${field.label}`}
        </label>
        <select
          id={id}
          disabled={!enabled}
          value={String(index)}
          onChange={({ currentTarget }) => choose(Number(currentTarget.value))}
        >
          {(index < 0 || !field.required) && <option value="-1">Choose…</option>}
          {variants.map((one, at) => (
            <option key={at} value={String(at)}>
              {variantLabel(one, at, form.root)}
            </option>
          ))}
        </select>
      </div>
      {variant === undefined ? null : variantsOf(variant) !== undefined ? (
        <JsonEditor key={index} field={{ ...field, id: `${id}-value`, label: 'Value', schema: variant }} />
      ) : controlKind(variant, form.root) === 'object' ? (
        <div key={index} class="field-variant">
          <ObjectFields schema={variant} path={path} enabled={enabled} names={openNames(variant, value)} />
          <OtherFields field={field} names={propertyNames(variant)} />
        </div>
      ) : (
        <JsonFormsDispatch
          key={index}
          uischema={ITEM}
          schema={labelled(variant, `${field.label}: ${variantLabel(variants[index], index, form.root)}`)}
          path={path}
          enabled={enabled}
        />
      )}
    </GroupFrame>
  );
}

/** Without the constants that tell the alternatives apart and are set with them. */
function openNames(variant: Schema, value: unknown): readonly string[] {
  return propertyNames(variant).filter((name) => {
    const constant = soleChoice((variant['properties'] as Schema)[name]);
    return constant === undefined || !isRecord(value) || value[name] !== constant.value;
  });
}

const labelled = (schema: Schema, title: string): Schema => ({ ...schema, title });

function variantLabel(variant: unknown, at: number, root: Schema): string {
  const schema = effectiveSchema(variant, undefined, root);
  if (typeof schema['title'] === 'string') return schema['title'];
  const constant = Object.values(isRecord(schema['properties']) ? schema['properties'] : {})
    .map(soleChoice)
    .find((one) => one !== undefined);
  if (constant !== undefined) return constant.label;
  const [type] = namedTypes(schema);
  const names = propertyNames(schema).map((name) => schemaLabel({}, name));
  if (names.length > 0) return names.join(', ');
  return type === undefined ? `Alternative ${at + 1}` : (TYPE_LABELS[type] ?? type);
}

const TYPE_LABELS: Readonly<Record<string, string>> = {
  string: 'Text',
  number: 'Number',
  integer: 'Whole number',
  boolean: 'Yes or no',
  array: 'List',
  object: 'Object',
};

/** What was typed in the alternative before, its constants, and the last value without the fields that only the last alternative has. */
function startValue(
  kept: Json | undefined,
  last: unknown,
  lastNames: readonly string[],
  variant: Schema,
  common: readonly string[],
): Json | undefined {
  if (propertyNames(variant).length === 0) return kept;
  const lastOnly = new Set(lastNames.filter((name) => !common.includes(name)));
  const carried = Object.entries(isRecord(last) ? (last as JsonObject) : {}).filter(([name]) => !lastOnly.has(name));
  const own = Object.entries(isRecord(kept) ? kept : {}).filter(([name]) => !common.includes(name));
  const constants = propertyNames(variant).flatMap((name): [string, Json][] => {
    const constant = soleChoice((variant['properties'] as Schema)[name]);
    return constant === undefined || common.includes(name) ? [] : [[name, constant.value]];
  });
  return Object.fromEntries([...own, ...carried, ...constants]);
}

function soleChoice(schema: unknown): ChoiceOption | undefined {
  const choices = isRecord(schema) ? choicesOf(schema) : undefined;
  return choices?.length === 1 ? choices[0] : undefined;
}

export function ArrayField({ field }: { readonly field: Field }) {
  const { memory } = useHost();
  const { schema, path, value, enabled, form, id, label } = field;
  const items = Array.isArray(value) ? (value as readonly Json[]) : [];
  const list = useRef<HTMLDivElement>(null);
  const keys = useItemKeys(items.length);
  const focusNext = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    if (focusNext.current === undefined) return;
    const target = list.current?.querySelector<HTMLElement>(focusNext.current);
    focusNext.current = undefined;
    target?.focus();
  });
  const reorder = (order: readonly number[], focus: string): void => {
    keys.reorder(order);
    moveMemory(memory, path, order);
    focusNext.current = focus;
    field.change(order.map((at) => items[at] ?? null));
  };
  const indexes = items.map((_, at) => at);
  const maxItems = typeof schema['maxItems'] === 'number' ? schema['maxItems'] : Infinity;
  const name = singular(label);
  return (
    <GroupFrame field={field}>
      <div class="field-items" ref={list}>
        {items.map((_, at) => {
          const itemPath = path + pointerStep(at);
          const title = itemTitle(field, itemPath, `${name} ${at + 1}`);
          const key = keys.keys[at] ?? at;
          return (
            <div key={key} class="field-item" role="group" aria-label={title} data-item={key}>
              <div class="field-item-bar">
                <span class="field-item-title">{title}</span>
                {enabled && (
                  <span class="field-item-actions">
                    <button
                      type="button"
                      data-action="up"
                      aria-label={`Move ${title} up`}
                      disabled={at === 0}
                      onClick={() => reorder(swapped(indexes, at, at - 1), actionSelector(key, 'up', 'down'))}
                    >
                      ↑
                    </button>
                    <button
                      type="button"
                      data-action="down"
                      aria-label={`Move ${title} down`}
                      disabled={at === items.length - 1}
                      onClick={() => reorder(swapped(indexes, at, at + 1), actionSelector(key, 'down', 'up'))}
                    >
                      ↓
                    </button>
                    <button
                      type="button"
                      aria-label={`Remove ${title}`}
                      onClick={() =>
                        reorder(
                          indexes.filter((one) => one !== at),
                          '[data-action="add"]',
                        )
                      }
                    >
                      Remove
                    </button>
                  </span>
                )}
              </div>
              <ItemFields field={field} path={itemPath} title={title} />
            </div>
          );
        })}
        {items.length === 0 && <p class="field-hint">No items yet</p>}
        {enabled && (
          <button
            type="button"
            data-action="add"
            id={`${id}-add`}
            disabled={items.length >= maxItems}
            onClick={() => {
              const key = keys.add();
              focusNext.current = `[data-item="${key}"] :is(input, select, textarea)`;
              field.change([...items, emptyItem(schema, form.root)]);
            }}
          >
            Add<span class="visually-hidden"> to {label}</span>
          </button>
        )}
      </div>
    </GroupFrame>
  );
}

function ItemFields({ field, path, title }: { readonly field: Field; readonly path: string; readonly title: string }) {
  const { schema, form, enabled } = field;
  const value = valueAt(form.data, path);
  const item = effectiveSchema(schema['items'], value, form.root);
  if (controlKind(item, form.root) === 'object' && (value === null || isRecord(value))) {
    const own: Field = { ...field, path, schema: item, value, change: (next) => form.change(path, next) };
    return <ObjectContent field={own} />;
  }
  return (
    <JsonFormsDispatch
      uischema={ITEM}
      schema={labelled(schema['items'] as Schema, title)}
      path={path}
      enabled={enabled}
    />
  );
}

const actionSelector = (key: number, action: string, other: string): string =>
  `[data-item="${key}"] [data-action="${action}"]:enabled, [data-item="${key}"] [data-action="${other}"]:enabled`;

function swapped(order: readonly number[], a: number, b: number): readonly number[] {
  return order.map((one) => (one === a ? b : one === b ? a : one));
}

/** `Applicants` are `Applicant 1` and so on; other labels stay as they are. */
function singular(label: string): string {
  return /[^s]s$/.test(label) && label.length > 3 ? label.slice(0, -1) : label;
}

/** The value of the property that the UI schema names, or else the number of the item. */
function itemTitle({ options, form }: Field, path: string, number: string): string {
  const property = options['elementLabelProp'];
  const value = typeof property === 'string' ? valueAt(form.data, path + pointerStep(property)) : undefined;
  return typeof value === 'string' && value !== '' ? `${number}: ${value}` : number;
}

function emptyItem(schema: Schema, root: Schema): Json {
  const item = effectiveSchema(schema['items'], undefined, root);
  if (item['default'] !== undefined) return item['default'] as Json;
  switch (controlKind(item, root)) {
    case 'object':
      return {};
    case 'array':
    case 'choices':
      return [];
    case 'text':
      return '';
    default:
      return null;
  }
}

/** Keys that stay with the items when they move. */
function useItemKeys(length: number) {
  const state = useRef<{ keys: number[]; next: number }>({ keys: [], next: 0 });
  const { current } = state;
  const create = (): number => {
    current.next += 1;
    return current.next;
  };
  while (current.keys.length < length) current.keys.push(create());
  current.keys.length = length;
  return {
    keys: current.keys,
    reorder: (order: readonly number[]): void => {
      const before = [...current.keys];
      current.keys = order.map((at) => before[at] ?? create());
    },
    add: (): number => {
      const key = create();
      current.keys.push(key);
      return key;
    },
  };
}

/** What the form remembers of the items moves with them. */
function moveMemory(memory: FormMemory, path: string, order: readonly number[]): void {
  for (const map of [memory.drafts, memory.chosen, memory.setAside] as Map<string, unknown>[]) {
    const entries = [...map].filter(([at]) => at.startsWith(`${path}/`));
    for (const [at] of entries) map.delete(at);
    for (const [at, value] of entries) {
      const [, index = '', rest = ''] = /^(\d+)(.*)$/s.exec(at.slice(path.length + 1)) ?? [];
      const next = order.indexOf(Number(index));
      if (index !== '' && next >= 0) map.set(`${path}/${next}${rest}`, value);
    }
  }
}
