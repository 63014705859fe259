/** The closed catalogue of refusals: every expected "no" of the service, with its kind and its title. */

/** What a refusal means to the caller; `api/problem.ts` alone turns it into an HTTP status. */
export type RefusalKind =
  | 'malformed'
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'missing'
  | 'conflict'
  | 'limited'
  | 'unavailable';

/** Codes are public and never change their meaning. Titles are sentences without blame or jargon. */
export const REFUSALS = {
  'request.malformed': { kind: 'malformed', title: 'The request could not be read.' },
  'request.not-found': { kind: 'missing', title: 'There is nothing at this address.' },
  'request.method-not-allowed': { kind: 'malformed', title: 'This address does not take this method.' },
  'request.too-large': { kind: 'malformed', title: 'The request body is larger than this call takes.' },
  'request.media-type': {
    kind: 'malformed',
    title: 'The request body is of a kind this call does not take.',
  },
  'request.too-slow': { kind: 'malformed', title: 'The request body did not arrive in time.' },
  'request.rate-limited': { kind: 'limited', title: 'Too many requests. Wait as long as Retry-After says.' },
  'service.unavailable': { kind: 'unavailable', title: 'The service cannot answer now. Try again shortly.' },

  'access.unauthenticated': { kind: 'unauthenticated', title: 'A valid access token is needed.' },
  'access.invalid-client': {
    kind: 'unauthenticated',
    title: 'The client is not known or its secret is wrong.',
  },
  'access.scope-not-granted': {
    kind: 'malformed',
    title: 'The client was not granted one of the scopes it asked for.',
  },
  'access.grant-not-supported': {
    kind: 'malformed',
    title: 'The only grant type here is client_credentials.',
  },
  'access.kind-not-allowed': { kind: 'forbidden', title: 'This call is for another kind of client.' },
  'access.scope-missing': { kind: 'forbidden', title: 'The access token lacks the scope this call needs.' },

  'idempotency.key-missing': { kind: 'malformed', title: 'This call needs an Idempotency-Key header.' },
  'idempotency.key-invalid': {
    kind: 'malformed',
    title: 'The Idempotency-Key must be 1 to 255 visible ASCII characters.',
  },
  'idempotency.mismatch': { kind: 'conflict', title: 'This Idempotency-Key was used with another request.' },
  'idempotency.in-progress': {
    kind: 'conflict',
    title: 'A request with this Idempotency-Key is still running.',
  },

  'agency.not-found': { kind: 'missing', title: 'There is no such agency.' },
  'agency.code-taken': { kind: 'conflict', title: 'Another agency has this code.' },
  'agency.client-not-found': { kind: 'missing', title: 'There is no such API client.' },
  'obligation.unknown-type': { kind: 'invalid', title: 'There is no such obligation type.' },
  'obligation.attributes-invalid': {
    kind: 'invalid',
    title: 'The attributes of a line do not fit its obligation type.',
  },
  'obligation.reference-required': {
    kind: 'invalid',
    title: 'Two lines of one type in one decision need a reference each.',
  },
  'obligation.dates-contradict': {
    kind: 'invalid',
    title: 'The dates of a line contradict one another, or today.',
  },
  'fee-schedule.unknown-fee': { kind: 'invalid', title: 'There is no such fee valid today.' },
  'fee-schedule.amount-differs': {
    kind: 'invalid',
    title: 'The amount given differs from the fee schedule.',
  },
  'beneficiary.unknown': { kind: 'invalid', title: 'The agency has no such beneficiary account.' },

  'payment-order.not-found': { kind: 'missing', title: 'There is no such payment order.' },
  'payment-order.dossier-required': {
    kind: 'invalid',
    title: 'A dossier code is needed unless every line carries a decision number.',
  },
  'payment-order.dossier-code-invalid': {
    kind: 'invalid',
    title: 'The dossier code does not have a valid form and date.',
  },
  'payment-order.dossier-not-yours': {
    kind: 'invalid',
    title: 'The dossier code belongs to another agency.',
  },
  'payment-order.return-url-not-allowed': {
    kind: 'invalid',
    title: "The return URL is not on the agency's list.",
  },
  'payment-order.expiry-invalid': {
    kind: 'invalid',
    title: 'The expiry must lie in the future, at most 400 days ahead.',
  },
  'payment-order.amount-out-of-range': {
    kind: 'invalid',
    title: 'The total of the order is outside the allowed range.',
  },
  'payment-order.already-open': {
    kind: 'conflict',
    title: 'This obligation already has an open payment order.',
  },
  'payment-order.already-paid': { kind: 'conflict', title: 'This obligation has already been paid.' },
  'payment-order.not-open': { kind: 'conflict', title: 'The payment order is no longer open.' },
  'payment-order.payment-in-flight': {
    kind: 'conflict',
    title: 'A payment for this order is in progress or not yet known.',
  },
  'payment-order.not-paid': { kind: 'conflict', title: 'The payment order is not paid.' },

  'payment.not-found': { kind: 'missing', title: 'There is no such payment.' },
  'payment.gateway-not-available': { kind: 'invalid', title: 'This way to pay is not available.' },
  'payment.amount-outside-gateway': {
    kind: 'invalid',
    title: 'The amount is outside what this way to pay accepts.',
  },

  'refund.not-found': { kind: 'missing', title: 'There is no such refund.' },
  'refund.amount-exceeds-available': {
    kind: 'invalid',
    title: 'The refund exceeds what can still be refunded.',
  },
  'refund.amount-available-differs': {
    kind: 'conflict',
    title: 'The amount that can be refunded has changed since it was read.',
  },
  'refund.same-person': {
    kind: 'forbidden',
    title: 'A refund is decided by another person or client than the one that asked.',
  },
  'refund.illegal-move': {
    kind: 'conflict',
    title: 'The refund cannot take this step in its present state.',
  },
  'refund.lines-do-not-sum': { kind: 'invalid', title: 'The lines of the refund do not sum to its amount.' },
  'refund.unknown-line': { kind: 'invalid', title: 'A line of the refund is no line that was paid.' },
  'refund.whole-only': { kind: 'invalid', title: 'Money that was not owed is given back whole.' },
  'refund.held-by-platform': {
    kind: 'conflict',
    title: 'The platform holds this money and returns it itself.',
  },
  'refund.gateway-cannot': { kind: 'conflict', title: 'The gateway cannot make this refund.' },

  'receipt.not-found': { kind: 'missing', title: 'There is no such receipt.' },

  'webhook.endpoint-not-found': { kind: 'missing', title: 'There is no such webhook endpoint.' },
  'webhook.delivery-not-found': { kind: 'missing', title: 'There is no such delivery.' },
  'webhook.endpoint-limit': {
    kind: 'conflict',
    title: 'The agency has as many webhook endpoints as it may. Delete one first.',
  },
  'webhook.url-not-allowed': { kind: 'invalid', title: 'The webhook URL is not allowed.' },
  'webhook.replay-limit': {
    kind: 'limited',
    title: 'This delivery has been replayed too often within the hour.',
  },

  'merchant-account.not-found': { kind: 'missing', title: 'There is no such merchant account.' },
  'merchant-account.not-usable': { kind: 'invalid', title: 'The merchant account cannot be used like this.' },
  'gateway.settings-not-usable': { kind: 'invalid', title: 'The gateway cannot be set up like this.' },

  'settlement.file-unreadable': {
    kind: 'invalid',
    title: 'The settlement file could not be read. Nothing was imported.',
  },
  'settlement.file-already-imported': {
    kind: 'conflict',
    title: 'This settlement file was already imported.',
  },
  'settlement.batch-not-found': { kind: 'missing', title: 'There is no such settlement batch.' },
  'settlement.gateway-without-files': { kind: 'invalid', title: 'This gateway has no settlement files.' },

  'ledger.not-yet-sealed': { kind: 'conflict', title: 'The books are not yet sealed to that moment.' },
  'ledger.account-not-found': { kind: 'missing', title: 'There is no such ledger account.' },
} as const satisfies Record<string, { kind: RefusalKind; title: string }>;

export type RefusalCode = keyof typeof REFUSALS;

/** One thing wrong with the input, at a JSON pointer into it. */
export interface InputFault {
  readonly pointer: string;
  readonly detail: string;
}

export interface RefusalOptions {
  /** Sentences that name the record and its state; never a secret, a stack or SQL. */
  readonly detail?: string;
  /** Every fault of the input, each with its pointer. */
  readonly errors?: readonly InputFault[];
  /** Seconds after which the same request may succeed. */
  readonly retryAfterSeconds?: number;
}

/** An expected "no". Thrown where the caller can only give up; never caught inside features. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly options: RefusalOptions;

  /** @param facts members added to the problem document, in the API's own spelling (snake_case) */
  constructor(
    code: RefusalCode,
    facts: Readonly<Record<string, unknown>> = {},
    options: RefusalOptions = {},
  ) {
    super(options.detail ?? REFUSALS[code].title);
    this.code = code;
    this.facts = facts;
    this.options = options;
  }

  get kind(): RefusalKind {
    return REFUSALS[this.code].kind;
  }

  get title(): string {
    return REFUSALS[this.code].title;
  }
}
