// The part of docs/reference/doctor.md that is written from the checks themselves.

const START = '<!-- checks:start -->';
const END = '<!-- checks:end -->';
const FAULTS_START = '<!-- faults:start -->';
const FAULTS_END = '<!-- faults:end -->';
const FORMS_START = '<!-- forms:start -->';
const FORMS_END = '<!-- forms:end -->';
const PROGRAMS = {
  typescript: "Temporal's TypeScript SDK says",
  python: "KuFlow's Python SDK says",
  java: "the calls of KuFlow's Java library say",
  temporal: '`temporal` says',
};
const EXIT = { fail: '1', unknown: '4', warn: '0; 3 with `--fail-on warn`' };

/**
 * The page with the parts between its marks replaced.
 * @param {string} page
 * @param {readonly import('../src/diagnostics/explanations/explain.ts').CheckExplanation[]} checks
 * @param {typeof import('../test/unit/diagnostics/matrix/matrix.ts').matrix} matrix
 * @param {Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>} peers What others say, by plane and fault; and of `Forms`.
 * @returns {string}
 */
export function doctorPage(page, checks, matrix, peers) {
  const withChecks = replaced(page, START, END, checkSections(checks));
  const withFaults = replaced(withChecks, FAULTS_START, FAULTS_END, faultTable(matrix, peers));
  return replaced(withFaults, FORMS_START, FORMS_END, formTable(peers['Forms'] ?? {}));
}

function formTable(forms) {
  return [
    `| a set with | ${Object.values(PROGRAMS).join(' | ')} |`,
    `|${' --- |'.repeat(Object.keys(PROGRAMS).length + 1)}`,
    ...Object.entries(forms).map(
      ([name, said]) =>
        `| ${[cell(name), ...Object.keys(PROGRAMS).map((program) => quoted(said[program]))].join(' | ')} |`,
    ),
  ];
}

function faultTable(matrix, peers) {
  const count = matrix.map(({ plane, faults }) => `${plane} ${faults.length}`).join(', ');
  return [
    `${matrix.flatMap(({ faults }) => faults).length} faults: ${count}.`,
    ...matrix.flatMap(({ plane, faults }) => ['', ...planeTable(plane, faults, peers[plane])]),
  ];
}

/**
 * @param {string} page
 * @param {string} start
 * @param {string} end
 * @param {readonly string[]} lines
 * @returns {string}
 */
export function replaced(page, start, end, lines) {
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/reference/doctor.md: no ${start} … ${end}`);
  return `${page.slice(0, from + start.length)}\n\n${lines.join('\n')}\n\n${page.slice(to)}`;
}

function planeTable(plane, faults, peers) {
  const others = peers === undefined ? [] : ['`temporal` says', "KuFlow's Python SDK says"];
  const head = [plane, 'root cause', 'exit status', ...others];
  return [
    `| ${head.join(' | ')} |`,
    `|${' --- |'.repeat(head.length)}`,
    ...faults.map(({ name, root }) => {
      const [id = '', state = '', code = ''] = root.split(' ');
      const said = peers?.[name];
      const row = [cell(name), `[${id}](#${id.toLowerCase()}) \`${code}\``, EXIT[state]];
      return `| ${[...row, ...(others.length === 0 ? [] : [quoted(said?.temporal), quoted(said?.python)])].join(' | ')} |`;
    }),
  ];
}

function quoted(text) {
  if (text === undefined) return 'not asked';
  return text.startsWith('connects') ? text : `\`${text.replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}

function checkSections(checks) {
  return [
    '| check | plane | looks at | network | creates |',
    '| --- | --- | --- | --- | --- |',
    ...checks.map(
      ({ id, plane, title, offline, creates, docs }) =>
        `| [${id}](#${docs}) | ${plane} | ${title} | ${offline ? 'no' : 'yes'} | ${creates ?? ''} |`,
    ),
    ...checks.flatMap(section),
  ];
}

function section({ id, title, looksAt, requires, causes: all }) {
  const causes = all.filter(({ of }) => of === undefined);
  const others = [...new Set(all.flatMap(({ of }) => of ?? []))].map((other) => [
    other,
    all.filter(({ of }) => of === other).map(({ code }) => `\`${code}\``),
  ]);
  return [
    '',
    `### ${id}`,
    '',
    `**${title}.** ${looksAt}`,
    ...(requires.length === 0
      ? []
      : ['', `Requires ${requires.map((one) => `[${one}](#${one.toLowerCase()})`).join(', ')}.`]),
    ...(causes.length === 0
      ? []
      : [
          '',
          '| cause | means | what to do |',
          '| --- | --- | --- |',
          ...causes.map(
            ({ code, verdict, when, advice }) =>
              `| \`${code}\` | ${cell(`(${verdict}) ${when}`)} | ${advice.map(step).join('; ')} |`,
          ),
        ]),
    ...others.flatMap(([other, codes]) => [
      '',
      `Also, as [${other}](#${other.toLowerCase()}) explains them: ${codes.join(', ')}.`,
    ]),
  ];
}

const step = ({ text, command }) =>
  command === undefined ? cell(text) : `${cell(text)}: \`${command.replaceAll('|', '\\|')}\``;
// What looks like a tag would vanish, and a bar would end the cell.
const cell = (words) =>
  words
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 0 ? part.replace(/<(?=[A-Za-z/!])/g, '&lt;') : part))
    .join('')
    .replaceAll('|', '\\|');
