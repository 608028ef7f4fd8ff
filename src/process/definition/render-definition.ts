import { Document, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import type { ScalarTag, Tags } from 'yaml';
import { splitTextFile } from '../../files/text-file.ts';
import { hasHiddenCharacters, yamlComment, yamlString } from '../../base/escape.ts';
import { toFile } from './file.ts';
import type { ProcessDefinition, TaskDefinition } from '../definition.ts';

/**
 * Renders a definition as the text of a definition file. Parsing it gives the same definition. `schemaPath`: where editors find the file's JSON
 * Schema, as a path relative to the file, or a URL. `notes`: comment lines at the top, such as what a discovery is based on.
 */
export function renderDefinition(
  definition: ProcessDefinition,
  { schemaPath, notes = [] }: { readonly schemaPath?: string; readonly notes?: readonly string[] } = {},
): string {
  const document = newDocument(toFile(definition));
  const head = [...(schemaPath === undefined ? [] : [`yaml-language-server: $schema=${schemaPath}`]), ...notes];
  if (head.length > 0) document.commentBefore = head.map((line) => ` ${yamlComment(line)}`).join('\n');
  if (isMap(document.contents)) {
    for (const [at, pair] of document.contents.items.entries()) {
      if (at > 0 && isScalar(pair.key)) pair.key.spaceBefore = true;
      if (!isScalar(pair.key) || pair.key.value !== 'tasks' || !isSeq(pair.value)) continue;
      for (const [index, task] of pair.value.items.entries()) if (isNode(task)) task.spaceBefore = index > 0;
    }
  }
  return document.toString({ lineWidth: 0 });
}

const SCHEMA_COMMENT = /^#[ \t]*yaml-language-server:.*$/m;

/**
 * The text of a definition file for a project: as a person wrote it, with the comment that tells editors where its JSON Schema is, and `\n` as line
 * ends. Undefined if the text is not YAML in block style, or has characters that readers cannot see.
 */
export function keepDefinitionText(text: string, schemaPath: string): string | undefined {
  const content = splitTextFile(text).text.replaceAll('\r\n', '\n');
  const { contents } = parseDocument(content);
  if (!isMap(contents) || contents.flow === true || hasHiddenCharacters(content.replaceAll('\n', ''))) return undefined;
  const schemaComment = `# yaml-language-server: $schema=${schemaPath}`;
  const kept = SCHEMA_COMMENT.test(content)
    ? content.replace(SCHEMA_COMMENT, () => schemaComment)
    : `${schemaComment}\n\n${content}`;
  return kept.endsWith('\n') ? kept : `${kept}\n`;
}

/** Renders one item of the task list of a definition file, starting with `- code: …`. */
export function renderTask(task: TaskDefinition): string {
  return newDocument([toFile(task)]).toString({ lineWidth: 0 });
}

function newDocument(value: unknown): Document {
  return new Document(value, { aliasDuplicateObjects: false, ...WRITING });
}

/**
 * Escapes text with hidden characters, so that reviewers of the file can see them, and text with a line of only spaces,
 * which the library's block scalars lose.
 */
const ESCAPED_TEXT: ScalarTag = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  identify: (value) =>
    typeof value === 'string' && (hasHiddenCharacters(value.replaceAll('\n', '')) || /^[ \t]+$/m.test(value)),
  resolve: (text) => text,
  test: /^(?!)/,
  stringify: (item) => yamlString(String(item.value)),
};

/** How the library writes definition files. */
export const WRITING = { customTags: (tags: Tags): Tags => [ESCAPED_TEXT, ...tags] } as const;
