/** The sandbox agency's inbox: receives webhooks as a real agency would, and shows what came and whether it verified. */
import express, { type Request, type Response, type Router } from 'express';
import { Webhook } from 'standardwebhooks';
import type { Database } from '../../platform/database.ts';
import { INBOX_STYLE, inboxPage } from './inbox-page.tsx';
import {
  addSecret,
  INBOX_MANNERS,
  insertMessage,
  listMessages,
  openInbox,
  setManner,
  type Inbox,
  type InboxManner,
  type InboxMessage,
} from './inbox-store.ts';

export interface AgencyInboxOptions {
  readonly db: Database;
  readonly clock: { readonly now: () => Date };
  /** How long a slow inbox waits; longer than the ten seconds a sender has. */
  readonly slowMs?: number;
}

export interface AgencyInbox {
  /** To be mounted at /sandbox/agency, before anything that reads bodies. */
  readonly router: Router;
  /** Tells an inbox the `whsec_…` of its endpoint; the one before it stays valid beside it. */
  registerInbox(agencyCode: string, secret: string): Promise<void>;
  setManner(agencyCode: string, manner: InboxManner): Promise<void>;
  /** In the order of arrival. */
  messages(agencyCode: string): Promise<readonly InboxMessage[]>;
}

const PAGE_ROWS = 100;
const JUDGE_ROWS = 100_000;
const MANNER_STATUS: Readonly<Record<InboxManner, number>> = { ok: 204, slow: 204, error: 500, gone: 410 };

export function createAgencyInbox({ db, clock, slowMs = 15_000 }: AgencyInboxOptions): AgencyInbox {
  const router = express.Router();
  const form = express.urlencoded({ extended: false, limit: '4kb' });

  router.get('/style.css', (_request, response) => {
    response.type('text/css').set('cache-control', 'public, max-age=300').send(INBOX_STYLE);
  });

  // No other inbox is made by guessing addresses.
  router.param('code', (_request, response, next, code) => {
    if (/^[A-Za-z0-9.-]{1,32}$/.test(String(code))) next();
    else response.status(404).type('text').send('There is no such inbox.');
  });

  router.post('/:code/inbox', express.raw({ type: () => true, limit: '1mb' }), async (request, response) => {
    const inbox = await openInbox(db, request.params.code);
    const body = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '';
    const verified = isVerified(inbox, request, body, clock.now());
    // A receiver that takes what does not verify would take anybody's word.
    const answerStatus = verified || inbox.manner !== 'ok' ? MANNER_STATUS[inbox.manner] : 401;
    await insertMessage(db, inbox.agencyCode, {
      receivedAt: clock.now(),
      webhookId: request.get('webhook-id') ?? null,
      verified,
      ...readable(body),
      // PostgreSQL's text cannot hold the character NUL.
      body: body.replaceAll('\0', '\ufffd'),
      answerStatus,
    });
    if (inbox.manner === 'slow') answerLate(response, answerStatus, slowMs);
    else response.status(answerStatus).end();
  });

  router.get('/:code/inbox', async (request, response) => {
    const inbox = await openInbox(db, request.params.code);
    const path = `${request.baseUrl}/${inbox.agencyCode}/inbox`;
    response.send(
      inboxPage({
        locale: request.query['lang'] === 'en' ? 'en' : 'vi',
        path,
        stylePath: `${request.baseUrl}/style.css`,
        inbox,
        messages: await listMessages(db, inbox.agencyCode, PAGE_ROWS),
      }),
    );
  });

  router.get('/:code/inbox.json', async (request, response) => {
    const messages = await listMessages(db, request.params.code, JUDGE_ROWS);
    response.json({ messages: messages.map(messageJson) });
  });

  router.post('/:code/inbox/manner', form, async (request, response) => {
    const asked = (request.body as Readonly<Record<string, unknown>> | undefined)?.['manner'];
    const manner = INBOX_MANNERS.find((known) => known === asked);
    if (!manner) {
      response
        .status(400)
        .type('text')
        .send(`manner is one of ${INBOX_MANNERS.join(', ')}.`);
      return;
    }
    await setManner(db, request.params.code, manner);
    response.redirect(303, `${request.baseUrl}/${request.params.code}/inbox`);
  });

  router.post('/:code/inbox/secret', form, async (request, response) => {
    const secret = (request.body as Readonly<Record<string, unknown>> | undefined)?.['secret'];
    if (typeof secret !== 'string' || !/^whsec_[A-Za-z0-9+/=]{24,}$/.test(secret)) {
      response.status(400).type('text').send('secret is the whsec_… of the endpoint.');
      return;
    }
    await addSecret(db, request.params.code, secret);
    response.redirect(303, `${request.baseUrl}/${request.params.code}/inbox`);
  });

  return {
    router,
    registerInbox: (agencyCode, secret) => addSecret(db, agencyCode, secret),
    setManner: (agencyCode, manner) => setManner(db, agencyCode, manner),
    messages: (agencyCode) => listMessages(db, agencyCode, JUDGE_ROWS),
  };
}

/** As a real receiver checks: by the published package, under any of its secrets. */
function isVerified(inbox: Inbox, request: Request, body: string, now: Date): boolean {
  const headers = {
    'webhook-id': request.get('webhook-id') ?? '',
    'webhook-timestamp': request.get('webhook-timestamp') ?? '',
    'webhook-signature': request.get('webhook-signature') ?? '',
  };
  return inbox.secrets.some((secret) => {
    const webhook = new Webhook(secret);
    try {
      webhook.verify(body, headers, { jsonParse: false });
      return true;
    } catch {
      return isTimelyBy(now, headers) && isSigned(webhook, headers, body);
    }
  });
}

type WebhookHeaders = Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>>;

const TOLERANCE_SECONDS = 300;

/** The package goes by the machine's clock; the sandbox's own may have been moved. */
function isTimelyBy(now: Date, headers: WebhookHeaders): boolean {
  const ageSeconds = now.getTime() / 1000 - Number(headers['webhook-timestamp']);
  return Math.abs(ageSeconds) <= TOLERANCE_SECONDS;
}

function isSigned(webhook: Webhook, headers: WebhookHeaders, body: string): boolean {
  const sentAt = new Date(Number(headers['webhook-timestamp']) * 1000);
  const expected = webhook.sign(headers['webhook-id'], sentAt, body);
  return headers['webhook-signature'].split(' ').includes(expected);
}

function readable(body: string): Pick<InboxMessage, 'eventType' | 'sequence' | 'subject'> {
  const event = objectOf(parsed(body));
  const { type, sequence } = event;
  const subject = objectOf(event['data'])['id'];
  return {
    eventType: typeof type === 'string' ? type.replaceAll('\0', '') : null,
    sequence: typeof sequence === 'number' && Number.isSafeInteger(sequence) ? BigInt(sequence) : null,
    subject: typeof subject === 'string' ? subject.replaceAll('\0', '') : null,
  };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function answerLate(response: Response, status: number, afterMs: number): void {
  const timer = setTimeout(() => response.status(status).end(), afterMs);
  timer.unref();
  response.on('close', () => clearTimeout(timer));
}

function messageJson(message: InboxMessage) {
  return {
    received_at: message.receivedAt.toISOString(),
    webhook_id: message.webhookId,
    verified: message.verified,
    type: message.eventType,
    sequence: message.sequence === null ? null : Number(message.sequence),
    subject: message.subject,
    answer_status: message.answerStatus,
    body: message.body,
  };
}
