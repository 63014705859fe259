/** Cuts Inter down to Latin, Vietnamese and the dong sign, weights 400 to 700. Run by hand when Inter changes. */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

type SubsetFont = (
  font: Buffer,
  text: string,
  options: {
    targetFormat: 'woff2';
    variationAxes: Record<string, { min: number; max: number }>;
  },
) => Promise<Buffer>;

const require = createRequire(import.meta.url);
const subsetFont = require('subset-font') as SubsetFont;
const inter = dirname(require.resolve('@fontsource-variable/inter/package.json'));
const assets = join(import.meta.dirname, '..', 'src', 'web', 'assets');

// The two unicode-range lists of site.css say the same; a page loads the second file only when it needs it.
const LATIN = charactersBetween(0x20, 0x7e) + 'ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúý\u00a0·×–—‘’“”•…−';
const VIETNAMESE = 'ĂăĐđĨĩŨũƠơƯư₫' + charactersBetween(0x1ea0, 0x1ef9);

for (const [source, target, characters] of [
  ['inter-latin-wght-normal.woff2', 'inter-latin.woff2', LATIN],
  ['inter-vietnamese-wght-normal.woff2', 'inter-vietnamese.woff2', VIETNAMESE],
] as const) {
  const font = await readFile(join(inter, 'files', source));
  const subset = await subsetFont(font, characters, {
    targetFormat: 'woff2',
    variationAxes: { wght: { min: 400, max: 700 } },
  });
  await writeFile(join(assets, target), subset);
  console.log(`${target}: ${subset.length} bytes`);
}
await copyFile(join(inter, 'LICENSE'), join(assets, 'inter-OFL.txt'));

function charactersBetween(first: number, last: number): string {
  return Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index)).join('');
}
