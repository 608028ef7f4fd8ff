import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BASE_FILE,
  parseBase,
  renderBaseFile,
  withGenerated,
  type ProjectBase,
} from '../../src/project/base-archive.ts';

/** The texts in the base archive, by path. */
export async function readBaseTexts(
  project: string,
): Promise<Readonly<Record<keyof ProjectBase, Map<string, string>>>> {
  const base = await parseBase(readFileSync(join(project, BASE_FILE)));
  const texts = (files: typeof base.generated): Map<string, string> =>
    new Map([...files].map(([path, { contents }]) => [path, Buffer.from(contents).toString('utf8')]));
  return {
    generated: texts(base.generated),
    merged: texts(base.merged),
    regenerated: texts(base.regenerated),
    template: texts(base.template),
  };
}

/** Changes the archive to one in which a file was generated with this text. */
export async function writeBaseText(project: string, path: string, text: string): Promise<void> {
  const base = await parseBase(readFileSync(join(project, BASE_FILE)));
  const changed = withGenerated(base, { path, contents: Buffer.from(text), mode: 0o644 });
  writeFileSync(join(project, BASE_FILE), (await renderBaseFile(changed)).contents);
}
