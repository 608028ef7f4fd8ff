import type { ProcessDefinition } from '../../process/definition.ts';
import type { DefinitionRef } from './processes.ts';
import type { Sql } from './sql.ts';
import { defineTable, jsonText, text } from './table.ts';

const PROCESS_DEFINITIONS = defineTable('process_definitions', {
  id: text(),
  version: text(),
  definition: jsonText<ProcessDefinition>(),
});

type DefinitionVersion = Pick<DefinitionRef, 'id' | 'version'>;

export function findDefinitionVersion(sql: Sql, { id, version }: DefinitionVersion): ProcessDefinition | undefined {
  return PROCESS_DEFINITIONS.findOne(sql, 'WHERE id = ? AND version = ?', [id, version])?.definition;
}

/** Keeps an existing version as it is. */
export function keepDefinitionVersion(sql: Sql, { id, version }: DefinitionVersion, definition: ProcessDefinition) {
  PROCESS_DEFINITIONS.insert(sql, { id, version, definition }, 'ON CONFLICT DO NOTHING');
}

/** Removes the versions that no process was started with. */
export function removeUnusedDefinitionVersions(sql: Sql): void {
  sql.run(
    `DELETE FROM process_definitions WHERE NOT EXISTS
       (SELECT 1 FROM processes WHERE definition_id = process_definitions.id AND definition_version = process_definitions.version)`,
  );
}
