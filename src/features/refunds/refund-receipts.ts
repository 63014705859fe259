/** Receipts after a refund: a partial one replaces them, a full one voids them, a reversal issues them anew. */
import { randomBytes } from 'node:crypto';
import { receiptNumber } from '../../domain/agencies/agency-event.ts';
import { newId, publicId, type IdSource } from '../../domain/kernel/ids.ts';
import { lookupCodeFrom } from '../../domain/kernel/lookup-code.ts';
import { money } from '../../domain/kernel/money.ts';
import type { Day } from '../../domain/kernel/time.ts';
import type { AllocationLine } from '../../domain/payments/payment.ts';
import {
  linesAfterRefunds,
  linesByReceiptForm,
  receiptAmount,
  receiptSymbol,
  type ReceiptDraft,
} from '../../domain/receipts/receipt.ts';
import type { Refund } from '../../domain/refunds/refund.ts';
import { jsonAmount, type ReceiptFigure } from '../orders/order-snapshot.ts';
import type { RefundNews } from './refund-announcement.ts';
import type { ReceiptVoiding } from './refund-effect-store.ts';
import type { IssuedReceipt, RefundedOrder } from './refund-reading-store.ts';

export interface ReceiptChanges {
  readonly drafts: readonly ReceiptDraft[];
  readonly voidings: readonly ReceiptVoiding[];
  /** All receipts of the order as they stand afterwards. */
  readonly figures: readonly ReceiptFigure[];
  readonly news: readonly RefundNews[];
}

/**
 * What becomes of an order's receipts once its money has moved.
 *
 * Only what has gone back for good leaves a receipt: what is held for refunds under way is still the agency's.
 *
 * @param refundedForGood  by line number, this refund counted as it now stands
 */
export function planReceipts(
  deps: { readonly newId: IdSource },
  given: {
    readonly refund: Refund;
    readonly order: RefundedOrder;
    readonly lines: readonly AllocationLine[];
    readonly refundedForGood: ReadonlyMap<number, bigint>;
    readonly businessDate: Day;
    readonly issuedAt: Date;
  },
): ReceiptChanges {
  const { refund, order } = given;
  const touched = new Set(refund.lines.map(({ lineNo }) => lineNo));
  const figures = new Map(order.receipts.map((receipt) => [receipt.id, figureOf(receipt, receipt.state)]));
  const drafts: ReceiptDraft[] = [];
  const voidings: ReceiptVoiding[] = [];
  const news: RefundNews[] = [];

  for (const [form, lines] of linesByReceiptForm(given.lines)) {
    if (!lines.some(({ lineNo }) => touched.has(lineNo))) continue;
    const ofForm = order.receipts.filter((receipt) => receipt.form === form);
    const current = ofForm.find(({ state }) => state === 'issued');
    const last = ofForm.at(-1);
    if (!last) throw new Error(`order ${order.id} has no receipt of form ${form}`);
    const remaining = linesAfterRefunds(lines.map((line) => withRefunded(line, given.refundedForGood)));
    const draft = remaining.length === 0 ? null : draftReceipt(deps, given, last, remaining);
    if (current) {
      voidings.push({
        agencyId: order.agencyId,
        receiptId: current.id,
        refundId: refund.id,
        replacedById: draft?.id ?? null,
      });
      figures.set(current.id, figureOf(current, 'voided'));
      news.push([
        'receipt.voided',
        {
          receipt_id: publicId('rc', current.id),
          replaced_by: draft === null ? null : publicId('rc', draft.id),
        },
      ]);
    }
    if (draft !== null) {
      drafts.push(draft);
      figures.set(draft.id, draftFigure(draft));
      news.push([
        'receipt.issued',
        { receipt_id: publicId('rc', draft.id), replaces: publicId('rc', last.id) },
      ]);
    }
  }
  return { drafts, voidings, figures: [...figures.values()], news };
}

function withRefunded(line: AllocationLine, refunded: ReadonlyMap<number, bigint>): AllocationLine {
  return { ...line, refunded: money(refunded.get(line.lineNo) ?? 0n, line.amount.currency) };
}

/** The same receipt with what is left on it; everything else stays as it was frozen. */
function draftReceipt(
  deps: { readonly newId: IdSource },
  given: {
    readonly refund: Refund;
    readonly order: RefundedOrder;
    readonly businessDate: Day;
    readonly issuedAt: Date;
  },
  last: IssuedReceipt,
  lines: readonly AllocationLine[],
): ReceiptDraft {
  const amount = receiptAmount(lines);
  return {
    agencyId: given.order.agencyId,
    id: newId('rc', deps.newId),
    orderId: given.order.id,
    paymentId: given.refund.paymentId,
    form: last.form,
    symbol: receiptSymbol(given.businessDate),
    verificationCode: lookupCodeFrom(randomBytes(16)),
    amount,
    content: {
      ...last.content,
      lines: lines.map((line) => ({
        kind: line.kind,
        description: line.description,
        amount: jsonAmount(line.amount),
        beneficiary: line.beneficiaryName,
        budget_chapter: line.budgetChapter,
        budget_sub_item: line.budgetSubItem,
      })),
      amount: jsonAmount(amount),
    },
    businessDate: given.businessDate,
    issuedAt: given.issuedAt,
    replacesId: last.id,
  };
}

function draftFigure(draft: ReceiptDraft): ReceiptFigure {
  return {
    id: draft.id,
    form: draft.form,
    symbol: draft.symbol,
    number: receiptNumber(draft.id),
    verificationCode: draft.verificationCode,
    amount: jsonAmount(draft.amount),
    state: 'issued',
  };
}

function figureOf(receipt: IssuedReceipt, state: ReceiptFigure['state']): ReceiptFigure {
  const { id, form, symbol, number, verificationCode, amount } = receipt;
  return { id, form, symbol, number, verificationCode, amount, state };
}
