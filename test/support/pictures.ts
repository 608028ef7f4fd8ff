import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ROOT } from '../../scripts/bundle.mjs';

const WIDTH = 900;

/** The pictures of README: the part of their name, and the height of what they show, by view. */
const PICTURES: Readonly<Record<string, { readonly name: string; readonly height: number }>> = {
  'Home, with a worker': { name: 'home', height: 810 },
  'a process': { name: 'process', height: 706 },
  'a claimed task': { name: 'task', height: 648 },
};

/** Takes the pictures in light and dark if the view is in README and KUFLOW_WRITE_PICTURES is set. */
export async function takePictures(page: Page, view: string): Promise<void> {
  const picture = PICTURES[view];
  if (picture === undefined || process.env['KUFLOW_WRITE_PICTURES'] === undefined) return;
  const folder = join(ROOT, 'docs', 'images');
  mkdirSync(folder, { recursive: true });
  await page.setViewportSize({ width: WIDTH, height: picture.height });
  await page.evaluate('scrollTo(0, 0)');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(folder, `console-${picture.name}-${colorScheme}.png`) });
  }
}
