/** Seals everything anew under SECRETS_KEY: `npm run reseal-secrets`, `npm run reseal-secrets -- --dry-run`. */
import { countSealed, resealSecrets } from '../src/app/reseal-secrets.ts';
import { writeAudit } from '../src/features/staff/audit-log.ts';
import { createSecretBox } from '../src/platform/secret-box.ts';
import { runTool, usage } from './tool.ts';

const USAGE = `npm run reseal-secrets -- [--dry-run]

Seals everything that is sealed in the database anew under SECRETS_KEY, and says which older keys may go. It may run while
the service does, and again after it was interrupted. --dry-run only counts.`;

await runTool({
  usage: USAGE,
  options: { 'dry-run': { type: 'boolean', default: false } },
  understand({ values, positionals }) {
    if (positionals.length > 0) usage(USAGE);
    return async ({ db, config, newId }) => {
      const box = createSecretBox(config.secrets);
      const [current = ''] = box.keyIds;
      const isDry = values['dry-run'];
      if (!isDry) {
        const { resealed, unreadable } = await resealSecrets({ db, box });
        console.log(`Sealed anew under ${current}: ${String(resealed)}.`);
        for (const context of unreadable) console.error(`No key that is set opens ${context}.`);
        if (resealed > 0) {
          await writeAudit(db, {
            id: newId(),
            actor: 'staff:command-line',
            action: 'secrets.resealed',
            agencyId: null,
            subject: current,
            detail: { resealed },
          });
        }
      }

      const counts = await countSealed(db);
      for (const { table, column, keyId, count } of counts) {
        console.log(`${table}.${column}: ${String(count)} under ${keyId === '' ? 'no known key' : keyId}`);
      }
      const others = new Map<string, number>();
      for (const { keyId, count } of counts) {
        if (keyId !== current) others.set(keyId, (others.get(keyId) ?? 0) + count);
      }
      for (const keyId of box.keyIds.slice(1)) {
        const left = others.get(keyId) ?? 0;
        console.log(
          left > 0
            ? `${keyId} must stay in SECRETS_KEY_PREVIOUS: ${String(left)} values are sealed under it.`
            : `${keyId} may leave SECRETS_KEY_PREVIOUS, once no process runs that seals under it. Keep it as long as backups from before.`,
        );
        others.delete(keyId);
      }
      for (const [keyId, left] of others) {
        console.error(
          `${String(left)} values are sealed under ${keyId || 'no known key'}, which is not set: nothing can open them.`,
        );
      }
      if (!isDry && others.size > 0) process.exitCode = 1;
    };
  },
});
