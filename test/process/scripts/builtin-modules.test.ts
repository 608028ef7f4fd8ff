import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeBuiltinModules } from '../../../scripts/builtin-modules.mjs';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

describe('takeBuiltinModules', () => {
  it('replaces every kind of import of a Node.js module, and keeps other imports', () => {
    const text = takeBuiltinModules(
      [
        "import{sep as mark,join}from'node:path';import os from\"os\";import*as fs from'node:fs';import'node:net';",
        'import{other}from"./other.mjs";',
        'console.log(join("a","b")===`a${mark}b`,typeof os.cpus,typeof fs.readFileSync,other,`import{x}from"node:fs";`);',
        "import{hrtime as late}from'node:process';console.log(typeof late);",
      ].join('\n'),
    );
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'other.mjs'), 'export const other = "other";');
    writeFileSync(join(folder, 'main.mjs'), text);
    const out = execFileSync(process.execPath, [join(folder, 'main.mjs')], { encoding: 'utf8' });
    expect(out).toBe('true function function other import{x}from"node:fs";\nfunction\n');
    expect(text.match(/import[^"']*["'][^"']*/g)).toEqual(['import{other}from"./other.mjs', 'import{x}from"node:fs']);
  });

  it('does not change a file without such imports', () => {
    expect(takeBuiltinModules('import"./a.js";export const b=1;')).toBe('import"./a.js";export const b=1;');
  });
});
