/** The other parties that live here for trying out: the pretend bank and the sandbox agencies' inboxes. */
import type { Router } from 'express';
import type { Clock } from '../domain/kernel/time.ts';
import type { Config } from '../platform/config.ts';
import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import { createAgencyInbox, type AgencyInbox } from '../stand-ins/agency-inbox/agency-inbox.ts';
import { createBank, type Bank } from '../stand-ins/bank/bank.ts';

export interface StandIns {
  readonly bank: Bank;
  readonly inbox: AgencyInbox;
  readonly mounts: readonly { readonly path: string; readonly router: Router }[];
  start(): void;
  stop(): Promise<void>;
}

export function composeStandIns(deps: {
  readonly config: Config;
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sandbox: NonNullable<Config['sandbox']>;
}): StandIns {
  const { config, db, clock, logger, sandbox } = deps;
  const bank = createBank({
    db,
    clock,
    merchants: [
      { merchantId: sandbox.merchantId, name: 'Thanh toán dịch vụ công', secret: sandbox.secret.reveal() },
    ],
    bankUrl: () => `${config.http.publicUrl}/sandbox/bank`,
    onFault: (error) => logger.warn({ error }, 'sandbox-bank.failed'),
  });
  const inbox = createAgencyInbox({ db, clock });
  return {
    bank,
    inbox,
    mounts: [
      { path: '/sandbox/bank', router: bank.router },
      { path: '/sandbox/agency', router: inbox.router },
    ],
    start: () => bank.callbacks.start(),
    stop: () => bank.callbacks.stop(),
  };
}
