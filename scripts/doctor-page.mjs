// The parts of docs/reference/doctor.md and doctor-faults.md that come from the checks and from the faults of their tests.
import { replaceGeneratedPart, table, tableCell } from './generated-part.mjs';

const PROGRAMS = {
  typescript: "Temporal's TypeScript SDK says",
  python: "KuFlow's Python SDK says",
  java: "the calls that KuFlow's Java library makes report",
  temporal: '`temporal` says',
};
const EXIT = { fail: '1', unknown: '4', warn: '0; 3 with `--fail-on warn`' };
const exitStatus = (id, state) => (state === 'fail' && id.startsWith('KF-SET-') ? '2' : EXIT[state]);

/**
 * docs/reference/doctor.md with the sections of all checks.
 * @param {string} page
 * @param {readonly import('../src/diagnostics/explanations/explain.ts').CheckExplanation[]} checks
 * @returns {string}
 */
export function doctorPage(page, checks) {
  return replaceGeneratedPart(page, 'checks', checkSections(checks));
}

/**
 * docs/internals/doctor-faults.md with its tables.
 * @param {string} page
 * @param {typeof import('../test/unit/diagnostics/matrix/matrix.ts').matrix} matrix
 * @param {Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>} peers What other programs say, by plane and fault; and of `Forms`.
 * @returns {string}
 */
export function doctorFaultsPage(page, matrix, peers) {
  const withFaults = replaceGeneratedPart(page, 'faults', faultTable(matrix, peers));
  return replaceGeneratedPart(withFaults, 'forms', formTable(peers['Forms'] ?? {}));
}

function formTable(forms) {
  return table(
    ['set with', ...Object.values(PROGRAMS)],
    Object.entries(forms).map(([name, said]) => [
      tableCell(name),
      ...Object.keys(PROGRAMS).map((program) => quoted(said[program])),
    ]),
  );
}

function faultTable(matrix, peers) {
  const count = matrix.map(({ plane, faults }) => `${plane} ${faults.length}`).join(', ');
  return [
    `${matrix.flatMap(({ faults }) => faults).length} faults: ${count}.`,
    ...matrix.flatMap(({ plane, faults }) => ['', ...planeTable(plane, faults, peers[plane])]),
  ];
}

function planeTable(plane, faults, peers) {
  const others = peers === undefined ? [] : ['temporal', 'python'];
  return table(
    [plane, 'root cause', 'exit status', ...others.map((program) => PROGRAMS[program])],
    faults.map(({ name, root }) => {
      const [id = '', state = '', code = ''] = root.split(' ');
      const link = `[${id}](../reference/doctor.md#${id.toLowerCase()}) \`${code}\``;
      return [tableCell(name), link, exitStatus(id, state), ...others.map((program) => quoted(peers[name]?.[program]))];
    }),
  );
}

function quoted(text) {
  if (text === undefined) return 'not asked';
  return text.startsWith('connects') ? text : `\`${text.replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}

function checkSections(checks) {
  return [
    ...table(
      ['check', 'group', 'title', 'needs network', 'creates'],
      checks.map(({ id, plane, title, offline, creates = '', docs }) => [
        ...[`[${id}](#${docs})`, plane, title, offline ? 'no' : 'yes', creates],
      ]),
    ),
    ...checks.flatMap((check) => section(check, checks)),
  ];
}

function section({ id, title, looksAt, requires, causes: all }, checks) {
  const causes = all.filter(({ of }) => of === undefined);
  const others = [...new Set(all.flatMap(({ of }) => of ?? []))];
  const earlierChecks = checks.slice(
    0,
    checks.findIndex((check) => check.id === id),
  );
  return [
    '',
    `### ${id}`,
    '',
    `**${title}.** ${looksAt}`,
    ...(requires.length === 0
      ? []
      : ['', `Requires ${requires.map((one) => `[${one}](#${one.toLowerCase()})`).join(', ')}.`]),
    ...(causes.length === 0 ? [] : ['', ...causeTable(causes, earlierChecks)]),
    ...others.flatMap((other) => ['', describeShared(other, all, checks)]),
  ];
}

/** One row for each cause, and one for several causes that an earlier check describes, if what to do about them is the same. */
function causeTable(causes, earlierChecks) {
  const groups = new Map();
  for (const { code, verdict, when, advice } of causes) {
    const described = earlierChecks.find((check) =>
      check.causes.some((cause) => cause.code === code && cause.of === undefined && cause.when === when),
    )?.id;
    const row = { codes: [code], described, verdict, when, advice: steps(advice) };
    const key = JSON.stringify([described ?? code, verdict, row.advice]);
    if (groups.has(key)) groups.get(key).codes.push(code);
    else groups.set(key, row);
  }
  const rows = [...groups.values()].map(({ codes, described, verdict, when, advice }) => {
    const meaning = codes.length === 1 ? tableCell(when) : `See [${described}](#${described.toLowerCase()}).`;
    return [codes.map((code) => `\`${code}\``).join(', '), verdict, meaning, advice];
  });
  return table(['cause', 'result', 'meaning', 'what to do'], rows);
}

/** The causes of another check that this one also reports: all, all except a few, or only a few. */
function describeShared(other, causes, checks) {
  const shared = causes.filter(({ of }) => of === other).map(({ code }) => code);
  const own = checks.find(({ id }) => id === other)?.causes.map(({ code }) => code) ?? [];
  const missing = own.filter((code) => !shared.includes(code));
  const link = `[${other}](#${other.toLowerCase()})`;
  const list = (codes) => codes.map((code) => `\`${code}\``).join(', ');
  if (missing.length === 0) return `Can also report the causes of ${link}.`;
  if (missing.length < shared.length)
    return `Can also report the causes of ${link}, except the following: ${list(missing)}.`;
  return `Can also report these causes of ${link}: ${list(shared)}.`;
}

/** A step for one part of a certificate set. */
const PART = /^For the (?<part>certificate|key|CA): (?<text>.+)$/;

/** What to do, one step per line. What steps have in common, such as `For a certificate from the settings: `, is said once. */
function steps(advice) {
  return (sameForEachPart(advice) ?? withoutRepeatedStart(advice)).join('<br>');
}

/** The shared text, then the command for each part; undefined if the steps differ in more than the command. */
function sameForEachPart(advice) {
  const parts = advice.map(({ text, command }) => ({ ...PART.exec(text)?.groups, command }));
  const [first] = parts;
  if (first?.text === undefined || parts.some(({ text }) => text !== first.text)) return undefined;
  return [`${tableCell(first.text)}.`, ...parts.map(({ part, command }) => step({ text: `For the ${part}`, command }))];
}

function withoutRepeatedStart(advice) {
  const start = ({ text } = { text: '' }) => /^For a certificate [^:]+: /.exec(text)?.[0] ?? '';
  return advice
    .map((one, index) => ({
      ...one,
      text: one.text.slice(start(one) === start(advice[index - 1]) ? start(one).length : 0),
    }))
    .map(step);
}

const step = ({ text, command }) =>
  command === undefined ? tableCell(text) : `${tableCell(text)}: \`${command.replaceAll('|', '\\|')}\``;
