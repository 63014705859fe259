/** The browser of the tests: found or installed by `npm test`, which says aloud when it has to skip them. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** True where no browser can be had; with CI set the run fails before it comes to this. */
export const skipsBrowserTests = process.env['BROWSER_TESTS'] === 'skip';

const PATH = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** A browser that speaks to nobody but the pages under test. */
export async function launchBrowser(): Promise<Browser> {
  assert.ok(existsSync(PATH), `there is no browser at ${PATH}: npm test installs one`);
  return await chromium.launch({
    executablePath: PATH,
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
