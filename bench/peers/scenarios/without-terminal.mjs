import { askingNames, lacks, OFFLINE } from '../apart.mjs';
import { inPipe } from '../observe.mjs';
import { ended, files } from '../words.mjs';
import { outcome, plain, seconds, TARGET } from './steps.mjs';

export const WITHOUT_TERMINAL = [
  {
    id: 'create',
    title: 'Every answer as an option',
    how: 'no install, and no git if there is an option',
    run: plain((tool) => tool.create(TARGET)),
    say: (facts) => `${outcome(facts)}, ${seconds(facts)}`,
  },
  {
    id: 'help',
    title: '`--help`',
    run: plain((tool) => tool.help),
    say: (facts) => `${ended(facts)}, on ${facts.out === '' ? 'stderr' : 'stdout'}, ${facts.seconds.toFixed(2)} s`,
  },
  {
    id: 'mistyped',
    beforeNetwork: 'ignored; then ',
    title: 'A mistyped option',
    how: 'an existing option with a letter missing',
    run: plain((tool) => [...tool.create(TARGET), tool.mistyped]),
    say: (facts) =>
      facts.made.length > 0
        ? `ignored: ${outcome(facts)}`
        : `refused, ${ended(facts)}${/did you mean/i.test(facts.text) ? ', suggests the right one' : ''}`,
  },
  {
    id: 'choice',
    title: 'A template, sample or language that does not exist',
    run: plain((tool) => tool.wrongChoice(TARGET)),
    say: (facts, tool) =>
      facts.made.length > 0
        ? `creates the default: ${outcome(facts)}`
        : `refused, ${ended(facts)}${facts.text.includes(tool.choice) ? ', lists the choices' : ''}`,
  },
  {
    id: 'missing',
    title: 'No arguments, no terminal',
    run: plain((tool) => tool.bare),
    say: (facts, tool) => {
      if (facts.made.length > 0) return `uses its defaults: ${outcome(facts)}`;
      const drawn = tool.firstPrompt !== undefined && facts.text.includes(tool.firstPrompt);
      return `${ended(facts)}, ${/--(?!help|version)[a-z]/.test(facts.text) ? 'names the missing options' : drawn ? 'does not ask' : 'does not name an option'}`;
    },
  },
  {
    id: 'dry',
    beforeNetwork: 'ignored; then ',
    title: '`--dry-run`',
    run: plain((tool) => [...tool.create(TARGET), '--dry-run']),
    say: (facts, tool, { created }) => {
      if (facts.made.length > 0) return `ignored: ${outcome(facts)}`;
      if (facts.status !== 0) return `refused, ${ended(facts)}`;
      const paths = created.map((path) => path.slice(TARGET.length + 1));
      const named = paths.filter((path) => facts.text.includes(path));
      return `${ended(facts)}, nothing written, lists ${named.length} of ${files(paths.length)}`;
    },
  },
  {
    id: 'json',
    beforeNetwork: 'ignored; then ',
    title: '`--json`',
    run: plain((tool) => [...tool.create(TARGET), '--json']),
    say: (facts) => {
      if (facts.json) return `${ended(facts)}, one JSON value on stdout`;
      return facts.made.length > 0 ? `ignored: ${outcome(facts)}` : `refused, ${ended(facts)}`;
    },
  },
  {
    id: 'pipe',
    title: 'Escape codes in a pipe',
    how: 'also with `CI=1`',
    run: async (tool, place) => {
      const quiet = await inPipe(tool, tool.create(TARGET), place);
      const ci = await inPipe(tool, tool.create('other'), place, { env: { CI: '1' } });
      return { ...quiet, withCi: ci.escapes };
    },
    say: (facts) => `${facts.escapes || 'none'}; with \`CI=1\` ${facts.withCi || 'none'}`,
  },
  {
    id: 'offline',
    title: 'Without any network',
    how: 'as the first row, in an empty network namespace',
    anyNetwork: true,
    run: async (tool, place) => {
      const lacking = lacks.offline();
      return lacking ? { lacking } : await inPipe(tool, tool.create(TARGET), place, { wrap: OFFLINE });
    },
    say: (facts) => `${outcome(facts)}, ${seconds(facts)}`,
  },
  {
    id: 'names',
    title: 'Hosts contacted',
    how: 'at `--help` and in the first row, seen by a name server and an HTTP proxy that only record requests',
    anyNetwork: true,
    run: async (tool, place) => {
      const lacking = lacks.names();
      if (lacking) return { lacking };
      const asked = {};
      let facts;
      for (const [what, args] of [
        ['help', tool.help],
        ['create', tool.create(TARGET)],
      ]) {
        for (const proxy of [false, true]) {
          const recorder = askingNames(place, { proxy });
          facts = await inPipe(tool, args, place, { wrap: recorder.wrap });
          const { names, proxied } = await recorder.asked();
          asked[`${what}${proxy ? 'Proxied' : ''}`] = proxy ? proxied : names;
        }
      }
      return { ...facts, asked };
    },
    say: ({ asked }) => {
      const list = (hosts) => (hosts.length === 0 ? 'none' : hosts.map((host) => `\`${host}\``).join(', '));
      const through = [...new Set([...asked.helpProxied, ...asked.createProxied])];
      const asks = asked.help.length + asked.create.length + through.length > 0;
      return `help: ${list(asked.help)}; create: ${list(asked.create)}${asks ? `; the proxy: ${list(through)}` : ''}`;
    },
  },
];
