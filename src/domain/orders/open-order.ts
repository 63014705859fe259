/** Opening an order: what an agency asks for, checked against the registry and priced, or every fault of it. */
import type { Agency, Beneficiary } from '../agencies/agency.ts';
import type { AgencyId } from '../kernel/ids.ts';
import { MAX_AMOUNT_MINOR, money, type Currency } from '../kernel/money.ts';
import { Refusal, type RefusalCode } from '../kernel/refusals.ts';
import { addMinutes, type Day } from '../kernel/time.ts';
import { DOSSIER_CODE_FORM, parseDossierCode } from './dossier-code.ts';
import type { FeeItem, ObligationType } from './obligation-type.ts';
import {
  amountDueOn,
  LATE_INTEREST,
  obligationIdentity,
  principalOf,
  type Decision,
  type OrderLine,
  type Payer,
} from './payment-order.ts';

export interface LineRequest {
  readonly obligationType: string;
  readonly feeCode: string | null;
  readonly quantity: number;
  readonly description: string | null;
  /** Minor units; needed unless the fee schedule has the price, and then it must agree with it. */
  readonly amountMinor: bigint | null;
  readonly beneficiaryCode: string | null;
  readonly budgetChapter: string | null;
  readonly budgetSubItem: string | null;
  readonly decision: Decision | null;
  readonly payBy: Day | null;
  /** The agency's own name for the obligation, to tell apart two of one type in one decision. */
  readonly reference: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface OrderRequest {
  readonly dossierCode: string | null;
  readonly procedureCode: string | null;
  readonly payer: Payer;
  readonly lines: readonly LineRequest[];
  readonly expiresAt: Date | null;
  readonly returnUrl: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What the registry knows, as of the day of opening. */
export interface OrderRegistry {
  readonly agency: Agency;
  readonly beneficiaries: readonly Beneficiary[];
  /** Type to the agency's own account for it. */
  readonly beneficiaryRules: ReadonlyMap<string, string>;
  readonly types: ReadonlyMap<string, ObligationType>;
  readonly fees: ReadonlyMap<string, FeeItem>;
  /** Whose dossier it is by the code in it; null when no agency has that code. */
  readonly dossierOwner: AgencyId | null;
  /** Faults of a line's attributes against its type's schema, pointers relative to them. */
  readonly attributeFaults: (
    type: ObligationType,
    attributes: unknown,
  ) => readonly { pointer: string; detail: string }[];
}

export interface PricedOrder {
  readonly dossierCode: string | null;
  readonly procedureCode: string | null;
  readonly lines: readonly OrderLine[];
  readonly principalMinor: bigint;
  readonly expiresAt: Date;
}

/** An order may be open this long at most, and this long unless the agency says. */
const MAX_LIFE_DAYS = 400;
const DEFAULT_LIFE_DAYS = 90;

interface Fault {
  readonly code: RefusalCode;
  readonly pointer: string;
  readonly detail: string;
}

/**
 * Prices and checks an order.
 *
 * Refuses with the code of the first fault and every fault's pointer: what the registry does not know, a price
 * that is not the schedule's, a dossier of another agency, a return URL off the agency's list, an impossible expiry.
 */
export function priceOrder(
  request: OrderRequest,
  registry: OrderRegistry,
  moment: { readonly now: Date; readonly today: Day; readonly currency: Currency },
): PricedOrder {
  const faults: Fault[] = [...orderFaults(request, registry, moment.now)];
  const lines = request.lines.flatMap((line, index): OrderLine[] => {
    const priced = priceLine(line, index, { request, registry, ...moment }, faults);
    return priced ? [priced] : [];
  });
  faults.push(...repeatedObligations(lines));
  const total = principalOf(lines, moment.currency);
  if (amountDueOn({ lines, currency: moment.currency }, moment.today).amountMinor > MAX_AMOUNT_MINOR) {
    faults.push({
      code: 'payment-order.amount-out-of-range',
      pointer: '/lines',
      detail: 'sum to more than one order may hold, late interest included',
    });
  }
  const [first] = faults;
  if (first) {
    const errors = faults.map(({ pointer, detail }) => ({ pointer, detail }));
    throw new Refusal(first.code, {}, { errors });
  }
  return {
    dossierCode: request.dossierCode,
    procedureCode: request.procedureCode,
    lines,
    principalMinor: total.amountMinor,
    expiresAt: request.expiresAt ?? addMinutes(moment.now, DEFAULT_LIFE_DAYS * 24 * 60),
  };
}

function* orderFaults(request: OrderRequest, registry: OrderRegistry, now: Date): Generator<Fault> {
  const { dossierCode, expiresAt, returnUrl } = request;
  if (dossierCode === null) {
    if (request.lines.some(({ decision }) => decision === null)) {
      yield {
        code: 'payment-order.dossier-required',
        pointer: '/dossier_code',
        detail: 'is needed unless every line carries a decision number',
      };
    }
  } else if (parseDossierCode(dossierCode) === null) {
    yield {
      code: 'payment-order.dossier-code-invalid',
      pointer: '/dossier_code',
      detail: DOSSIER_CODE_FORM,
    };
  } else if (registry.dossierOwner !== registry.agency.id) {
    yield {
      code: 'payment-order.dossier-not-yours',
      pointer: '/dossier_code',
      detail: 'does not begin with a code or alias of your agency that holds today',
    };
  }
  if (expiresAt !== null && (expiresAt <= now || expiresAt > addMinutes(now, MAX_LIFE_DAYS * 24 * 60))) {
    yield {
      code: 'payment-order.expiry-invalid',
      pointer: '/expires_at',
      detail: `must lie in the future, at most ${String(MAX_LIFE_DAYS)} days ahead`,
    };
  }
  if (returnUrl !== null && !isAllowedReturn(returnUrl, registry.agency.returnUrlOrigins)) {
    yield {
      code: 'payment-order.return-url-not-allowed',
      pointer: '/return_url',
      detail: "must be a web address without blanks, its origin as it stands on your agency's list",
    };
  }
}

// What a URL parser takes away or turns into a slash in silence: others may read the same text otherwise.
const AMBIGUOUS = /[\s\\\p{Cc}\p{Cf}]/u;

/** The origin must stand on the list as it is; user names and other schemes never do. */
function isAllowedReturn(returnUrl: string, origins: readonly string[]): boolean {
  if (AMBIGUOUS.test(returnUrl) || !URL.canParse(returnUrl)) return false;
  const url = new URL(returnUrl);
  return url.username === '' && url.password === '' && origins.includes(url.origin);
}

function priceLine(
  line: LineRequest,
  index: number,
  context: { request: OrderRequest; registry: OrderRegistry; today: Day; currency: Currency },
  faults: Fault[],
): OrderLine | null {
  const { registry, currency, request } = context;
  const at = `/lines/${String(index)}`;
  const fault = (code: RefusalCode, pointer: string, detail: string): null => {
    faults.push({ code, pointer: at + pointer, detail });
    return null;
  };
  const type = registry.types.get(line.obligationType);
  if (!type || type.code === LATE_INTEREST || type.pricedBy === 'rule') {
    return fault(
      'obligation.unknown-type',
      '/obligation_type',
      'is not an obligation type that can be asked for',
    );
  }
  for (const found of registry.attributeFaults(type, line.attributes)) {
    fault('obligation.attributes-invalid', `/attributes${found.pointer}`, found.detail);
  }
  for (const found of dateFaults(line, context.today)) {
    fault('obligation.dates-contradict', found.pointer, found.detail);
  }
  const fee = line.feeCode === null ? null : (registry.fees.get(line.feeCode) ?? null);
  if (line.feeCode !== null && (fee === null || fee.obligationType !== type.code)) {
    return fault('fee-schedule.unknown-fee', '/fee_code', `is no ${type.code} valid today`);
  }
  if (fee === null && type.pricedBy === 'fee_schedule') {
    return fault(
      'fee-schedule.unknown-fee',
      '/fee_code',
      'is needed: this type is priced by the fee schedule',
    );
  }
  const unitMinor = fee?.unitAmount.amountMinor ?? line.amountMinor;
  if (unitMinor === null) return fault('request.malformed', '/amount', 'is needed for this type');
  const quantity = fee === null ? 1 : line.quantity;
  if (fee === null && line.quantity !== 1) {
    return fault('request.malformed', '/quantity', 'is only for fees from the schedule');
  }
  const amountMinor = unitMinor * BigInt(quantity);
  if (fee !== null && line.amountMinor !== null && line.amountMinor !== amountMinor) {
    return fault(
      'fee-schedule.amount-differs',
      '/amount',
      `differs from the schedule, which says ${amountMinor.toString()}`,
    );
  }
  if (amountMinor > MAX_AMOUNT_MINOR) {
    return fault('payment-order.amount-out-of-range', '/amount', 'is more than one line may hold');
  }
  const description = line.description ?? fee?.labelVi ?? type.labelVi;
  const beneficiary = beneficiaryFor(type, line.beneficiaryCode, registry);
  if (beneficiary === null) {
    return line.beneficiaryCode === null
      ? fault(
          'beneficiary.unknown',
          '/beneficiary',
          `is needed: your agency has not just one ${type.defaultBeneficiaryKind} account for this type`,
        )
      : fault('beneficiary.unknown', '/beneficiary', 'is no registered account of your agency');
  }
  const identity = obligationIdentity({
    obligationType: type.code,
    feeCode: line.feeCode,
    reference: line.reference,
    decisionNumber: line.decision?.number ?? null,
    dossierCode: request.dossierCode,
  });
  return {
    lineNo: index + 1,
    obligationType: type.code,
    feeCode: fee?.feeCode ?? null,
    feeVersion: fee?.version ?? null,
    description,
    quantity,
    unitAmount: money(unitMinor, currency),
    amount: money(amountMinor, currency),
    beneficiaryCode: beneficiary,
    budgetChapter: line.budgetChapter ?? fee?.budgetChapter ?? type.defaultBudgetChapter,
    budgetSubItem: line.budgetSubItem ?? fee?.budgetSubItem ?? type.defaultBudgetSubItem,
    receiptForm: type.receiptForm,
    decision: line.decision,
    payBy: line.payBy,
    lateRatePerDayPpm: line.payBy === null ? null : type.lateRatePerDayPpm,
    obligationScope: identity.scope,
    obligationKey: identity.key,
    staysAfterPayment: type.staysAfterPayment,
    attributes: line.attributes,
  };
}

/** Late interest rests on these dates: a mistyped year would ask a citizen for a multiple of what is owed. */
function* dateFaults(
  { decision, payBy }: LineRequest,
  today: Day,
): Generator<{ readonly pointer: string; readonly detail: string }> {
  const { issuedOn = null, deliveredOn = null } = decision ?? {};
  if (issuedOn !== null && issuedOn > today) {
    yield { pointer: '/decision/issued_on', detail: 'lies in the future' };
  }
  if (issuedOn !== null && deliveredOn !== null && deliveredOn < issuedOn) {
    yield { pointer: '/decision/delivered_on', detail: 'is before the decision was issued' };
  }
  const known = deliveredOn ?? issuedOn;
  if (known !== null && payBy !== null && payBy < known) {
    yield {
      pointer: '/pay_by',
      detail: `is before the decision was ${deliveredOn === null ? 'issued' : 'delivered'}`,
    };
  }
}

/** The account the line names, else the agency's account for the type, else its only one of the type's kind. */
function beneficiaryFor(type: ObligationType, named: string | null, registry: OrderRegistry): string | null {
  const code = named ?? registry.beneficiaryRules.get(type.code);
  if (code !== undefined)
    return registry.beneficiaries.some((account) => account.code === code) ? code : null;
  const ofKind = registry.beneficiaries.filter(({ kind }) => kind === type.defaultBeneficiaryKind);
  return ofKind.length === 1 ? (ofKind[0]?.code ?? null) : null;
}

function* repeatedObligations(lines: readonly OrderLine[]): Generator<Fault> {
  const seen = new Set<string>();
  for (const line of lines) {
    const identity = `${line.obligationScope}|${line.obligationKey}`;
    if (seen.has(identity)) {
      yield {
        code: 'obligation.reference-required',
        pointer: `/lines/${String(line.lineNo - 1)}/reference`,
        detail: 'is needed: another line is of the same type in the same decision or dossier',
      };
    }
    seen.add(identity);
  }
}
