import { join } from 'node:path';
import { importSource } from './import-source.mjs';

/** The source of `templates.js`: every template precompiled with the renderer's compiler, so that no command compiles at run time. */
export async function compileAllTemplates(root) {
  const { compileTemplates } = await importSource(root, 'src/languages/templates/compile.ts');
  return compileTemplates(join(root, 'templates'));
}
