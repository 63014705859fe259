/** A payer without script at a gateway that is reached by a signed address: what is asked for, and what is pressed. */
import assert from 'node:assert/strict';
import type { TestPayment, TestService } from '../support/service.ts';

/** The address that the payer of this payment is sent to. */
export async function addressOf(world: TestService, { id }: TestPayment): Promise<string> {
  const { handOff } = await world.payment(id);
  assert.ok(handOff?.kind === 'redirect');
  return handOff.url;
}

/** Follows a signed address to the page where the payer decides. */
export async function openPage(url: string): Promise<string> {
  const answer = await fetch(url, { redirect: 'manual' });
  assert.equal(answer.status, 302, await answer.text());
  return answer.headers.get('location') ?? '';
}

/** Presses a button of the pay page and gives the address that the browser is sent to. */
export async function press(page: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(page, {
    method: 'POST',
    body: new URLSearchParams(fields),
    redirect: 'manual',
  });
  assert.equal(answer.status, 303);
  return answer.headers.get('location') ?? '';
}
