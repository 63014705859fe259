/** A gateway's other party, put together: a router, a sender of notices, and levers for tests. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Response, Router } from 'express';
import type { Database } from '../../platform/database.ts';
import type { NoticeSender } from '../notice-sender.ts';
import { decide, findOrComeAcross, takePayment, takeRefund, type DecisionDeps } from './peer-decisions.ts';
import { createPeerRouter } from './peer-router.ts';
import { createPeerSender } from './peer-sender.ts';
import * as store from './peer-store.ts';
import type {
  PeerAnswer,
  PeerCharge,
  PeerClock,
  PeerDecision,
  PeerDesk,
  PeerPayment,
  PeerProtocol,
  PeerRefund,
  PeerSwitch,
} from './peer-types.ts';

export interface PeerOptions {
  readonly db: Database;
  readonly clock: PeerClock;
  /** Where it is reached: `http://localhost:3000/sandbox/vnpay`. A function, for a port may be known late. */
  readonly baseUrl: () => string;
  readonly onFault?: (error: unknown) => void;
  /** A payer's eyes: the code that the service shows for a reference, for parties that are never called. */
  readonly lookAt?: (reference: string) => Promise<string | null>;
}

export interface Peer {
  readonly gateway: string;
  /** To be mounted at the path of `baseUrl`, before anything that reads bodies. */
  readonly router: Router;
  readonly notices: NoticeSender;
  /** In the payer's place. False when there is no payment of this reference. */
  decide(reference: string, decision: PeerDecision): Promise<boolean>;
  /** Plays a fault the next `count` times; 0 switches it off. */
  setSwitch(name: PeerSwitch, count: number): Promise<void>;
  /** The whole book, the newest first: the judge. */
  payments(): Promise<readonly PeerPayment[]>;
  charges(): Promise<readonly PeerCharge[]>;
  refunds(): Promise<readonly PeerRefund[]>;
}

/** What an operation of a gateway's API is, to the faults that concern it. */
export type Operation = 'create' | 'query' | 'refund';

/** Answers, or plays the fault that is switched on for this operation. */
export type AnswerDoor = (response: Response, operation: Operation, answer: PeerAnswer) => Promise<void>;

const ALL_ROWS = 1_000_000;
const SLOW_MS = 30_000;

export function createPeer(options: PeerOptions, protocolOf: (answer: AnswerDoor) => PeerProtocol): Peer {
  const { db, clock } = options;
  const protocol = protocolOf((response, operation, answer) => answerWith(response, operation, answer));
  const { gateway } = protocol;
  const deps: DecisionDeps = { db, clock, protocol };
  const notices = createPeerSender(deps, options.onFault ?? (() => undefined));
  const desk: PeerDesk = {
    clock,
    baseUrl: options.baseUrl,
    async takePayment(asked) {
      const taken = await takePayment(deps, asked);
      if (taken.isNew && (await store.useSwitch(db, gateway, 'pay_before_answer'))) {
        await decide(deps, taken.payment.id, { kind: 'approve' });
        await notices.pump();
      }
      return taken;
    },
    findPayment: (merchantId, reference) => store.findPayment(db, { gateway, merchantId, reference }),
    findPaymentById: (id) => store.findPaymentById(db, gateway, id),
    payments: () => store.listPayments(db, gateway, ALL_ROWS),
    async findPaymentOfCharge(transactionId) {
      const charge = await store.findCharge(db, gateway, transactionId);
      return charge && (await store.findPaymentById(db, gateway, charge.paymentId));
    },
    chargesOf: ({ id }) => store.chargesOfPayment(db, id),
    payPageUrl: ({ id }) => `${options.baseUrl()}/pay/${id}`,
    takeRefund: (asked) => takeRefund(deps, asked),
    findRefund: (merchantId, refundReference) =>
      store.findRefund(db, { gateway, merchantId, refundReference }),
    refundsOf: ({ id }) => store.refundsOfPayment(db, id),
    async decide(paymentId, decision) {
      await decide(deps, paymentId, decision);
    },
  };

  async function answerWith(
    response: Response,
    operation: Operation,
    { status, headers, body }: PeerAnswer,
  ): Promise<void> {
    const isOn = (name: PeerSwitch): Promise<boolean> => store.useSwitch(db, gateway, name);
    if (await isOn(`lose_${operation}_answer`)) {
      response.socket?.destroy();
      return;
    }
    if (await isOn('cut_answers')) {
      response.status(status).set({ ...headers, 'content-length': String(Buffer.byteLength(body)) });
      response.write(body.slice(0, Math.floor(body.length / 2)), () => response.socket?.destroy());
      return;
    }
    if (await isOn('slow_answers')) await delay(SLOW_MS, undefined, { ref: false });
    response.status(status).set(headers).send(body);
  }

  return {
    gateway,
    router: createPeerRouter(deps, notices, protocol.api(desk)),
    notices,
    async decide(reference, decision) {
      const payment = await findOrComeAcross(deps, reference);
      return payment !== null && (await decide(deps, payment.id, decision));
    },
    setSwitch: (name, count) => store.setSwitch(db, gateway, name, count),
    payments: () => store.listPayments(db, gateway, ALL_ROWS),
    charges: () => store.listCharges(db, gateway, ALL_ROWS),
    refunds: () => store.listRefunds(db, gateway, ALL_ROWS),
  };
}
