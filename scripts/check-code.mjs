// Checks types and style with one program per tsconfig, which takes three quarters of the processor time of `npm run typecheck` and
// `npm run lint:code`: `npm run check:code`.
import { ESLint } from 'eslint';
import ts from 'typescript';
import { TYPED_FILES } from '../eslint.config.js';
import { ROOT } from './bundle.mjs';

const HOST = {
  getCurrentDirectory: () => ROOT,
  getCanonicalFileName: (name) => name,
  getNewLine: () => '\n',
};

const programs = ['tsconfig.json', 'src/web/tsconfig.json'].map(createProgram);
const problems = programs.flatMap((program) => ts.getPreEmitDiagnostics(program));
process.stdout.write(ts.formatDiagnostics(problems, HOST));

const eslint = new ESLint({
  cwd: ROOT,
  overrideConfig: { files: TYPED_FILES, languageOptions: { parserOptions: { projectService: false, programs } } },
});
const results = await eslint.lintFiles(['.']);
process.stdout.write(await (await eslint.loadFormatter('stylish')).format(results));
if (problems.length > 0 || results.some(({ errorCount }) => errorCount > 0)) process.exitCode = 1;

function createProgram(file) {
  const config = ts.getParsedCommandLineOfConfigFile(`${ROOT}/${file}`, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic(diagnostic) {
      throw new Error(ts.formatDiagnostics([diagnostic], HOST));
    },
  });
  return ts.createProgram({
    rootNames: config.fileNames,
    options: config.options,
    configFileParsingDiagnostics: ts.getConfigFileParsingDiagnostics(config),
  });
}
