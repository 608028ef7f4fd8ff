// The pages of docs/reference/commands/ from what the commands say of themselves.

const FIRST_LINE = '<!-- Written by `npm run docs` from the commands themselves: change them, not this page. -->';

/**
 * File name -> Markdown of every page of docs/reference/commands/.
 * @param {readonly import('../src/cli/command-description.ts').CommandDescription[]} commands
 * @returns {Map<string, string>}
 */
export function commandPages(commands) {
  return new Map([
    ['index.md', indexPage(commands)],
    ...commands.map((command) => [`${command.name}.md`, commandPage(command)]),
  ]);
}

function indexPage(commands) {
  const rows = commands.flatMap((command) => withChildren(command, [], `${command.name}.md`));
  return page([
    '# Commands',
    '',
    'In a project it is `npx kuflow …`, elsewhere `npx -p create-kuflow-worker kuflow …`; `npx create-kuflow-worker` is `kuflow create`.',
    'Exit statuses and the shapes of `--json`: [output](../output.md).',
    '',
    '| command | does |',
    '| --- | --- |',
    ...rows.map(({ path, link, command }) => `| [\`kuflow ${path.join(' ')}\`](${link}) | ${cell(command.summary)} |`),
  ]);
}

function withChildren(command, before, file) {
  const path = [...before, command.name];
  const link = before.length === 0 ? file : `${file}#${anchor(path)}`;
  const children = command.commands.filter(({ name }) => name !== 'help');
  return [{ path, link, command }, ...children.flatMap((child) => withChildren(child, path, file))];
}

function commandPage(command) {
  return page(section(command, [], 1));
}

function section(command, before, depth) {
  const path = [...before, command.name];
  const children = command.commands.filter(({ name }) => name !== 'help');
  const name = ['kuflow', ...path].join(' ');
  return [
    `${'#'.repeat(depth)} ${name}`,
    '',
    text(command.description || `${command.summary}.`),
    '',
    '```',
    `${name} ${command.usage}`.trim(),
    ...(path.join(' ') === 'create' ? [`create-kuflow-worker ${command.usage}`] : []),
    '```',
    ...table(
      ['argument', 'is'],
      command.arguments.map((argument) => [
        `\`${argument.required ? `<${argument.name}${dots(argument)}>` : `[${argument.name}${dots(argument)}]`}\``,
        described(argument),
      ]),
    ),
    ...optionTables(command, depth),
    ...(command.options.some(({ long }) => long === '--json')
      ? ['', `What \`--json\` prints: [${name}](../output.md#${anchor(path)}).`]
      : []),
    ...(command.helpAfter === '' ? [] : ['', '```', command.helpAfter, '```']),
    ...children.flatMap((child) => ['', ...section(child, path, depth + 1)]),
  ];
}

function optionTables(command) {
  // Every command has these two, and says nothing with them that is its own.
  const own = command.options.filter(({ long }) => long !== '--help' && long !== '--debug');
  const groups = [...new Set(own.map(({ group }) => group))];
  return groups.flatMap((group) =>
    table(
      [group === 'Options:' ? 'option' : group.replace(/:$/, ''), 'does'],
      own.filter((option) => option.group === group).map((option) => [`\`${option.flags}\``, described(option)]),
    ),
  );
}

function described({ description, choices, default: standard }) {
  return [
    cell(description),
    ...(choices === undefined ? [] : [`One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`]),
    ...(standard === undefined ? [] : [`\`${standard}\` without it.`]),
  ]
    .map((part, index, all) => (index < all.length - 1 && !part.endsWith('.') ? `${part}.` : part))
    .join(' ');
}

const dots = ({ variadic }) => (variadic ? '...' : '');

function table(head, rows) {
  if (rows.length === 0) return [];
  return ['', `| ${head.join(' | ')} |`, '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)];
}

// What looks like a tag would vanish, and a bar would end the cell.
const text = (words) => words.replaceAll('&', '&amp;').replace(/<(?=[A-Za-z/!])/g, '&lt;');
const cell = (words) => outsideCode(words, text).replaceAll('|', '\\|').replaceAll('\n', ' ');

function outsideCode(words, change) {
  return words
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join('');
}

const anchor = (path) => `kuflow-${path.join('-')}`.toLowerCase();

function page(lines) {
  return `${FIRST_LINE}\n\n${lines.join('\n')}\n`;
}
