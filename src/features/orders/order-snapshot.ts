/** An order, its payments and its receipts as plain JSON: what events carry and what the API shows. */
import { maskIdentity } from '../../domain/kernel/masks.ts';
import { publicId, type OrderId, type PaymentId, type ReceiptId } from '../../domain/kernel/ids.ts';
import type { Money } from '../../domain/kernel/money.ts';

/** An amount as a JSON integer; rows never exceed 9e15, so it is exact. */
export function jsonAmount(amount: Money): number {
  return Number(amount.amountMinor);
}

export interface LineFigure {
  readonly kind: string;
  readonly description: string;
  readonly amount: number;
}

export interface OrderFigure {
  readonly id: OrderId;
  readonly status: string;
  readonly dossierCode: string | null;
  readonly procedureCode: string | null;
  readonly lookupCode: string;
  readonly currency: string;
  readonly amount: number;
  readonly amountPaid: number;
  readonly amountRefunded: number;
  readonly payerName: string | null;
  readonly payerIdentityNumber: string | null;
  readonly metadata: unknown;
  readonly createdAt: Date | string;
  readonly expiresAt: Date | string;
  readonly paidAt: Date | string | null;
  readonly lines: readonly LineFigure[];
}

export interface PaymentFigure {
  readonly id: PaymentId;
  readonly gateway: string;
  readonly state: string;
  readonly claim: string;
  readonly amount: number;
  readonly gatewayTransactionId: string | null;
  readonly paidAt: Date | string | null;
}

export interface ReceiptFigure {
  readonly id: ReceiptId;
  readonly form: string;
  readonly symbol: string;
  /** Text of seven digits, or the mark that stands for a number still to be taken. */
  readonly number: string;
  readonly verificationCode: string;
  readonly amount: number;
  readonly state: 'issued' | 'voided';
}

/** The data of an event: the payer's name and masked identity only, never number, e-mail or phone. */
export function orderSnapshot(
  order: OrderFigure,
  payments: readonly PaymentFigure[],
  receipts: readonly ReceiptFigure[],
): Readonly<Record<string, unknown>> {
  return {
    payment_order: {
      id: publicId('po', order.id),
      status: order.status,
      dossier_code: order.dossierCode,
      procedure_code: order.procedureCode,
      lookup_code: order.lookupCode,
      amount: order.amount,
      amount_paid: order.amountPaid,
      amount_refunded: order.amountRefunded,
      currency: order.currency,
      payer: {
        name: order.payerName,
        identity_number: order.payerIdentityNumber === null ? null : maskIdentity(order.payerIdentityNumber),
      },
      lines: order.lines.map((line) => ({
        obligation_type: line.kind,
        description: line.description,
        amount: line.amount,
      })),
      metadata: order.metadata,
      created_at: instant(order.createdAt),
      expires_at: instant(order.expiresAt),
      paid_at: instant(order.paidAt),
    },
    payments: payments.map((payment) => ({
      id: publicId('pay', payment.id),
      gateway: payment.gateway,
      state: payment.state,
      claim: payment.claim,
      amount: payment.amount,
      currency: order.currency,
      gateway_transaction_id: payment.gatewayTransactionId,
      paid_at: instant(payment.paidAt),
    })),
    receipts: receipts.map(receiptSnapshot),
  };
}

export function receiptSnapshot(receipt: ReceiptFigure): Readonly<Record<string, unknown>> {
  return {
    id: publicId('rc', receipt.id),
    form: receipt.form,
    symbol: receipt.symbol,
    number: receipt.number,
    verification_code: receipt.verificationCode,
    amount: receipt.amount,
    state: receipt.state,
  };
}

/** RFC 3339 in UTC. */
export function instant(at: Date | string | null): string | null {
  if (at === null) return null;
  return (typeof at === 'string' ? new Date(at) : at).toISOString();
}
