/** The check of a code by anybody: whether this service issued a receipt or a request, and no more than initials. */
import { parseLookupCode, type LookupCode } from '../domain/kernel/lookup-code.ts';
import { dayOf } from '../domain/kernel/time.ts';
import { findOrderByLookupCode } from '../features/orders/order-store.ts';
import { findReceiptByCode, type Receipt } from '../features/receipts/receipt-store.ts';
import { messagesFor } from '../web/i18n.ts';
import { pageAnswer, refuseOften, type Answer, type CheckoutDeps, type Visit } from './checkout-deps.ts';
import { orderPath, readOrderFacts } from './checkout-facts.ts';
import { publicOrderOf } from './public-state.ts';
import { receiptStatus } from './receipt-reading.ts';
import { VERIFY_FIELD, verifyPage, type VerifyOutcome } from './receipt-page.tsx';

const MAX_TYPED = 200;

/** A code typed into the form: what cannot be a code is said to be mistyped. */
export async function verifyTyped(deps: CheckoutDeps, visit: Visit, sent: unknown): Promise<Answer> {
  const typed = typeof sent === 'string' ? sent.trim().slice(0, MAX_TYPED) : '';
  const code = parseLookupCode(typed);
  if (code !== null) return await verify(deps, visit, typed, code);
  const texts = messagesFor(visit.page.locale).verify;
  const isFirstVisit = sent === undefined;
  const message = typed === '' ? texts.errEmpty : texts.errFormat;
  const faults = isFirstVisit ? [] : [{ field: VERIFY_FIELD, message }];
  return pageAnswer(verifyPage({ typed, faults, outcome: null }, visit.page), isFirstVisit ? 200 : 422);
}

/** A code in an address, as QR codes carry it: one that is malformed was issued as little as one that is absent. */
export async function verifyAddress(deps: CheckoutDeps, visit: Visit, given: string): Promise<Answer> {
  return await verify(deps, visit, given.slice(0, MAX_TYPED), parseLookupCode(given));
}

async function verify(
  deps: CheckoutDeps,
  visit: Visit,
  typed: string,
  code: LookupCode | null,
): Promise<Answer> {
  const limited = await refuseOften(deps, visit.request, 'verify');
  if (limited) return limited;
  const outcome = code === null ? ({ kind: 'unknown' } as const) : await outcomeOf(deps, code);
  return pageAnswer(
    verifyPage({ typed, faults: [], outcome }, visit.page),
    outcome.kind === 'unknown' ? 404 : 200,
  );
}

async function outcomeOf(deps: CheckoutDeps, code: LookupCode): Promise<VerifyOutcome> {
  const receipt = await findReceiptByCode(deps.db, code);
  if (receipt) return receiptOutcome(deps, receipt);
  const key = await findOrderByLookupCode(deps.db, code);
  const facts = key && (await readOrderFacts(deps, { ...key, isPublic: true }));
  if (!facts) return { kind: 'unknown' };
  const { agency } = facts;
  return { kind: 'request', ...publicOrderOf(deps, facts), agency, href: orderPath(deps, facts) };
}

function receiptOutcome(deps: CheckoutDeps, receipt: Receipt): VerifyOutcome {
  const { issuer, payer_name: payerName } = receipt.content;
  return {
    kind: 'receipt',
    symbol: receipt.symbol,
    number: receipt.number,
    agency: { nameVi: issuer.name_vi, nameEn: issuer.name_en },
    issuedOn: dayOf(receipt.issuedAt, deps.timeZone),
    amount: receipt.amount,
    payerName: payerName ?? '',
    status: receiptStatus(deps, receipt),
  };
}
