// What a release changes in the tree, and the files of `packaging/`.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './bundle.mjs';
import { readChecksums } from './program-archive.mjs';

const IN_JSON = /(?<="name": "(?:create-)?kuflow-worker",\s+"version": ")[^"]+/g;

/** The files that contain the version, and where. Create writes the version of the libraries to the lock files of projects. */
const VERSIONS = [
  ['package.json', IN_JSON],
  ['package-lock.json', IN_JSON],
  ['libraries/typescript/package.json', IN_JSON],
  ['libraries/typescript/package-lock.json', IN_JSON],
  ['libraries/python/pyproject.toml', /(?<=^name = "kuflow-worker"\nversion = ")[^"]+/gm],
  ['libraries/python/uv.lock', /(?<=^name = "kuflow-worker"\nversion = ")[^"]+/gm],
  ['libraries/java/pom.xml', /(?<=<artifactId>kuflow-worker<\/artifactId>\s+<version>)[^<]+/g],
  ['README.md', /(?<=create-kuflow-worker-)\d[^/"]*(?=\.tgz)/g],
];

/** Writes the version to all files below `root` that contain it. Throws if one does not, before anything is written. */
export function setVersion(root, version) {
  const texts = VERSIONS.map(([file, pattern]) => {
    const text = readFileSync(join(root, file), 'utf8');
    if (text.search(pattern) === -1) throw new Error(`${file} does not contain the version where it is expected`);
    return [file, text.replace(pattern, version)];
  });
  for (const [file, text] of texts) writeFileSync(join(root, file), text);
}

/**
 * Adds an empty entry for the version to src/project/update/migrations.ts, unless there is one.
 * @param {string} text
 * @param {string} version
 * @returns {string}
 */
export function addMigration(text, version) {
  if (text.includes(`version: '${version}'`)) return text;
  const added = text.replace(
    /(PROJECT_MIGRATIONS: [^]*?),?(\s*\];)/,
    `$1, { version: '${version}', renamed: [], removed: [], changes: [] }$2`,
  );
  if (added === text) throw new Error('migrations.ts does not contain PROJECT_MIGRATIONS');
  return added;
}

/**
 * Moves the entries under `## Unreleased` under a heading with the version and the date. Throws if there are no entries.
 * @param {string} text
 * @param {string} version
 * @param {string} date
 * @returns {string}
 */
export function releaseChangelog(text, version, date) {
  if (text.includes(`\n## ${version} `)) throw new Error(`CHANGELOG.md already contains ${version}`);
  const entries = /^## Unreleased\n(.*?)(?=^## |(?![^]))/ms.exec(text)?.[1] ?? '';
  if (!/^- /m.test(entries)) throw new Error('CHANGELOG.md does not list any changes under "Unreleased"');
  return text.replace('## Unreleased\n', `## Unreleased\n\n## ${version} - ${date}\n`);
}

/**
 * Writes the Homebrew formula and the Scoop manifest to the folder that contains the archives of the standalone program and their checksums.
 * `repository`: the address on GitHub whose releases have the archives. Returns a sentence for each file that needs an archive that is missing.
 */
export function writePackaging(folder, version, repository) {
  const archives = new Map(
    readChecksums(folder).map(({ archive, sha256 }) => {
      const [, platform] = /([a-z]+-[a-z0-9]+)\.(?:zip|tar\.gz)$/.exec(archive);
      return [platform, { url: `${repository}/releases/download/v${version}/${archive}`, sha256 }];
    }),
  );
  const { description } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return readdirSync(join(ROOT, 'packaging')).flatMap((name) => {
    const missing = new Set();
    const text = readFileSync(join(ROOT, 'packaging', name), 'utf8').replace(
      /\{\{(\w+)(?: ([\w-]+))?\}\}/g,
      (_, key, platform) => {
        if (platform === undefined) return { version, repository, description }[key];
        if (!archives.has(platform)) missing.add(platform);
        return archives.get(platform)?.[key];
      },
    );
    if (missing.size > 0) return [`${name} needs the archive for ${[...missing].join(' and ')}`];
    writeFileSync(join(folder, name), text);
    return [];
  });
}

/** The address of the repository in package.json, without `.git`. Undefined if it is not set. */
export function repositoryOf({ repository }) {
  return (repository?.url ?? repository)?.replace(/^git\+|\.git$/g, '');
}
