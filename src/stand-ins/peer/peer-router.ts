/** A played gateway's doors: its own API, the page where payers decide, its book, and levers for programs. */
import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { NoticeSender } from '../notice-sender.ts';
import { Amount, decisionBody } from '../payer-decision.ts';
import { addStyle, createLevers, pageView } from '../stand-in-doors.ts';
import { decide, findOrComeAcross, type DecisionDeps } from './peer-decisions.ts';
import { bookPage, messagePage, payPage } from './peer-pages.tsx';
import * as store from './peer-store.ts';
import { peerTexts } from './peer-texts.ts';
import {
  NOTICE_MANNERS,
  PEER_SWITCHES,
  type PaymentNews,
  type PeerDecision,
  type PeerPayment,
} from './peer-types.ts';

const PAGE_ROWS = 50;
/** A judge reads the whole book; a run that is larger than this is another kind of test. */
const JUDGE_ROWS = 1_000_000;

const manner = z.enum(NOTICE_MANNERS).default('once');
const count = z.coerce.number().int().min(0).max(1_000_000);
const DecisionBody = z.intersection(z.object({ reference: z.string() }), decisionBody(NOTICE_MANNERS));
const SwitchBody = z.object({ name: z.enum(PEER_SWITCHES), count });
const PumpBody = z.object({ ignore_due_time: z.boolean().default(false) });

export function createPeerRouter(deps: DecisionDeps, sender: NoticeSender, api: Router): Router {
  const { db, clock, protocol } = deps;
  const { gateway } = protocol;
  const router = express.Router();

  addStyle(router);

  router.get('/', async (request, response) => {
    response.send(
      bookPage({
        ...pageView(request, 'vi'),
        protocol,
        payments: await store.listPayments(db, gateway, PAGE_ROWS),
        charges: await store.listCharges(db, gateway, PAGE_ROWS),
        refunds: await store.listRefunds(db, gateway, PAGE_ROWS),
        notices: await store.listNotices(db, gateway, PAGE_ROWS),
        switches: await store.listSwitches(db, gateway),
      }),
    );
  });

  router.get('/book.json', async (_request, response) => {
    response.type('json').send(JSON.stringify(await wholeBook(deps), textual));
  });

  router.get('/pay/:id', async (request, response) => {
    const payment = await store.findPaymentById(db, gateway, request.params.id);
    if (!payment) {
      refuse(deps, request, response, 404, 'notFound');
      return;
    }
    const view = { ...pageView(request, payment.locale), protocol };
    const wayBack = protocol.wayBack(await newsOf(deps, payment), clock.now());
    response.send(payPage({ ...view, payment, wayBack, now: clock.now() }));
  });

  const form = express.urlencoded({ extended: false, limit: '4kb' });
  router.post('/pay/:id', form, async (request, response) => {
    const fields = (request.body ?? {}) as Readonly<Record<string, unknown>>;
    const decision = decisionOf(fields);
    if (!decision) {
      refuse(deps, request, response, 400, 'badForm');
      return;
    }
    const { id } = request.params;
    if (typeof id !== 'string' || !(await decide(deps, id, decision))) {
      refuse(deps, request, response, 404, 'notFound');
      return;
    }
    const payment = await store.findPaymentById(db, gateway, id);
    if (!payment) {
      refuse(deps, request, response, 404, 'notFound');
      return;
    }
    // A browser that never returns stays here; the others go back at once, as a payer's does.
    const isGoingBack = fields['stay'] !== 'yes' && payment.state !== 'open';
    const wayBack = protocol.wayBack(await newsOf(deps, payment), clock.now());
    response.redirect(303, isGoingBack ? wayBack : request.originalUrl);
  });

  router.post('/switch', form, async (request, response) => {
    const body = SwitchBody.safeParse(request.body ?? {});
    if (!body.success) {
      refuse(deps, request, response, 400, 'badForm');
      return;
    }
    await store.setSwitch(db, gateway, body.data.name, body.data.count);
    response.redirect(303, request.baseUrl);
  });

  router.use('/control', controlRouter(deps, sender));
  router.use(async (_request, response, next) => {
    if (await store.useSwitch(db, gateway, 'maintenance')) response.status(503).send('maintenance');
    else next();
  });
  router.use(api);
  return router;
}

function controlRouter(deps: DecisionDeps, sender: NoticeSender): Router {
  const { gateway } = deps.protocol;
  const { router, lever } = createLevers();
  lever('/decide', DecisionBody, async (body) => {
    const payment = await findOrComeAcross(deps, body.reference);
    if (!payment) return null;
    await decide(deps, payment.id, body);
    const charges = await store.chargesOfPayment(deps.db, payment.id);
    return { transaction_ids: charges.map(({ transactionId }) => transactionId) };
  });
  lever('/switch', SwitchBody, async (body) => {
    await store.setSwitch(deps.db, gateway, body.name, body.count);
    return body;
  });
  lever('/pump', PumpBody, async (body) => ({
    sent: await sender.pump({ ignoreDueTime: body.ignore_due_time }),
  }));
  return router;
}

/** What each button of the pay page means; null for a form that is none of them. */
function decisionOf(fields: Readonly<Record<string, unknown>>): PeerDecision | null {
  switch (fields['action']) {
    case 'approve': {
      const how = manner.safeParse(fields['manner']);
      return how.success ? { kind: 'approve', manner: how.data } : null;
    }
    case 'charge_twice':
      return { kind: 'approve', charges: 2 };
    case 'other_amount': {
      const told = Amount.safeParse(fields['amount']);
      return told.success ? { kind: 'approve', amount: told.data } : null;
    }
    case 'later': {
      const seconds = count.safeParse(fields['seconds']);
      return seconds.success ? { kind: 'later', seconds: seconds.data } : null;
    }
    case 'decline':
      return typeof fields['code'] === 'string' && fields['code'].length <= 40
        ? { kind: 'decline', code: fields['code'] }
        : null;
    default:
      return null;
  }
}

async function newsOf({ db }: DecisionDeps, payment: PeerPayment): Promise<PaymentNews> {
  const [charge] = await store.chargesOfPayment(db, payment.id);
  return { payment, charge: charge ?? null, code: payment.code };
}

async function wholeBook({ db, protocol: { gateway } }: DecisionDeps) {
  return {
    payments: await store.listPayments(db, gateway, JUDGE_ROWS),
    charges: await store.listCharges(db, gateway, JUDGE_ROWS),
    refunds: await store.listRefunds(db, gateway, JUDGE_ROWS),
    notices: await store.listNotices(db, gateway, JUDGE_ROWS),
  };
}

function textual(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function refuse(
  { protocol }: DecisionDeps,
  request: Request,
  response: Response,
  status: number,
  message: 'notFound' | 'badForm',
): void {
  const view = { ...pageView(request, 'vi'), protocol };
  response.status(status).send(messagePage(view, peerTexts(view.locale)[message]));
}
