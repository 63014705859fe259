/** Backs the database up while the service runs: `npm run backup -- <folder or file>`. */
import { takeBackup } from '../db/backup.ts';
import { asSentence, runTool, usage } from './tool.ts';

const USAGE = `npm run backup -- <folder or file>

Writes one file, readable by you alone, that npm run restore brings into an empty database. A folder must be there; the file
in it is named by the moment. Keys are not in it: keep them apart.`;

await runTool({
  usage: USAGE,
  options: {},
  understand({ positionals }) {
    const [target, ...more] = positionals;
    if (target === undefined || more.length > 0) return usage(USAGE);
    return async ({ db, config }) => {
      const linkKeys = config.secrets.linkKeys.map(({ id }) => id);
      const { path, head, tables, rows } = await takeBackup({ db, target, linkKeys }).catch(asSentence);
      console.log(`${path}: ${String(rows)} rows of ${String(tables)} tables as of ${head.taken_at}.`);
      console.log(
        `What is sealed in it needs SECRETS_KEY ${head.secrets_keys.join(', ') || '–'}; links need LINK_KEYS ${linkKeys.join(', ')}. ` +
          'Neither is in the file.',
      );
    };
  },
});
