import type { ProcessDefinition } from '../../process/definition.ts';
import type { DefinitionRef } from './processes.ts';
import { textColumn, type Sql } from './sql.ts';

type DefinitionVersion = Pick<DefinitionRef, 'id' | 'version'>;

export function findDefinitionVersion(sql: Sql, { id, version }: DefinitionVersion): ProcessDefinition | undefined {
  const row = sql.get('SELECT definition FROM process_definitions WHERE id = ? AND version = ?', [id, version]);
  return row === undefined ? undefined : (JSON.parse(textColumn(row, 'definition')) as ProcessDefinition);
}

/** Keeps an existing version as it is. */
export function keepDefinitionVersion(
  sql: Sql,
  { id, version }: DefinitionVersion,
  definition: ProcessDefinition,
): void {
  sql.run('INSERT OR IGNORE INTO process_definitions (id, version, definition) VALUES (?, ?, ?)', [
    id,
    version,
    JSON.stringify(definition),
  ]);
}

/** Removes the versions that no process was started with. */
export function removeUnusedDefinitionVersions(sql: Sql): void {
  sql.run(
    `DELETE FROM process_definitions WHERE NOT EXISTS
       (SELECT 1 FROM processes WHERE definition_id = process_definitions.id AND definition_version = process_definitions.version)`,
  );
}
