/** Citizen chose a method: open a payment, ask the gateway for the hand-off. Two short transactions, the network between. */
import { randomBytes } from 'node:crypto';
import { newId, publicId, type AgencyId, type IdSource, type PaymentId } from '../../domain/kernel/ids.ts';
import { compare, sum, type Currency, type Money } from '../../domain/kernel/money.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import { addMinutes, addSeconds, dayOf, type Clock, type Day } from '../../domain/kernel/time.ts';
import { clearingAccount, payableAccount, type AccountName } from '../../domain/ledger/accounts.ts';
import type { PostableAccount } from '../../domain/ledger/ledger-transaction.ts';
import {
  LATE_INTEREST,
  linesDueOn,
  type DueLine,
  type PaymentOrder,
} from '../../domain/orders/payment-order.ts';
import { CIRCUIT_RULE } from '../../domain/payments/gateway-circuit.ts';
import type { HandOff } from '../../domain/payments/hand-off.ts';
import { ASK_ABOUT_CREATED_AFTER_MINUTES, dueAt } from '../../domain/payments/query-ladder.ts';
import type { GatewayAdapter, MerchantAccount } from '../../gateways/gateway-adapter.ts';
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import type { AccountBook } from '../ledger/account-store.ts';
import { findClaim, lockOrders, type OrderKey } from '../orders/order-store.ts';
import { claimTrial } from './gateway-health-store.ts';
import { gatewayFor, type GatewayForAgencies, type OfferDeps } from './gateway-standings.ts';
import {
  findOrdersOfPayment,
  findPayment,
  insertPayment,
  markHandedOff,
  nextPaymentNumber,
  type NewAllocation,
  type PaymentRecord,
} from './payment-store.ts';

export type { MerchantAccounts } from './gateway-standings.ts';

/** The gateways that are configured. */
export interface Gateways {
  get(code: string): GatewayAdapter | null;
  enabled(): readonly GatewayAdapter[];
}

export interface StartPaymentDeps extends OfferDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly gateways: Gateways;
  readonly accounts: AccountBook;
  readonly businessTimeZone: string;
  readonly returnUrl: (gateway: string, paymentId: PaymentId) => string;
  readonly callbackUrl: (gateway: string, accountCode: string) => string;
  readonly gatewayTimeoutMs: number;
  readonly onGatewayError: (error: unknown, paymentId: PaymentId) => void;
}

export interface StartPaymentCommand {
  /** One order, or several of several agencies: all are paid by this attempt or none. */
  readonly orders: readonly OrderKey[];
  readonly gateway: string;
  readonly locale: 'vi' | 'en';
  readonly payerIp: string;
  /** What the citizen was shown; when the day has changed it, nothing is started. */
  readonly expected: Money | null;
}

export type StartedPayment =
  | { readonly kind: 'handed_off'; readonly paymentId: PaymentId; readonly handOff: HandOff }
  /** The gateway's answer was lost: the payment may live there. It is asked about, never started a second time. */
  | { readonly kind: 'answer_lost'; readonly paymentId: PaymentId }
  | { readonly kind: 'amount_changed'; readonly due: Money };

/**
 * Starts a payment, or finds the living one that the same choice started before: the back button, a reload, a
 * double tap and two tabs all land on the same attempt.
 *
 * A gateway that is hidden (it fails, is in maintenance, or an agency does not offer it) starts nothing new; the attempt
 * that lives there goes on.
 *
 * Refuses: payment.gateway-not-available (with the reason), payment-order.not-open, payment-order.payment-in-flight (with the
 * payment), payment.amount-outside-gateway.
 */
export async function startPayment(
  deps: StartPaymentDeps,
  command: StartPaymentCommand,
): Promise<StartedPayment> {
  const adapter = deps.gateways.get(command.gateway);
  if (!adapter) throw new Refusal('payment.gateway-not-available');
  const agencyIds = [...new Set(command.orders.map(({ agencyId }) => agencyId))];
  const gateway = await gatewayFor(deps, adapter, agencyIds);
  const number = await nextPaymentNumber(deps.db);
  const opened = await inTransaction(deps.db, (tx) =>
    openPayment(tx, deps, { command, adapter, agencyIds, gateway, number }),
  );
  if (opened.kind === 'amount_changed') return opened;
  return await handOff(deps, adapter, opened.payment, command);
}

interface Opening {
  readonly command: StartPaymentCommand;
  readonly adapter: GatewayAdapter;
  readonly agencyIds: readonly AgencyId[];
  readonly gateway: GatewayForAgencies;
  readonly number: bigint;
}

async function openPayment(
  tx: Tx,
  deps: StartPaymentDeps,
  { command, adapter, agencyIds, gateway, number }: Opening,
): Promise<{ kind: 'opened'; payment: PaymentRecord } | { kind: 'amount_changed'; due: Money }> {
  const orders = await lockOrders(tx, command.orders);
  if (orders.length !== command.orders.length) throw new Refusal('payment-order.not-found');
  const now = deps.clock.now();
  const living = await livingPayment(tx, orders, command);
  if (living) return { kind: 'opened', payment: living };
  for (const order of orders) refuseUnlessPayable(order, now);

  const day = dayOf(now, deps.businessTimeZone);
  const currency = currencyOf(orders);
  const due = orders.map((order) => ({ order, lines: linesDueOn(order.lines, day) }));
  const total = sum(
    due.flatMap(({ lines }) => lines.map(({ amount }) => amount)),
    currency,
  );
  if (command.expected !== null && compare(command.expected, total) !== 0)
    return { kind: 'amount_changed', due: total };
  const amounts = agencyIds.map((agencyId) => amountOf(due, agencyId, currency));
  const account = await refuseUnlessOffered(tx, { adapter, gateway, amounts, now });

  const id = newId('pay', deps.newId);
  await insertPayment(tx, {
    id,
    number,
    gateway: adapter.code,
    merchantAccount: account.code,
    merchantReference: adapter.profile.merchantReference(number, now, randomBytes(8).toString('hex')),
    amount: total,
    locale: command.locale,
    startedAt: now,
    lifetimeEndsAt: addMinutes(now, adapter.profile.paymentLifetimeMinutes),
    firstQueryAt: addMinutes(now, ASK_ABOUT_CREATED_AFTER_MINUTES),
    allocations: await Promise.all(
      due.map(({ order, lines }) => allocationFor(deps, order, lines, { adapter, account })),
    ),
  });
  const payment = await findPayment(tx, id);
  if (!payment) throw new Error('an inserted payment did not come back');
  return { kind: 'opened', payment };
}

/** The attempt that these same orders already have at the same gateway, while it can still be handed off. */
async function livingPayment(
  tx: Tx,
  orders: readonly PaymentOrder[],
  command: StartPaymentCommand,
): Promise<PaymentRecord | null> {
  const claims = await Promise.all(orders.map((order) => findClaim(tx, order)));
  const [first] = claims;
  if (claims.every((claim) => claim === null)) return null;
  if (first && claims.every((claim) => claim?.paymentId === first.paymentId)) {
    const payment = await findPayment(tx, first.paymentId);
    const covers = await findOrdersOfPayment(tx, first.paymentId);
    const canGoOn = payment?.state === 'created' || payment?.state === 'handed_off';
    if (payment && canGoOn && payment.gateway === command.gateway && covers.length === orders.length)
      return payment;
  }
  const holder = claims.find((claim) => claim !== null);
  if (holder?.claim === 'applied') throw new Refusal('payment-order.not-open');
  throw new Refusal(
    'payment-order.payment-in-flight',
    holder ? { payment_id: publicId('pay', holder.paymentId) } : {},
  );
}

function refuseUnlessPayable(order: PaymentOrder, now: Date): void {
  if (order.status === 'open' && order.expiresAt > now) return;
  throw new Refusal(
    'payment-order.not-open',
    { payment_order_id: publicId('po', order.id), status: order.status },
    { detail: `Payment order ${publicId('po', order.id)} is ${order.status}.` },
  );
}

function amountOf(
  due: readonly { readonly order: PaymentOrder; readonly lines: readonly DueLine[] }[],
  agencyId: AgencyId,
  currency: Currency,
): Money {
  const own = due.filter(({ order }) => order.agencyId === agencyId);
  return sum(
    own.flatMap(({ lines }) => lines.map(({ amount }) => amount)),
    currency,
  );
}

/** Never trusts the form: what the page hid cannot be started. @returns the account that the payment goes through */
async function refuseUnlessOffered(
  tx: Tx,
  {
    adapter,
    gateway,
    amounts,
    now,
  }: Pick<Opening, 'adapter' | 'gateway'> & { amounts: readonly Money[]; now: Date },
): Promise<MerchantAccount> {
  const offer = gateway.offer(amounts, now);
  if (offer.kind === 'over_limit' || offer.kind === 'under_minimum') {
    throw new Refusal('payment.amount-outside-gateway');
  }
  if (offer.kind !== 'available' || gateway.account === null) {
    throw new Refusal('payment.gateway-not-available', { reason: offer.kind });
  }
  const until = addSeconds(now, CIRCUIT_RULE.probeSeconds);
  if (offer.isTrial && !(await claimTrial(tx, adapter.code, { now, until }))) {
    throw new Refusal('payment.gateway-not-available', { reason: 'failing' });
  }
  return gateway.account;
}

function currencyOf(orders: readonly PaymentOrder[]): Currency {
  const [first] = orders;
  if (!first || orders.some(({ currency }) => currency !== first.currency)) {
    throw new Error('a payment covers orders of one currency');
  }
  return first.currency;
}

async function allocationFor(
  deps: StartPaymentDeps,
  order: PaymentOrder,
  due: readonly DueLine[],
  at: { readonly adapter: GatewayAdapter; readonly account: MerchantAccount },
): Promise<NewAllocation> {
  const { agencyId, currency } = order;
  const names: AccountName[] = [
    clearingAccount(agencyId, currency, at.adapter.code, at.account.code),
    ...due.map(({ line }) => payableAccount(agencyId, currency, line)),
  ];
  const [clearing, ...payables] = await deps.accounts(names);
  if (!clearing) throw new Error('the clearing account was not opened');
  return {
    agencyId,
    orderId: order.id,
    amount: sum(
      due.map(({ amount }) => amount),
      currency,
    ),
    clearingAccountId: clearing.id,
    lines: due.map((dueLine, index) => frozenLine(dueLine, index, payables[index])),
  };
}

function frozenLine(
  { kind, line, amount, interest }: DueLine,
  index: number,
  payable: PostableAccount | undefined,
) {
  if (!payable) throw new Error('a payable account was not opened');
  const terms =
    line.payBy === null || line.lateRatePerDayPpm === null
      ? null
      : {
          kind: 'terms' as const,
          pay_by: line.payBy satisfies Day,
          rate_per_day_ppm: line.lateRatePerDayPpm,
        };
  return {
    lineNo: index + 1,
    orderLineNo: line.lineNo,
    kind,
    description: kind === LATE_INTEREST ? `Tiền chậm nộp: ${line.description}` : line.description,
    beneficiaryCode: line.beneficiaryCode,
    budgetChapter: line.budgetChapter,
    budgetSubItem: line.budgetSubItem,
    receiptForm: line.receiptForm,
    payableAccountId: payable.id,
    amount,
    calculation: interest
      ? {
          kind: 'interest' as const,
          base: Number(interest.base.amountMinor),
          rate_per_day_ppm: interest.ratePerDayPpm,
          days: interest.days,
        }
      : terms,
  };
}

async function handOff(
  deps: StartPaymentDeps,
  adapter: GatewayAdapter,
  payment: PaymentRecord,
  command: StartPaymentCommand,
): Promise<StartedPayment> {
  if (payment.handOff !== null && payment.handOff.expiresAt > deps.clock.now()) {
    return { kind: 'handed_off', paymentId: payment.id, handOff: payment.handOff };
  }
  const account = await deps.merchantAccounts(payment.gateway, payment.merchantAccount);
  if (!account) throw new Refusal('payment.gateway-not-available');
  let given: HandOff;
  try {
    given = await adapter.startPayment(
      {
        account,
        merchantReference: payment.merchantReference,
        amount: payment.amount,
        description: `DVC ${payment.number.toString()}`,
        locale: command.locale,
        payerIp: command.payerIp,
        startedAt: payment.startedAt,
        returnUrl: deps.returnUrl(adapter.code, payment.id),
        callbackUrl: deps.callbackUrl(adapter.code, account.code),
      },
      AbortSignal.timeout(deps.gatewayTimeoutMs),
    );
  } catch (error) {
    // It may have reached the gateway all the same. The ladder asks by our reference; nothing is started twice.
    deps.onGatewayError(error, payment.id);
    return { kind: 'answer_lost', paymentId: payment.id };
  }
  const at = deps.clock.now();
  await inTransaction(deps.db, (tx) =>
    markHandedOff(tx, payment.id, {
      handOff: given,
      at,
      lifetimeEndsAt: given.expiresAt,
      nextQueryAt: dueAt(at, 0) ?? at,
    }),
  );
  return { kind: 'handed_off', paymentId: payment.id, handOff: given };
}
