/** Replaces the key that signs access tokens: `npm run rotate-keys`. Tokens of the key before live on. */
import { rotateSigningKey } from '../src/features/agencies/rotate-signing-key.ts';
import { createSecretBox } from '../src/platform/secret-box.ts';
import { withDatabase } from './with-database.ts';

await withDatabase(async ({ db, clock, config }) => {
  const kid = await rotateSigningKey({ db, clock, box: createSecretBox(config.secrets) });
  console.log(`Tokens are signed by the key ${kid} within 30 seconds. Tokens of the key before stay valid.`);
});
