/** Replaces the key that signs access tokens: `npm run rotate-keys`. */
import { rotateSigningKey } from '../src/features/agencies/rotate-signing-key.ts';
import { createSecretBox } from '../src/platform/secret-box.ts';
import { runTool, usage } from './tool.ts';

const USAGE = `npm run rotate-keys

Makes a new key that signs access tokens. Tokens of the key before live on until they end.`;

await runTool({
  usage: USAGE,
  options: {},
  understand({ positionals }) {
    if (positionals.length > 0) usage(USAGE);
    return async ({ db, clock, config }) => {
      const kid = await rotateSigningKey({ db, clock, box: createSecretBox(config.secrets) });
      console.log(
        `Tokens are signed by the key ${kid} within 30 seconds. Tokens of the key before stay valid.`,
      );
    };
  },
});
