import { basename, join } from 'node:path';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { WEB_OPTIONS } from '../../scripts/build-web.mjs';
import { ROOT } from '../../scripts/bundle.mjs';
import type { JsonObject } from '../../src/base/json.ts';
import { createCompiledSchemas } from '../../src/platform/console/compiled-schemas.ts';
import type { LocalGroup, LocalUser } from '../../src/platform/shared/dev-contract.ts';
import { CONTENT_SECURITY_POLICY } from '../../src/platform/console/page.ts';
import type { DataShape } from '../../src/process/definition.ts';
import { startAnsweringServer, type AnsweringServer } from './answering-server.ts';
import type { PageOptions, TestBrowser } from './browser.ts';

export interface FormCase {
  readonly shape: DataShape;
  readonly initialData?: JsonObject;
  readonly readOnly?: boolean;
  readonly showAllProblems?: boolean;
  /** Mounts the form again when it changes. */
  readonly key?: string;
  readonly users?: readonly LocalUser[];
  readonly groups?: readonly LocalGroup[];
  /** Whether the form can upload documents. Nothing is stored; `calls` lists the uploads. */
  readonly documents?: boolean;
}

export interface FormCalls {
  /** What the last `onChange` received. */
  readonly data: JsonObject;
  readonly problems: readonly { readonly path: string; readonly label: string; readonly message: string }[];
  readonly uploads: readonly { readonly name: string; readonly type: string; readonly size: number }[];
  readonly downloads: readonly string[];
}

export interface FormPage {
  readonly page: Page;
  /** Renders the form again, as a live update does; what is not given stays. */
  render(changed: Partial<FormCase>): Promise<void>;
  calls(): Promise<FormCalls>;
}

/** Mounts the form as a view does. */
const ENTRY = `
import { h, render } from 'preact';
import { focusField } from './src/web/form/focus-field.ts';
import { DataForm } from './src/web/form/form.tsx';

const calls = { data: {}, problems: [], uploads: [], downloads: [] };
const services = ({ users = [], groups = [], documents = false }) => ({
  users,
  groups,
  uploadDocument: documents
    ? async (file) => {
        calls.uploads.push({ name: file.name, type: file.type, size: file.size });
        return 'kuflow-file:uri=ku:test/' + calls.uploads.length + ';type=' + encodeURIComponent(file.type) +
          ';size=' + file.size + ';name=' + encodeURIComponent(file.name) + ';';
      }
    : undefined,
  downloadDocument: documents ? async (reference) => void calls.downloads.push(reference) : undefined,
});
let current = {};
globalThis.testForm = {
  calls,
  focusField,
  render: (changed) => {
    current = { ...current, ...changed };
    const { shape, initialData = {}, readOnly, showAllProblems, key } = current;
    const onChange = (data, problems) => Object.assign(calls, { data, problems });
    const props = { key, shape, initialData, readOnly, showAllProblems, services: services(current), onChange };
    render(h(DataForm, props), document.querySelector('#form'));
  },
};
`;

const HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Form</title>
    <link rel="stylesheet" href="/style.css" />
    <script type="module" src="/form.js"></script>
  </head>
  <body><main><h1>Form</h1><div id="form"></div></main></body>
</html>`;

/** Serves the form alone, bundled as in the console and with its Content-Security-Policy and styles. Call once at the top of a file. */
export function useFormPages(browser: TestBrowser): {
  readonly open: (form: FormCase, options?: PageOptions) => Promise<FormPage>;
} {
  let server: AnsweringServer;

  beforeAll(async () => {
    const files = await bundleForm();
    const validators = createCompiledSchemas();
    server = await startAnsweringServer(({ url: path, body }, response) => {
      response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
      response.setHeader('content-type', TYPES[/\.\w+$/.exec(path)?.[0] ?? ''] ?? 'text/html; charset=utf-8');
      if (path === '/_dev/validators') {
        const { schemas } = JSON.parse(String(body)) as { readonly schemas: readonly Record<string, unknown>[] };
        response.end(JSON.stringify(validators.add(schemas)));
      } else if (path.startsWith('/console/validators/')) {
        response.setHeader('content-type', 'text/javascript');
        response.end(validators.find(basename(path)));
      } else response.end(path === '/' ? HTML : files.get(path.slice(1)));
    });
  });
  afterAll(() => server.close());

  return {
    open: async (form, options) => {
      const page = await browser.open(`${server.url}/`, options);
      const render = async (changed: Partial<FormCase>): Promise<void> =>
        await page.evaluate(`testForm.render(${JSON.stringify(changed)})`);
      await render(form);
      await page.locator('#form > .form').waitFor();
      return { page, render, calls: async () => await page.evaluate<FormCalls>('testForm.calls') };
    },
  };
}

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.css': 'text/css' };

async function bundleForm(): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await build({
    ...WEB_OPTIONS,
    stdin: { contents: ENTRY, resolveDir: ROOT, loader: 'ts', sourcefile: 'form.ts' },
    outdir: join(ROOT, '.test-output', 'form'),
    entryNames: 'form',
    write: false,
  });
  const style = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/web/style.css'],
    outdir: join(ROOT, '.test-output', 'form'),
    bundle: true,
    write: false,
  });
  return new Map([...outputFiles, ...style.outputFiles].map(({ path, contents }) => [basename(path), contents]));
}
