/** The other parties that live here for trying out: the pretend bank, the gateways' and the sandbox agencies' inboxes. */
import type { Router } from 'express';
import type { Clock } from '../domain/kernel/time.ts';
import { readShownCode } from './shown-code-store.ts';
import type { Config } from '../platform/config.ts';
import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import { createAgencyInbox, type AgencyInbox } from '../stand-ins/agency-inbox/agency-inbox.ts';
import { createBank, type Bank } from '../stand-ins/bank/bank.ts';
import { GATEWAY_STAND_INS } from '../stand-ins/gateway-stand-ins.ts';
import type { Peer } from '../stand-ins/peer/peer.ts';

export interface StandIns {
  readonly bank: Bank;
  readonly inbox: AgencyInbox;
  /** The other parties of gateways that are played here, by the gateway's code. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** The variables by which the service reaches each of them. */
  readonly gatewayVariables: Readonly<Record<string, Readonly<Record<string, string>>>>;
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
  const played = sandbox.standIns.flatMap((code) => {
    const standIn = GATEWAY_STAND_INS[code]?.({
      db,
      clock,
      baseUrl: () => `${config.http.publicUrl}/sandbox/${code}`,
      onFault: (error) => logger.warn({ error, gateway: code }, 'stand-in.failed'),
      lookAt: (reference) => readShownCode(db, code, reference),
    });
    return standIn ? [[code, standIn] as const] : [];
  });
  const senders = [bank.callbacks, ...played.map(([, { peer }]) => peer.notices)];
  return {
    bank,
    inbox,
    peers: new Map(played.map(([code, { peer }]) => [code, peer])),
    gatewayVariables: Object.fromEntries(played.map(([code, { variables }]) => [code, variables])),
    mounts: [
      { path: '/sandbox/bank', router: bank.router },
      { path: '/sandbox/agency', router: inbox.router },
      ...played.map(([code, { peer }]) => ({ path: `/sandbox/${code}`, router: peer.router })),
    ],
    start() {
      for (const sender of senders) sender.start();
    },
    async stop() {
      await Promise.all(senders.map((sender) => sender.stop()));
    },
  };
}
