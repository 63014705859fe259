/** The pretend bank's doors: its API, its levers and its pages, to be mounted at /sandbox/bank. */
import express, { type Request, type Response, type Router } from 'express';
import type { NoticeSender } from '../notice-sender.ts';
import { addStyle, pageView } from '../stand-in-doors.ts';
import { createBankApi, type BankApiDeps } from './bank-api.ts';
import * as book from './bank-book.ts';
import { listCallbacks } from './bank-callback-store.ts';
import { createBankControl } from './bank-control.ts';
import { decide } from './bank-decisions.ts';
import { hanoiTime } from './bank-notices.ts';
import { bookPage, messagePage, payPage } from './bank-pages.tsx';
import { bankTexts } from './bank-texts.ts';
import { DECLINE_CODES, type BankDecision, type BankOrder } from './bank-types.ts';

const PAGE_ROWS = 50;
/** The judge reads the whole book; a run that is larger than this is another kind of test. */
const JUDGE_ROWS = 1_000_000;

export function createBankRouter(deps: BankApiDeps, sender: NoticeSender): Router {
  const router = express.Router();
  // Before the API, which reads its bodies raw.
  router.use('/api/control', createBankControl(deps, sender));
  router.use('/api', createBankApi(deps, sender));

  addStyle(router);

  router.get('/', async (request, response) => {
    response.send(
      bookPage({
        ...pageView(request, 'vi'),
        waiting: await book.listOpenOrders(deps.db, PAGE_ROWS),
        charges: await book.listCharges(deps.db, PAGE_ROWS),
        refunds: await book.listRefunds(deps.db, PAGE_ROWS),
        callbacks: await listCallbacks(deps.db, PAGE_ROWS),
        switches: await book.listSwitches(deps.db),
        now: deps.clock.now(),
      }),
    );
  });

  router.get('/book.json', async (_request, response) => {
    response.json(await wholeBook(deps));
  });

  router.get('/pay/:id', async (request, response) => {
    const order = await book.findOrder(deps.db, request.params.id);
    if (!order) {
      refuse(request, response, 404, 'notFound');
      return;
    }
    const payee = deps.merchants.get(order.merchantId)?.name ?? order.merchantId;
    const view = pageView(request, order.locale === 'en' ? 'en' : 'vi');
    response.send(payPage({ ...view, order, payee, wayBack: order.returnUrl, now: deps.clock.now() }));
  });

  router.post(
    '/pay/:id',
    express.urlencoded({ extended: false, limit: '4kb' }),
    async (request, response) => {
      const form = (request.body ?? {}) as Readonly<Record<string, unknown>>;
      const decision = decisionOf(form);
      if (!decision) {
        refuse(request, response, 400, 'badForm');
        return;
      }
      const decided = await decide(deps, request.params.id, decision);
      if (!decided) {
        refuse(request, response, 404, 'notFound');
        return;
      }
      // A browser that never returns stays here; the others go back at once, as a payer's does.
      const isGoingBack = form['action'] !== 'no_return' && decided.order.state !== 'open';
      response.redirect(303, isGoingBack ? wayBack(decided.order) : request.originalUrl);
    },
  );

  return router;
}

/** What each button of the pay page means; null for a form that is none of them. */
function decisionOf(form: Readonly<Record<string, unknown>>): BankDecision | null {
  switch (form['action']) {
    case 'approve':
    case 'no_return':
      return { kind: 'approve' };
    case 'say_nothing':
      return { kind: 'approve', manner: 'never' };
    case 'charge_twice':
      return { kind: 'approve', charges: 2 };
    case 'notice_twice':
      return { kind: 'approve', manner: 'twice' };
    case 'notice_forged':
      return { kind: 'approve', manner: 'forged' };
    case 'notice_lost':
      return { kind: 'approve', manner: 'lost' };
    case 'other_amount': {
      const amount = digits(form['amount'], 15);
      return amount === null ? null : { kind: 'approve', amount: BigInt(amount) };
    }
    case 'later': {
      const seconds = digits(form['seconds'], 6);
      return seconds === null ? null : { kind: 'later', seconds: Number(seconds) };
    }
    case 'decline': {
      const code = DECLINE_CODES.find((known) => known === form['code']);
      return code === undefined ? null : { kind: 'decline', code };
    }
    default:
      return null;
  }
}

function digits(value: unknown, most: number): string | null {
  return typeof value === 'string' && /^\d+$/.test(value) && value.length <= most ? value : null;
}

/** What the bank claims in the address proves nothing; merchants who believe it are the ones to find out. */
function wayBack(order: BankOrder): string {
  const url = new URL(order.returnUrl);
  url.searchParams.set('merchant_reference', order.merchantReference);
  url.searchParams.set('status', order.state);
  return url.href;
}

async function wholeBook({ db }: BankApiDeps) {
  const charges = await book.listCharges(db, JUDGE_ROWS);
  const refunds = await book.listRefunds(db, JUDGE_ROWS);
  const callbacks = await listCallbacks(db, JUDGE_ROWS);
  return {
    charges: charges.map((charge) => ({
      transaction_id: charge.transactionId,
      merchant_id: charge.merchantId,
      merchant_reference: charge.merchantReference,
      amount: charge.amount.toString(),
      fee: charge.fee.toString(),
      charged_at: hanoiTime(charge.chargedAt),
    })),
    refunds: refunds.map((refund) => ({
      refund_id: refund.refundId,
      refund_reference: refund.refundReference,
      transaction_id: refund.transactionId,
      amount: refund.amount.toString(),
      state: refund.state,
    })),
    callbacks: callbacks.map((callback) => ({
      subject: callback.subject,
      forged: callback.forged,
      attempts: callback.attempts,
      last_status: callback.lastStatus,
      is_done: callback.doneAt !== null,
    })),
  };
}

function refuse(request: Request, response: Response, status: number, message: 'notFound' | 'badForm'): void {
  const view = pageView(request, 'vi');
  response.status(status).send(messagePage(view, bankTexts(view.locale)[message]));
}
