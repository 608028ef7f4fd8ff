import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Licenses whose terms are met by shipping their text. */
export const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
]);

/**
 * The packages with code in the bundles, sorted by name.
 * @returns {{ name: string, version: string, licence: string, folder: string }[]}
 */
export function bundledPackages(root, ...metafiles) {
  const folders = new Set();
  for (const output of metafiles.flatMap(({ outputs }) => Object.values(outputs))) {
    for (const input of Object.keys(output.inputs)) {
      const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
      if (found !== null) folders.add(found[1]);
    }
  }
  return [...folders]
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      const licence =
        typeof manifest.license === 'string'
          ? manifest.license
          : (manifest.license?.type ?? manifest.licenses?.[0]?.type);
      return { name: manifest.name, version: manifest.version, licence: licence ?? 'none given', folder };
    })
    .sort((a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version));
}

/** Whether an SPDX expression is allowed; one operand of `A OR B` is enough. */
export function isAllowed(expression) {
  const bare = expression.replaceAll(/[()]/g, ' ').trim();
  return bare.split(/\s+OR\s+/).some((choice) => choice.split(/\s+AND\s+/).every((id) => ALLOWED.has(id.trim())));
}

/** What templates/ contains of others. */
const TEMPLATE_FILES = [
  {
    name: 'Apache Maven Wrapper',
    version: '3.3.4',
    licence: 'Apache-2.0',
    files: 'templates/java/mvnw and mvnw.cmd',
    text: 'maven-wrapper.txt',
  },
];

function licenceText(root, { name, folder }) {
  // The license texts of packages that ship without one, as published in their repositories.
  const kept = join(root, 'scripts', 'licence-texts', `${name.replaceAll('/', '__')}.txt`);
  const own = readdirSync(join(root, folder))
    .filter((file) => /^(licen[cs]e|copying|notice)([.-].*)?$/i.test(file) && !/\.(js|ts|json)$/.test(file))
    .sort();
  if (own.some((file) => /^(licen|copying)/i.test(file))) {
    return own.map((file) => readFileSync(join(root, folder, file), 'utf8').trim()).join('\n\n');
  }
  return existsSync(kept) ? readFileSync(kept, 'utf8').trim() : undefined;
}

const section = (title, text) => `${'='.repeat(80)}\n${title}\n${'='.repeat(80)}\n\n${text}`;

/** The text of THIRD_PARTY_NOTICES. Throws one error that lists every unlisted license and every missing text. */
export function notices(root, packages) {
  const problems = [];
  const parts = [
    'create-kuflow-worker contains code of the packages below, under their own licences.',
    ...packages.map((bundled) => {
      if (!isAllowed(bundled.licence))
        problems.push(`${bundled.name}@${bundled.version}: licence ${bundled.licence} is not on the list`);
      const text = licenceText(root, bundled);
      if (text === undefined)
        problems.push(`${bundled.name}@${bundled.version}: no licence text (scripts/licence-texts/)`);
      return section(`${bundled.name} ${bundled.version} (${bundled.licence})`, text ?? '');
    }),
  ];
  if (problems.length > 0) throw new Error(`THIRD_PARTY_NOTICES cannot be written:\n  ${problems.join('\n  ')}`);
  return `${parts.join('\n\n')}\n`;
}

/** The part of THIRD_PARTY_NOTICES about what templates/ contains of others. */
export function templateNotices(root) {
  return TEMPLATE_FILES.map(({ name, version, licence, files, text }) => {
    const terms = readFileSync(join(root, 'scripts', 'licence-texts', text), 'utf8').trim();
    return `\n${section(`${name} ${version} (${licence}), in ${files}`, terms)}\n`;
  }).join('');
}
