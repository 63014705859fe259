/** The pretend bank behind the sandbox gateway, put together: a router, a sender of callbacks, and levers for tests. */
import type { Router } from 'express';
import type { Database } from '../../platform/database.ts';
import type { NoticeSender } from '../notice-sender.ts';
import * as book from './bank-book.ts';
import { createCallbackSender } from './bank-callbacks.ts';
import { decide, type Decided } from './bank-decisions.ts';
import { createBankRouter } from './bank-routes.ts';
import type {
  BankCharge,
  BankClock,
  BankDecision,
  BankMerchant,
  BankSwitch,
  FileFault,
} from './bank-types.ts';

export type {
  BankCharge,
  BankDecision,
  BankMerchant,
  BankSwitch,
  CallbackManner,
  FileFault,
} from './bank-types.ts';

export interface BankOptions {
  readonly db: Database;
  readonly clock: BankClock;
  readonly merchants: readonly BankMerchant[];
  /** Where payers find the bank: `http://localhost:3000/sandbox/bank`. A function, for a port may be known late. */
  readonly bankUrl: () => string;
  readonly onFault?: (error: unknown) => void;
}

export interface Bank {
  /** To be mounted at the path of `bankUrl`, before anything that reads bodies. */
  readonly router: Router;
  readonly callbacks: NoticeSender;
  /** In the payer's place. Null when the bank knows no such order. */
  decide(merchantReference: string, decision: BankDecision, merchantId?: string): Promise<Decided | null>;
  /** Plays a fault the next `count` times; 0 switches it off. */
  setSwitch(name: BankSwitch, count: number): Promise<void>;
  plantFileFault(fault: FileFault): Promise<void>;
  /** Every charge the bank made, the newest first: the judge. */
  charges(): Promise<readonly BankCharge[]>;
}

export function createBank(options: BankOptions): Bank {
  const { db, clock, bankUrl } = options;
  const merchants = new Map(options.merchants.map((merchant) => [merchant.merchantId, merchant]));
  const callbacks = createCallbackSender({
    db,
    clock,
    merchants,
    onFault: options.onFault ?? (() => undefined),
  });
  return {
    router: createBankRouter({ db, clock, merchants, bankUrl }, callbacks),
    callbacks,
    async decide(merchantReference, decision, merchantId = options.merchants[0]?.merchantId ?? '') {
      const order = await book.findOrderByReference(db, merchantId, merchantReference);
      return order && decide({ db, clock }, order.id, decision);
    },
    setSwitch: (name, count) => book.setSwitch(db, name, count),
    plantFileFault: (fault) => book.insertFileFault(db, fault),
    charges: () => book.listCharges(db, 1_000_000),
  };
}
