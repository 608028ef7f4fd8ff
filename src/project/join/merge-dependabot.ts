import { parse, YAMLParseError } from 'yaml';
import { KnownError } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { appendBelowYamlKey } from '../../files/yaml-edit.ts';
import { matchesPatterns, textsInList } from '../../languages/workspace.ts';
import { DEPENDABOT_FILE } from './moved-files.ts';

/** Adds the entries of the template whose ecosystem and folder the file does not have. Undefined if it can't be extended. */
export function mergeDependabotFile(existing: string, template: string): string | undefined {
  try {
    const present = entriesOf(existing);
    const items = templateEntries(template).filter(
      (item) =>
        !entriesOf(`updates:\n${item}`).some((added) => present.some((entry) => updatesSameFolder(entry, added))),
    );
    if (items.length === 0) return existing;
    const block = items.map((item) => item.replaceAll(/^ {2}/gm, '').trimEnd()).join('\n');
    return appendBelowYamlKey(existing, 'updates', block, DEPENDABOT_FILE);
  } catch (error) {
    if (error instanceof KnownError || error instanceof YAMLParseError) return undefined;
    throw error;
  }
}

/** The YAML lines of each entry of a template, whose list is indented by two spaces. */
function templateEntries(template: string): readonly string[] {
  const [, list = ''] = template.split(/^updates:\n/m);
  return list.split(/^(?= {2}- )/m).filter((item) => item.trim() !== '');
}

function entriesOf(text: string): readonly unknown[] {
  const data: unknown = parse(text);
  const updates = isRecord(data) ? data['updates'] : undefined;
  return Array.isArray(updates) ? updates : [];
}

/** Whether an entry already has the ecosystem and the folder of another one. GitHub rejects a file in which two entries have the same. */
function updatesSameFolder(entry: unknown, other: unknown): boolean {
  const folders = foldersOf(entry);
  return (
    ecosystemOf(entry) === ecosystemOf(other) && foldersOf(other).some((folder) => matchesPatterns(folders, folder))
  );
}

function ecosystemOf(entry: unknown): unknown {
  return isRecord(entry) ? entry['package-ecosystem'] : undefined;
}

/** The folders of an entry, which can be patterns, without slashes at the start and end. */
function foldersOf(entry: unknown): readonly string[] {
  const { directory, directories } = isRecord(entry) ? entry : {};
  return (textsInList(directories) ?? textsInList([directory]) ?? []).map((folder) =>
    folder.replace(/^\.?\/+/, '').replace(/\/+$/, ''),
  );
}
