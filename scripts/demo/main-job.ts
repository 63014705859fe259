/** The main job, told: an agency asks, a citizen pays, the agency is told, money goes back, the bank's file agrees. */
import type { Demonstration } from '../../src/app/demonstration-file.ts';
import { signIn, type ApiClient } from './api-client.ts';
import { tell } from './narration.ts';
import { tellOfOpening, type OpenedOrder } from './opening.ts';
import { tellOfPaying } from './paying.ts';
import { tellOfRefund } from './refunding.ts';
import { tellOfSettlement } from './settling.ts';

export interface Cast {
  readonly demonstration: Demonstration;
  readonly agency: Demonstration['agencies'][number];
  readonly client: ApiClient;
  readonly approver: ApiClient;
  readonly operator: ApiClient;
}

export async function playMainJob(demonstration: Demonstration): Promise<void> {
  const { base_url: baseUrl } = demonstration;
  const [agency] = demonstration.agencies;
  if (!agency) throw new Error('demo.json names no agency: remove it and start the service anew.');
  const cast: Cast = {
    demonstration,
    agency,
    client: await signIn(baseUrl, agency),
    approver: await signIn(baseUrl, agency.approver),
    operator: await signIn(baseUrl, demonstration.operator),
  };
  tell(
    `${agency.name} has a token for ${cast.client.expiresInSeconds} s, its approver one for "${cast.approver.scope}".`,
  );
  const opened: OpenedOrder = await tellOfOpening(cast);
  const paid = await tellOfPaying(cast, opened);
  const refunded = await tellOfRefund(cast, paid);
  await tellOfSettlement(cast, paid, refunded);
}
