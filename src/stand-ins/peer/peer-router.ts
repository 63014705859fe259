/** A played gateway's doors: its own API, the page where payers decide, its book, and levers for programs. */
import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { STAND_IN_STYLE } from '../stand-in-style.ts';
import { decide, findOrComeAcross, type DecisionDeps } from './peer-decisions.ts';
import { bookPage, messagePage, payPage, type PayView } from './peer-pages.tsx';
import type { NoticeSender } from './peer-sender.ts';
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
const amount = z
  .union([z.int().nonnegative(), z.string().regex(/^\d{1,16}$/)])
  .transform((text) => BigInt(text));
const count = z.coerce.number().int().min(0).max(1_000_000);
const DecisionBody = z.intersection(
  z.object({ reference: z.string() }),
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('approve'),
      amount: amount.optional(),
      charges: z.union([z.literal(1), z.literal(2)]).default(1),
      manner,
      even_if_closed: z.boolean().default(false),
    }),
    z.object({
      kind: z.literal('decline'),
      code: z.string().max(40),
      manner,
      even_if_closed: z.boolean().default(false),
    }),
    z.object({ kind: z.literal('later'), seconds: z.number().min(0).max(604_800), manner }),
  ]),
);
const SwitchBody = z.object({ name: z.enum(PEER_SWITCHES), count });
const PumpBody = z.object({ ignore_due_time: z.boolean().default(false) });

export function createPeerRouter(deps: DecisionDeps, sender: NoticeSender, api: Router): Router {
  const { db, clock, protocol } = deps;
  const { gateway } = protocol;
  const router = express.Router();

  router.get('/style.css', (_request, response) => {
    response.type('text/css').set('cache-control', 'public, max-age=300').send(STAND_IN_STYLE);
  });

  router.get('/', async (request, response) => {
    response.send(
      bookPage({
        ...pageView(deps, request, 'vi'),
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
    const view = pageView(deps, request, payment.locale);
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
  const router = express.Router();
  router.use(express.json());

  function lever<Body>(path: string, shape: z.ZodType<Body>, work: (body: Body) => Promise<object | null>) {
    router.post(path, async (request, response) => {
      const body = shape.safeParse(request.body ?? {});
      if (!body.success) {
        response.status(400).json({ error: z.prettifyError(body.error) });
        return;
      }
      const result = await work(body.data);
      response.status(result ? 200 : 404).json(result ?? { error: 'there is no such payment' });
    });
  }

  lever('/decide', DecisionBody, async (body) => {
    const payment = await findOrComeAcross(deps, body.reference);
    if (!payment) return null;
    await decide(deps, payment.id, bodyDecision(body));
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

function bodyDecision(body: z.output<typeof DecisionBody>): PeerDecision {
  if (body.kind === 'later') return body;
  const { manner: how, even_if_closed: evenIfClosed } = body;
  if (body.kind === 'decline') return { kind: body.kind, code: body.code, manner: how, evenIfClosed };
  const told = body.amount === undefined ? {} : { amount: body.amount };
  return { kind: body.kind, charges: body.charges, manner: how, evenIfClosed, ...told };
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
      const told = amount.safeParse(fields['amount']);
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

function pageView(
  { protocol }: DecisionDeps,
  request: Request,
  usual: 'vi' | 'en',
): Omit<PayView, 'payment' | 'wayBack' | 'now'> {
  const asked = request.query['lang'];
  return { locale: asked === 'vi' || asked === 'en' ? asked : usual, base: request.baseUrl, protocol };
}

function refuse(
  deps: DecisionDeps,
  request: Request,
  response: Response,
  status: number,
  message: 'notFound' | 'badForm',
): void {
  const view = pageView(deps, request, 'vi');
  response.status(status).send(messagePage(view, peerTexts(view.locale)[message]));
}
