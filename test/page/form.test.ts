import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import type { LocalGroup, LocalUser } from '../../src/platform/shared/dev-contract.ts';
import { accessibilityFindings, describeInChromium, elementsBeyondWindow, useBrowser } from '../support/browser.ts';
import { useFormPages } from '../support/form-page.ts';

const text = { type: 'string' };
const object = (properties: JsonObject, required: readonly string[] = []): JsonObject => ({
  type: 'object',
  required,
  properties,
});

const ID = '0190a3c5-0000-7000-8000-00000000000';
const users: readonly LocalUser[] = [
  { principalId: `${ID}1`, userId: `${ID}2`, email: 'ada@example.com', name: 'Ada', groups: [], token: '' },
  { principalId: `${ID}3`, userId: `${ID}4`, email: 'bob@example.com', name: 'Bob', groups: ['RISK'], token: '' },
];
const groups: readonly LocalGroup[] = [{ id: `${ID}5`, code: 'RISK', name: 'Risk team' }];

const EVERYTHING: JsonObject = {
  type: 'object',
  required: ['firstName', 'approved', 'size', 'address', 'report', 'agreed', 'toppings'],
  properties: {
    firstName: { ...text, minLength: 2, description: 'As in the passport.' },
    motto: text,
    email: { ...text, format: 'email' },
    amount: { type: 'number', minimum: 1 },
    count: { type: 'integer' },
    approved: { type: 'boolean' },
    urgent: { type: 'boolean' },
    agreed: { const: true, title: 'I agree to the terms' },
    size: { enum: ['S', 'M', 'L'] },
    color: {
      oneOf: [
        { const: 'r', title: 'Red' },
        { const: 'g', title: 'Green' },
      ],
    },
    toppings: { type: 'array', uniqueItems: true, minItems: 1, items: { enum: ['ham', 'corn'] } },
    birthday: { ...text, format: 'date' },
    meeting: { ...text, format: 'date-time' },
    alarm: { ...text, format: 'time' },
    report: { ...text, format: 'kuflow-file', accept: '.pdf', maxSize: 1000 },
    owner: { ...text, format: 'kuflow-principal' },
    team: { ...text, format: 'kuflow-group' },
    address: object({ street: text, city: text }, ['street']),
    guests: { type: 'array', items: object({ name: text, age: { type: 'integer' } }, ['name']) },
    payment: {
      oneOf: [
        { title: 'Card', ...object({ kind: { const: 'card' }, number: text }, ['kind', 'number']) },
        { title: 'Transfer', ...object({ kind: { const: 'transfer' }, iban: text }, ['kind', 'iban']) },
      ],
    },
    extra: { type: 'object' },
  },
};

const LAYOUT: JsonObject = {
  type: 'Categorization',
  elements: [
    {
      type: 'Category',
      label: 'Person',
      elements: [
        { type: 'Label', text: 'Who it is' },
        {
          type: 'HorizontalLayout',
          elements: [
            { type: 'Control', scope: '#/properties/firstName', label: 'Name' },
            { type: 'Control', scope: '#/properties/motto', options: { multi: true } },
          ],
        },
      ],
    },
    {
      type: 'Category',
      label: 'Decision',
      elements: [
        {
          type: 'Group',
          label: 'Result',
          elements: [
            { type: 'Control', scope: '#/properties/approved' },
            {
              type: 'Control',
              scope: '#/properties/amount',
              rule: { effect: 'SHOW', condition: { scope: '#/properties/approved', schema: { const: true } } },
            },
            {
              type: 'Control',
              scope: '#/properties/count',
              rule: { effect: 'DISABLE', condition: { scope: '#/properties/approved', schema: { const: false } } },
            },
          ],
        },
      ],
    },
  ],
};

describeInChromium('the form', () => {
  const browser = useBrowser();
  const forms = useFormPages(browser);

  it('has a labelled control for each type of value', async () => {
    const form = await forms.open({ shape: { schema: EVERYTHING }, users, groups, documents: true });
    const { page } = form;
    await page.getByLabel('First name').fill('Ada');
    await page.getByLabel('Email').fill('ada@example.com');
    await page.getByLabel('Amount').fill('12.50');
    await page.getByLabel('Count').fill('7');
    await page.getByRole('group', { name: 'Approved' }).getByLabel('No').check();
    await page.getByRole('group', { name: 'Urgent' }).getByLabel('Yes').check();
    await page.getByRole('button', { name: 'Clear Urgent' }).click();
    await page.getByLabel('I agree').check();
    expect(await page.getByLabel('Size').locator('option').first().textContent()).toBe('Choose…');
    await page.getByLabel('Size').selectOption('M');
    await page.getByLabel('Color').selectOption('Green');
    await page.getByRole('group', { name: 'Toppings' }).getByLabel('corn').check();
    await page.getByLabel('Birthday').fill('2000-02-29');
    await page.getByLabel('Meeting').fill('2026-03-31T10:30');
    await page.getByLabel('Alarm').fill('07:15');
    await page.getByLabel('Owner').selectOption('Bob (bob@example.com)');
    await page.getByLabel('Team').selectOption('Risk team (RISK)');
    await page.getByLabel('Street').fill('Calle 1');
    await page.getByLabel('Extra').fill('{"a": [1]}');
    await page.getByRole('group', { name: 'Payment' }).getByLabel('Type').selectOption('Card');
    await page.getByLabel('Number').fill('4111');
    await page
      .getByLabel('Report')
      .setInputFiles({ name: 'a.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF') });
    await page.getByText('a.pdf (4 B)').waitFor();
    expect(await form.calls()).toMatchObject({
      problems: [],
      data: {
        firstName: 'Ada',
        email: 'ada@example.com',
        amount: 12.5,
        count: 7,
        approved: false,
        agreed: true,
        size: 'M',
        color: 'g',
        toppings: ['corn'],
        birthday: '2000-02-29',
        meeting: '2026-03-31T10:30:00Z',
        alarm: '07:15:00Z',
        report: 'kuflow-file:uri=ku:test/1;type=application%2Fpdf;size=4;name=a.pdf;',
        owner: `kuflow-principal:id=${ID}3;type=USER;name=Bob;`,
        team: `kuflow-group:id=${ID}5;type=OTHERS;name=Risk%20team;`,
        address: { street: 'Calle 1' },
        extra: { a: [1] },
        payment: { kind: 'card', number: '4111' },
      },
    });
    expect(Object.keys((await form.calls()).data)).not.toContain('urgent');
    // Numbers stay as they were typed.
    expect(await page.getByLabel('Amount').inputValue()).toBe('12.50');
  });

  it('is readable in light and dark and on a phone', async () => {
    const options = [{ width: 900 }, { width: 360 }, { width: 900, colorScheme: 'dark' }] as const;
    const initialData = { firstName: 'A', amount: 0, guests: [{}], payment: { kind: 'card' }, left: 1, motto: 'a\nb' };
    for (const option of options) {
      const form = await forms.open(
        { shape: { schema: EVERYTHING }, initialData, users, groups, documents: true },
        option,
      );
      await form.render({ showAllProblems: true });
      await form.page.getByText('Enter at least 2 characters').waitFor();
      if (option.width === 900) expect(await accessibilityFindings(form.page)).toEqual([]);
      expect(await elementsBeyondWindow(form.page)).toEqual([]);
      await form.page.context().close();
    }
  });

  it('shows a problem once its field was left, and all problems on request', async () => {
    const form = await forms.open({ shape: { schema: EVERYTHING } });
    const { page } = form;
    const name = page.getByLabel('First name');
    await name.fill('A');
    expect(await page.locator('.field-problem').count()).toBe(0);
    await page.getByLabel('Motto').focus();
    expect(await page.locator('.field-problem').allTextContents()).toEqual([
      'Enter at least 2 characters. You entered 1',
    ]);
    expect(await name.getAttribute('aria-invalid')).toBe('true');
    const described = (await name.getAttribute('aria-describedby')) ?? '';
    const texts = await Promise.all(described.split(' ').map((id) => page.locator(`[id="${id}"]`).textContent()));
    expect(texts).toEqual(['As in the passport.', 'Enter at least 2 characters. You entered 1']);
    await form.render({ showAllProblems: true });
    await page.getByText('Choose Yes or No').waitFor();
    const { problems } = await form.calls();
    expect(problems).toContainEqual({
      path: '/address/street',
      label: 'Address › Street',
      message: 'Fill in this field',
    });
    expect(problems).toContainEqual({ path: '/report', label: 'Report', message: 'Add a file' });
    await name.fill('Ada');
    await page.getByText('Enter at least 2 characters').waitFor({ state: 'detached' });
  });

  it('keeps text that is not a number, and reports it', async () => {
    const form = await forms.open({
      shape: { schema: object({ amount: { type: 'number' }, big: { type: 'integer' } }) },
    });
    const amount = form.page.getByLabel('Amount');
    await amount.pressSequentially('12,5');
    await form.page.getByLabel('Big').fill('12345678901234567890');
    expect(await amount.inputValue()).toBe('12,5');
    expect(await form.calls()).toMatchObject({
      data: { amount: '12,5', big: '12345678901234567890' },
      problems: [{ message: 'Enter a number, such as 12.5' }, { message: 'Enter a whole number' }],
    });
    await amount.fill('');
    await amount.pressSequentially('-1.50');
    expect((await form.calls()).data['amount']).toBe(-1.5);
    expect(await amount.inputValue()).toBe('-1.50');
  });

  it('reports each change at once, so that Enter right after a key sends it', async () => {
    const form = await forms.open({ shape: { schema: object({ firstName: text, lastName: text }) } });
    const seen = await form.page.evaluate<unknown>(`(() => {
      const seen = [];
      for (const [index, value] of [[0, 'Ada'], [1, 'Lovelace'], [0, 'Ada M.']]) {
        const input = document.querySelectorAll('#form input')[index];
        input.value = value;
        input.dispatchEvent(new InputEvent('input', { bubbles: true }));
        seen.push(structuredClone(testForm.calls.data));
      }
      return seen;
    })()`);
    expect(seen).toEqual([
      { firstName: 'Ada' },
      { firstName: 'Ada', lastName: 'Lovelace' },
      { firstName: 'Ada M.', lastName: 'Lovelace' },
    ]);
  });

  it('loses nothing while everything around it changes', async () => {
    const schema = object({ firstName: text, lastName: text, city: text, notes: { type: 'array', items: text } });
    const form = await forms.open({ shape: { schema }, initialData: { firstName: 'Ada', city: 'Madrid' } });
    const { page } = form;
    const last = page.getByLabel('Last name');
    await last.focus();
    // Renders the form again between the keys, and with another property each time.
    await page.evaluate(`(() => {
      const input = document.querySelectorAll('#form input')[1];
      const changes = [{ initialData: {} }, { showAllProblems: true }, { readOnly: true, users: [] }, { readOnly: false }];
      const shape = ${JSON.stringify({ schema })};
      for (const [at, letter] of [...'Lovelace'].entries()) {
        input.value += letter;
        input.dispatchEvent(new InputEvent('input', { bubbles: true }));
        testForm.render({ initialData: { firstName: 'other' }, shape: structuredClone(shape), ...changes[at % changes.length] });
      }
    })()`);
    await page.getByRole('button', { name: 'Add to Notes' }).click();
    await page.keyboard.type('one');
    expect((await form.calls()).data).toEqual({
      firstName: 'Ada',
      city: 'Madrid',
      lastName: 'Lovelace',
      notes: ['one'],
    });

    await form.render({ readOnly: true });
    expect(await last.getAttribute('readonly')).not.toBeNull();
    expect(await last.inputValue()).toBe('Lovelace');
    await form.render({ readOnly: false });
    await last.focus();
    await page.keyboard.press('End');
    await page.keyboard.type('!');
    // The definition was edited: one field is gone, one has another type, and one is new.
    const edited = object({ city: { type: 'number' }, lastName: text, age: { type: 'integer' } }, ['age']);
    await form.render({ shape: { schema: edited } });
    await page.getByLabel('Age').waitFor();
    expect(await page.getByLabel('City').inputValue()).toBe('Madrid');
    expect(await page.evaluate(`document.activeElement.value`)).toBe('Lovelace!');
    const other = page.getByLabel('Other fields');
    expect(JSON.parse(await other.inputValue())).toEqual({ firstName: 'Ada', notes: ['one'] });
    await other.fill('{"firstName": "Ada"');
    await page.getByLabel('Age').fill('36');
    expect(await other.inputValue()).toBe('{"firstName": "Ada"');
    expect((await form.calls()).problems.map(({ label }) => label)).toContain('Other fields');
    await other.fill('{"firstName": "Eva"}');
    expect((await form.calls()).data).toEqual({
      city: 'Madrid',
      lastName: 'Lovelace!',
      age: 36,
      firstName: 'Eva',
    });
  });

  it('has layouts, tabs for the keyboard, and rules that keep what they hide', async () => {
    const form = await forms.open({ shape: { schema: EVERYTHING, uiSchema: LAYOUT } });
    const { page } = form;
    await page.getByText('Who it is').waitFor();
    await page.getByLabel('Name').fill('Ada');
    await page.getByLabel('Motto').fill('a\nb');
    await page.getByRole('tab', { name: 'Person' }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('tab', { name: 'Decision' }).getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.getByLabel('Amount').fill('3');
    await page.getByLabel('Count').fill('4');
    await page.getByRole('group', { name: 'Approved' }).getByLabel('No').check();
    expect(await page.getByLabel('Amount').count()).toBe(0);
    expect(await page.getByLabel('Count').getAttribute('readonly')).not.toBeNull();
    await page.getByRole('group', { name: 'Approved' }).getByLabel('Yes').check();
    expect(await page.getByLabel('Amount').inputValue()).toBe('3');
    await page.getByRole('tab', { name: 'Decision' }).focus();
    await page.keyboard.press('Home');
    expect(await page.getByLabel('Name').inputValue()).toBe('Ada');
    expect((await form.calls()).data).toMatchObject({ firstName: 'Ada', motto: 'a\nb', amount: 3, count: 4 });
    expect((await form.calls()).problems.map(({ path }) => path)).toContain('/size');
    await form.render({ showAllProblems: true });
    await page.getByLabel('Name').fill('A');
    await page.getByRole('tab', { name: 'Person (has problems)' }).waitFor();
    // As the list of problems does, which is outside of the form.
    await page.getByRole('tab', { name: 'Decision' }).click();
    await page.evaluate(`testForm.focusField('/firstName')`);
    await page.locator('input[data-path="/firstName"]:focus').waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
  });

  it('adds, moves and removes the items of a list', async () => {
    const form = await forms.open({ shape: { schema: EVERYTHING } });
    const { page } = form;
    const add = page.getByRole('button', { name: 'Add to Guests' });
    for (const name of ['Ada', 'Bob', 'Eva']) {
      await add.click();
      await page.keyboard.type(name);
      await page.keyboard.press('Tab');
      await page.keyboard.type('x1');
    }
    const names = async (): Promise<unknown> =>
      ((await form.calls()).data['guests'] as readonly JsonObject[]).map(({ name }) => name);
    await page.getByRole('button', { name: 'Move Guest 3 up' }).focus();
    await page.keyboard.press('Enter');
    expect(await names()).toEqual(['Ada', 'Eva', 'Bob']);
    // The button that was pressed moves along.
    await page.keyboard.press('Enter');
    expect(await names()).toEqual(['Eva', 'Ada', 'Bob']);
    await page.getByRole('button', { name: 'Remove Guest 2' }).click();
    expect((await form.calls()).data['guests']).toEqual([
      { name: 'Eva', age: 'x1' },
      { name: 'Bob', age: 'x1' },
    ]);
    expect(await page.evaluate(`document.activeElement.textContent`)).toBe('Add to Guests');
    expect((await form.calls()).problems).toContainEqual({
      path: '/guests/1/age',
      label: 'Guests › 2 › Age',
      message: 'Enter a whole number',
    });
  });

  it('keeps what was typed in another alternative', async () => {
    const form = await forms.open({ shape: { schema: EVERYTHING } });
    const { page } = form;
    const type = page.getByRole('group', { name: 'Payment' }).getByLabel('Type');
    await type.selectOption('Card');
    await page.getByLabel('Number').fill('4111');
    // The alternative says what kind it is.
    expect(await page.getByLabel('Kind').count()).toBe(0);
    await type.selectOption('Transfer');
    expect((await form.calls()).data['payment']).toEqual({ kind: 'transfer' });
    expect((await form.calls()).problems).toContainEqual({
      path: '/payment/iban',
      label: 'Payment › Iban',
      message: 'Fill in this field',
    });
    await page.getByLabel('Iban').fill('ES1');
    await type.selectOption('Card');
    expect((await form.calls()).data['payment']).toEqual({ kind: 'card', number: '4111' });
    await type.selectOption('Transfer');
    expect((await form.calls()).data['payment']).toEqual({ kind: 'transfer', iban: 'ES1' });
  });

  it('uploads, downloads and removes documents, and refuses those that the schema does not allow', async () => {
    const form = await forms.open({ shape: { schema: EVERYTHING }, documents: true });
    const { page } = form;
    const file = (name: string, mimeType: string, size: number) => ({ name, mimeType, buffer: Buffer.alloc(size) });
    const input = page.getByLabel('Report');
    await input.setInputFiles(file('big.pdf', 'application/pdf', 1001));
    await page.getByText('big.pdf is 1001 B and was not uploaded. Choose a file of at most 1000 B').waitFor();
    await input.setInputFiles(file('a.txt', 'text/plain', 1));
    await page.getByText('a.txt was not uploaded. Choose a file of one of these types: .pdf').waitFor();
    await input.setInputFiles(file('a.pdf', 'application/pdf', 10));
    await page.getByRole('button', { name: 'Download Report' }).click();
    await page.getByRole('button', { name: 'Remove Report' }).click();
    await input.waitFor();
    const { uploads, downloads, data } = await form.calls();
    expect(uploads).toEqual([{ name: 'a.pdf', type: 'application/pdf', size: 10 }]);
    expect(downloads).toEqual([expect.stringContaining('name=a.pdf')]);
    expect(data['report']).toBeUndefined();
    await form.render({ documents: false });
    await page.getByText('Files can be added in tasks and user actions only').waitFor();
    expect(await input.isDisabled()).toBe(true);
  });

  it('shows values that do not fit their control, as text or JSON, and leaves them unchanged', async () => {
    const initialData = {
      firstName: { first: 'Ada' },
      count: 'many',
      approved: 'maybe',
      size: 'XXL',
      toppings: ['ham', 'nuts'],
      birthday: 'soon',
      report: 'lost.pdf',
      owner: `kuflow-principal:id=${ID}3;type=USER;name=Robert;`,
      team: 'nobody',
      address: 'Calle 1',
      'a.b': 1,
    };
    const form = await forms.open({ shape: { schema: EVERYTHING }, initialData, users, groups });
    const { page } = form;
    expect(await page.getByLabel('First name').inputValue()).toContain('"first": "Ada"');
    expect(await page.getByLabel('Approved').inputValue()).toBe('"maybe"');
    expect(await page.getByLabel('Count').inputValue()).toBe('many');
    expect(await page.getByLabel('Birthday').inputValue()).toBe('soon');
    expect(await page.getByLabel('Address').inputValue()).toBe('"Calle 1"');
    const selected = (label: string) => page.getByLabel(label).locator('option:checked').textContent();
    expect(await selected('Size')).toBe('XXL (not an option)');
    expect(await selected('Owner')).toBe('Bob (bob@example.com)');
    expect(await selected('Team')).toBe('nobody (not an option)');
    expect(await page.getByLabel('nuts (not an option)').isChecked()).toBe(true);
    await page.getByText('lost.pdf').waitFor();
    await page.getByLabel('Motto').fill('m');
    expect((await form.calls()).data).toEqual({ ...initialData, motto: 'm' });
    await page.getByLabel('Approved').fill('true');
    expect((await form.calls()).data['approved']).toBe(true);
    await page.getByLabel('Approved').fill('tru');
    await page.getByText('This is not valid JSON: see line 1').waitFor();
    expect(await page.getByLabel('Approved').inputValue()).toBe('tru');
  });

  it('edits properties whatever their names', async () => {
    const names = ['a.b', 'c/d', '0', 'e~f', 'with space', 'constructor'];
    const schema = object(Object.fromEntries(names.map((name) => [name, { ...text, title: `<${name}>` }])));
    const form = await forms.open({ shape: { schema: object({ inner: schema }) } });
    for (const name of names) await form.page.getByLabel(`<${name}>`).fill(name);
    const inner = Object.fromEntries(names.map((name) => [name, name]));
    expect((await form.calls()).data).toEqual({ inner });
    for (const name of names) expect(await form.page.getByLabel(`<${name}>`).inputValue()).toBe(name);
    for (const name of names) await form.page.getByLabel(`<${name}>`).fill('');
    expect((await form.calls()).data).toEqual({});
  });

  it('follows references, allOf, conditions and dialects, and edits anything else as JSON', async () => {
    const schema: JsonObject = {
      definitions: { person: object({ name: text, friend: { $ref: '#/definitions/person' } }) },
      ...object({ who: { $ref: '#/definitions/person' }, nick: { anyOf: [text, { type: 'null' }] } }),
      allOf: [
        object({ member: { type: 'boolean' } }),
        {
          if: { properties: { member: { const: true } }, required: ['member'] },
          then: object({ since: { ...text, format: 'date' } }, ['since']),
        },
      ],
    };
    const form = await forms.open({ shape: { schema } });
    const { page } = form;
    await page.getByLabel('Nick').fill('nick');
    expect(await page.getByLabel('Since').count()).toBe(0);
    await page.getByRole('group', { name: 'Member' }).getByLabel('Yes').check();
    await page.getByLabel('Since').fill('2020-01-01');
    expect(await form.calls()).toMatchObject({
      data: { nick: 'nick', member: true, since: '2020-01-01' },
      problems: [],
    });
    await form.render({ shape: { schema: {} }, key: 'any', initialData: { a: 1 } });
    const editor = page.getByLabel('Data');
    await editor.fill('[1]');
    await page.getByText('This must be a JSON object').waitFor();
    expect(await editor.inputValue()).toBe('[1]');
    await editor.fill('{"a": 2}');
    expect(await form.calls()).toMatchObject({ data: { a: 2 }, problems: [] });
  });

  it('accepts dates and times typed with the keyboard', async () => {
    const form = await forms.open({ shape: { schema: EVERYTHING } });
    await form.page.getByLabel('Birthday').focus();
    await form.page.keyboard.type('02292000');
    await form.page.getByLabel('Meeting').focus();
    await form.page.keyboard.type('03312026');
    await form.page.keyboard.press('Tab');
    await form.page.keyboard.type('103005AM');
    await form.page.getByLabel('Alarm').focus();
    await form.page.keyboard.type('111500PM');
    expect((await form.calls()).data).toMatchObject({
      birthday: '2000-02-29',
      meeting: '2026-03-31T10:30:05Z',
      alarm: '23:15:00Z',
    });
  });
});
