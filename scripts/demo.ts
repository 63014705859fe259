/** `npm run demo`: the main job once, through public interfaces only, each step told in a line. */
import { findOrStartService, type DemoService } from './demo/service.ts';
import { isSurprise, tell } from './demo/narration.ts';
import { playMainJob } from './demo/main-job.ts';

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

await demo().catch((error: unknown) => {
  console.error(isSurprise(error) ? error.message : error);
  process.exitCode = 1;
});
