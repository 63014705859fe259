/** The search for what one owes: a payment code, a dossier code or a decision number, as people type them. */
import { LOOKUP_CODE_ALPHABET, parseLookupCode, type LookupCode } from '../domain/kernel/lookup-code.ts';
import { findOrderByLookupCode, findOrdersByPaper, type OrderKey } from '../features/orders/order-store.ts';
import { findReceiptByCode } from '../features/receipts/receipt-store.ts';
import { textFields } from '../web/forms.tsx';
import { messagesFor, type Locale } from '../web/i18n.ts';
import {
  pageAnswer,
  refuseOften,
  seeOther,
  type Answer,
  type CheckoutDeps,
  type Visit,
} from './checkout-deps.ts';
import { orderPath, readOrderFacts, type OrderFacts } from './checkout-facts.ts';
import { FIND_FIELD, findPage } from './find-page.tsx';
import { orderListPage, type OrderListItem } from './order-list-page.tsx';
import { publicOrderOf } from './public-state.ts';

/** Longer than any code with its label; the rest of a pasted letter is not looked at. */
const MAX_TYPED = 200;

export function showFind(deps: CheckoutDeps, visit: Visit): Answer {
  return findAnswer(deps, visit, { typed: '', fault: null, notFound: null });
}

export async function find(deps: CheckoutDeps, visit: Visit): Promise<Answer> {
  const { request, page } = visit;
  const typed = (textFields(request.body)[FIND_FIELD] ?? '').slice(0, MAX_TYPED);
  const fault = faultOf(typed, page.locale);
  if (fault !== null) return findAnswer(deps, visit, { typed, fault, notFound: null });
  const limited = await refuseOften(deps, request, 'find');
  if (limited) return limited;
  const code = parseLookupCode(typed);
  if (code !== null) {
    const path = await pathOfCode(deps, code);
    if (path !== null) return seeOther(path);
  }
  const found = await findByPaper(deps, typed);
  const [only, ...others] = found;
  if (!only) return findAnswer(deps, visit, { typed, fault: null, notFound: typed });
  if (others.length === 0) return seeOther(orderPath(deps, only));
  return pageAnswer(orderListPage({ items: found.map((facts) => itemOf(deps, facts)) }, page));
}

async function pathOfCode(deps: CheckoutDeps, code: LookupCode): Promise<string | null> {
  const order = await findOrderByLookupCode(deps.db, code);
  if (order) return orderPath(deps, { order, isPublic: true });
  return (await findReceiptByCode(deps.db, code)) ? `/verify/${code}` : null;
}

/** What is printed on paper is easy to guess, and codes are read over shoulders: all of it leads to public pages. */
async function findByPaper(deps: CheckoutDeps, typed: string): Promise<OrderFacts[]> {
  for (const spelling of spellingsOf(typed)) {
    const keys: OrderKey[] = await findOrdersByPaper(deps.db, spelling);
    const facts = await Promise.all(keys.map((key) => readOrderFacts(deps, { ...key, isPublic: true })));
    const found = facts.filter((each) => each !== null);
    if (found.length > 0) return found;
  }
  return [];
}

/** As typed without a label before it, then in capitals, then without spaces: likeliest first. */
export function spellingsOf(typed: string): string[] {
  const plain = typed
    .normalize('NFKC')
    .replace(/[‐‑–—]/gu, '-')
    .trim();
  const unlabelled = plain.slice(plain.lastIndexOf(':') + 1).trim();
  const capitals = unlabelled.toUpperCase();
  return [...new Set([plain, unlabelled, capitals, capitals.replace(/\s+/gu, '')])].filter(
    (text) => text !== '',
  );
}

function itemOf(deps: CheckoutDeps, facts: OrderFacts): OrderListItem {
  const { order, agency } = facts;
  return {
    ...publicOrderOf(deps, facts),
    agency,
    description: order.lines.map(({ description }) => description).join('; '),
    href: orderPath(deps, facts),
  };
}

/** A code that is all but whole is told to be short, rather than not found. */
function faultOf(typed: string, locale: Locale): string | null {
  const texts = messagesFor(locale).find;
  const plain = typed
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\-.]/gu, '');
  if (plain === '') return texts.errEmpty;
  const looksLikeCode = Array.from(plain).every((character) => LOOKUP_CODE_ALPHABET.includes(character));
  const hasLetter = /[A-Z]/.test(plain);
  return looksLikeCode && hasLetter && plain.length >= 8 && plain.length < 12
    ? texts.errShort(12 - plain.length)
    : null;
}

function findAnswer(
  deps: CheckoutDeps,
  { request, response, page }: Visit,
  { typed, fault, notFound }: { typed: string; fault: string | null; notFound: string | null },
): Answer {
  const view = {
    typed,
    faults: fault === null ? [] : [{ field: FIND_FIELD, message: fault }],
    notFound,
    form: { action: '/pay', csrfToken: deps.csrf.tokenFor(request, response) },
  };
  const status = fault !== null ? 422 : notFound !== null ? 404 : 200;
  return pageAnswer(findPage(view, page), status);
}
