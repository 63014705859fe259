/** `npm start`: installs what is missing, then becomes the service. Plain JavaScript without dependencies. */
import { installWhatIsMissing } from './install.mjs';

installWhatIsMissing();
stopWithNpm();
// In this very process, so that every signal reaches the service itself and none has to be passed on.
await import('tsx');
await import('../src/main.ts');

/** A signal to `npm start` ends npm and its shell but is not passed on to us: their end is our signal to stop. */
function stopWithNpm() {
  if (process.env.npm_lifecycle_event !== 'start') return;
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  watch.unref();
}
