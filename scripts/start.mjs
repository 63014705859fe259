/** `npm start`: installs what is missing, then becomes the service. Plain JavaScript without dependencies. */
import { installWhatIsMissing } from './install.mjs';

installWhatIsMissing();
// In this very process, so that every signal reaches the service itself and none has to be passed on.
await import('tsx');
await import('../src/main.ts');
