/** `npm run demo`: the main job once, through public interfaces only, each step told in a line. */
import { findOrStartService, type DemoService } from './demo/service.ts';
import { isSurprise, tell } from './demo/narration.ts';
import { playMainJob } from './demo/main-job.ts';
import { runWithoutWords, usage } from './tool.ts';

const USAGE = `npm run demo

Plays the main job once through the public interfaces of the running service, or of one started for it, and tells each
step in a line. Pretend money only. Exit code 1 when something is not as it should be.`;

async function demo(): Promise<void> {
  const service: DemoService = await findOrStartService(process.env);
  const { demonstration, isOurs } = service;
  const stopEarly = () => void service.stop().then(() => process.exit(130));
  process.once('SIGINT', stopEarly);
  process.once('SIGTERM', stopEarly);
  try {
    tell(`The service ${isOurs ? 'was started for this demo' : 'is running'} at ${demonstration.base_url}.`);
    await playMainJob(demonstration);
  } finally {
    await service.stop();
  }
}

await runWithoutWords(USAGE, () =>
  demo().catch((error: unknown) => {
    if (isSurprise(error)) usage(error.message);
    throw error;
  }),
);
