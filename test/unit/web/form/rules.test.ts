import { expect, it } from 'vitest';
import { applyRule } from '../../../../src/web/form/rules.ts';

const is = (scope: string, expectedValue: unknown) => ({ type: 'LEAF', scope, expectedValue });
const paid = is('#/properties/paid', true);
const isAda = is('#/properties/customer/properties/name', 'Ada');
const data = { paid: true, customer: { name: 'Ada' } };

const shown = { visible: true, enabled: true };
const hidden = { visible: false, enabled: true };
const disabled = { visible: true, enabled: false };

it.each([
  ['SHOW', paid, shown],
  ['HIDE', paid, hidden],
  ['ENABLE', is('#/properties/paid', false), disabled],
  ['DISABLE', isAda, disabled],
  ['SHOW', { type: 'AND', conditions: [paid, isAda] }, shown],
  ['SHOW', { type: 'AND', conditions: [paid, is('#/properties/other', 1)] }, hidden],
  ['HIDE', { type: 'OR', conditions: [is('#/properties/other', 1), isAda] }, hidden],
  ['SHOW', { type: 'OR', conditions: [] }, hidden],
  ['HIDE', { scope: '#/properties/other', schema: true, failWhenUndefined: true }, shown],
  ['SHOW', { type: 'AND', conditions: 'none' }, shown],
  ['HIDE', { type: 'LATER' }, hidden],
  ['LATER', paid, shown],
])('the effect %s with the condition %j leaves an element %j', (effect, condition, expected) => {
  expect(applyRule({ type: 'Control', rule: { effect, condition } }, '', data)).toEqual(expected);
});

it('starts the scopes of a condition from the data of the element', () => {
  const rule = { effect: 'HIDE', condition: is('#/properties/name', 'Ada') };
  expect(applyRule({ type: 'Control', rule }, '/customer', data)).toEqual(hidden);
  expect(applyRule({ type: 'Control', rule }, '', data)).toEqual(shown);
});
