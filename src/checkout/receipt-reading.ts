/** A receipt as pages show it: what was frozen at issue, and whether it still holds. */
import { money } from '../domain/kernel/money.ts';
import { dayOf } from '../domain/kernel/time.ts';
import type { Receipt } from '../features/receipts/receipt-store.ts';
import type { CheckoutDeps } from './checkout-deps.ts';
import type { ReceiptView } from './receipt-card.tsx';

export function receiptView(deps: CheckoutDeps, receipt: Receipt): ReceiptView {
  const { content } = receipt;
  return {
    number: receipt.number,
    symbol: receipt.symbol,
    issuer: { nameVi: content.issuer.name_vi, nameEn: content.issuer.name_en },
    payerName: content.payer_name ?? '',
    lines: content.lines.map(({ description, amount }) => ({
      description,
      amount: money(BigInt(amount), receipt.amount.currency),
    })),
    contentNote: content.dossier_code,
    amount: receipt.amount,
    beneficiary: [...new Set(content.lines.map(({ beneficiary }) => beneficiary))].join('; '),
    paidAt: new Date(content.paid_at),
    verificationCode: receipt.verificationCode,
    verifyUrl: `${deps.publicUrl}/verify/${receipt.verificationCode}`,
    status: receiptStatus(deps, receipt),
  };
}

export function receiptStatus({ timeZone }: CheckoutDeps, { voiding }: Receipt): ReceiptView['status'] {
  if (voiding === null) return { kind: 'valid' };
  return {
    kind: voiding.replacedById === null ? 'voided' : 'replaced',
    on: dayOf(voiding.at, timeZone),
  };
}
