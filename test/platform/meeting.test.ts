/** Waiting for each other. */
import assert from 'node:assert/strict';
import { createMeeting } from '../../src/platform/meeting.ts';

describe('a meeting', () => {
  it('is complete when the last has arrived, and wakes those who wait', async () => {
    const meeting = createMeeting(2);
    meeting.arrive('a');
    meeting.arrive('a');
    const waiting = meeting.isCompleteWithin(60_000);
    meeting.arrive('b');
    assert.equal(await waiting, true);
    assert.equal(await meeting.isCompleteWithin(0), true);
  });

  it('says so when the time is over and somebody is missing', async () => {
    const meeting = createMeeting(2);
    meeting.arrive('a');
    assert.equal(await meeting.isCompleteWithin(1), false);
  });
});
