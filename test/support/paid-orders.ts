/** Orders of two lines at a pretend gateway, paid through the real door: what tests of refunds and receipts start from. */
import type { AgencyId, OrderId, PaymentId } from '../../src/domain/kernel/ids.ts';
import { newId } from '../../src/domain/kernel/ids.ts';
import { vnd } from '../../src/domain/kernel/money.ts';
import { addDays, addMinutes, dayOf, DEFAULT_BUSINESS_TIME_ZONE } from '../../src/domain/kernel/time.ts';
import { clearingAccount, payableAccount } from '../../src/domain/ledger/accounts.ts';
import { insertBeneficiary } from '../../src/features/agencies/agency-store.ts';
import { addAgency } from '../../src/features/agencies/add-agency.ts';
import { createAccountBook, type AccountBook } from '../../src/features/ledger/account-store.ts';
import { ensureBusinessDays } from '../../src/features/ledger/business-day-store.ts';
import { insertPayment, nextPaymentNumber } from '../../src/features/payments/payment-store.ts';
import { recordOutcomes, type OutcomeResult } from '../../src/features/payments/record-outcome.ts';
import type {
  GatewayAdapter,
  GatewayOutcome,
  MerchantAccount,
  RefundOutcome,
  RefundRequest,
} from '../../src/gateways/gateway-adapter.ts';
import { inTransaction, query } from '../../src/platform/database.ts';
import { fixedClock, type FixedClock } from './clock.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { newTestId } from './ids.ts';

export const FEE = 300_000n;
export const PENALTY = 500_000n;
export const WHOLE = FEE + PENALTY;

export interface PretendGateway {
  readonly adapter: GatewayAdapter;
  /** What refundPayment does next: answer, or throw as a broken line does. Called with every request. */
  onRefund: (request: RefundRequest) => Promise<RefundOutcome>;
  onQuery: (reference: string) => Promise<RefundOutcome>;
  readonly sent: RefundRequest[];
  readonly asked: string[];
}

export interface OrderRef {
  readonly agencyId: AgencyId;
  readonly orderId: OrderId;
}

export interface PaidOrders {
  readonly database: TestDatabase;
  readonly clock: FixedClock;
  readonly accounts: AccountBook;
  readonly agencies: readonly [AgencyId, AgencyId];
  readonly gateway: PretendGateway;
  /** What use cases of refunds take. */
  readonly deps: {
    readonly db: TestDatabase['db'];
    readonly clock: FixedClock;
    readonly newId: () => string;
    readonly businessTimeZone: string;
    readonly gateways: { get(code: string): GatewayAdapter | null };
    readonly merchantAccounts: () => Promise<MerchantAccount | null>;
    readonly logger: { warn(): void; error(): void };
  };
  /** An open order: a fee of {@link FEE} and a penalty of {@link PENALTY}, each with a receipt form of its own. */
  openOrder(agency?: AgencyId): Promise<OrderRef>;
  /** An attempt at orders, handed off; the orders' claims are taken when they are free. */
  startPayment(orders: readonly OrderRef[], how?: { readonly claims: boolean }): Promise<PaymentId>;
  /** The gateway says that it took so much for a payment. */
  tellPaid(paymentId: PaymentId, amount?: bigint, transaction?: string): Promise<OutcomeResult>;
  paidOrder(agency?: AgencyId): Promise<OrderRef & { readonly paymentId: PaymentId }>;
  drop(): Promise<void>;
}

const TIME_ZONE = DEFAULT_BUSINESS_TIME_ZONE;
const ACCOUNT: MerchantAccount = { code: 'platform', merchantId: 'm', secrets: [], settings: {} };

/** Make one in `before`, drop it in `after`. */
export async function createPaidOrders(): Promise<PaidOrders> {
  const database = await createTestDatabase();
  const clock = fixedClock('2026-11-22T03:00:00Z');
  const agencies = [await addTestAgency(database, 'H29'), await addTestAgency(database, 'G01')] as const;
  return await paidOrdersIn({ database, clock, agencies, gateway: pretendGateway(clock) });
}

/** The same in a database and with agencies that another support made. */
export async function paidOrdersIn({
  database,
  clock,
  agencies,
  gateway,
}: Pick<PaidOrders, 'database' | 'clock' | 'agencies' | 'gateway'>): Promise<PaidOrders> {
  const { db, hotPool: hot } = database;
  const accounts = createAccountBook({ db, newId: newTestId });
  await addObligationTypes(database);
  await addBeneficiaries(database, agencies);
  const today = dayOf(clock.now(), TIME_ZONE);
  await ensureBusinessDays(db, [0, ...agencies], addDays(today, -5), addDays(today, 30));
  await query(
    db,
    `insert into merchant_accounts (gateway, code, merchant_id, secrets_box) values ('sandbox', 'platform', 'm', '')`,
  );
  const world: PaidOrders = {
    database,
    clock,
    accounts,
    agencies,
    gateway,
    deps: {
      db,
      clock,
      newId: newTestId,
      businessTimeZone: TIME_ZONE,
      gateways: { get: (code) => (code === 'sandbox' ? gateway.adapter : null) },
      merchantAccounts: () => Promise.resolve(ACCOUNT),
      logger: { warn: () => undefined, error: () => undefined },
    },
    openOrder: (agency = agencies[0]) => insertOrder(database, clock, agency),
    startPayment: (orders, how = { claims: true }) => insertAttempt(world, orders, how.claims),
    tellPaid: async (paymentId, amount = WHOLE, transaction = `T${paymentId}`) => {
      const [payment] = await query<{ merchant_reference: string }>(
        db,
        'select merchant_reference from payments where id = :paymentId',
        { paymentId },
      );
      const outcome: GatewayOutcome = {
        kind: 'succeeded',
        amount: vnd(amount),
        gatewayTransactionId: transaction,
        paidAt: clock.now(),
      };
      const [result] = await recordOutcomes(
        { db, hot, clock, newId: newTestId, accounts, businessTimeZone: TIME_ZONE },
        [
          {
            gateway: 'sandbox',
            account: 'platform',
            merchantReference: payment!.merchant_reference,
            outcome,
            source: 'callback',
          },
        ],
      );
      return result!;
    },
    paidOrder: async (agency = agencies[0]) => {
      const order = await world.openOrder(agency);
      const paymentId = await world.startPayment([order]);
      await world.tellPaid(paymentId);
      return { ...order, paymentId };
    },
    drop: () => database.drop(),
  };
  return world;
}

async function addObligationTypes({ db }: TestDatabase): Promise<void> {
  await query(
    db,
    `insert into obligation_types (code, label_vi, label_en, priced_by, default_beneficiary_kind, partial_payment,
       stays_after_payment, receipt_form, refund_route)
     values ('fee', 'Phí', 'Fee', 'agency', 'fee_account', 'none', false, '01BLP0-001', 'gateway'),
            ('penalty', 'Phạt', 'Penalty', 'agency', 'treasury', 'none', true, '02BLP0-001', 'gateway')
     on conflict do nothing`,
  );
}

function addTestAgency({ db }: TestDatabase, code: string): Promise<AgencyId> {
  return addAgency(
    { db, newId: newTestId },
    {
      code,
      nameVi: `Cơ quan ${code}`,
      nameEn: `Agency ${code}`,
      contactPhone: null,
      returnUrlOrigins: [],
      beneficiaries: [],
      aliases: [],
      demonstration: false,
    },
  );
}

async function addBeneficiaries({ db }: TestDatabase, agencies: readonly AgencyId[]): Promise<void> {
  const account = { bankName: 'Bank', accountNumber: '1', treasuryCode: null };
  await inTransaction(db, async (tx) => {
    for (const agencyId of agencies) {
      await insertBeneficiary(tx, { ...account, agencyId, code: 'FEES', kind: 'fee_account', name: 'Fees' });
      await insertBeneficiary(tx, { ...account, agencyId, code: 'KBNN', kind: 'treasury', name: 'Treasury' });
    }
  });
}

async function insertOrder({ db }: TestDatabase, clock: FixedClock, agencyId: AgencyId): Promise<OrderRef> {
  const orderId = newId('po', newTestId);
  const row = { agencyId, orderId, now: clock.now(), expiresAt: addMinutes(clock.now(), 60 * 24) };
  await inTransaction(db, async (tx) => {
    await query(
      tx,
      `insert into payment_orders (agency_id, id, lookup_code, status, currency, principal_amount, payer_name,
         payer_identity_number, created_by, created_at, expires_at)
       values (:agencyId, :orderId, :orderId::text, 'open', 'VND', :whole, 'Nguyễn Văn Minh', '001099012345', 'test',
         :now, :expiresAt)`,
      { ...row, whole: WHOLE },
    );
    await query(
      tx,
      `insert into order_lines (agency_id, order_id, line_no, obligation_type, description, unit_amount, amount,
         beneficiary_code, receipt_form, obligation_scope, obligation_key, stays_after_payment)
       values (:agencyId, :orderId, 1, 'fee', 'Lệ phí', :fee, :fee, 'FEES', '01BLP0-001', :orderId::text, 'fee', false),
              (:agencyId, :orderId, 2, 'penalty', 'Tiền phạt', :penalty, :penalty, 'KBNN', '02BLP0-001', :orderId::text,
               'penalty', true)`,
      { ...row, fee: FEE, penalty: PENALTY },
    );
    await query(
      tx,
      `insert into open_obligations (agency_id, obligation_scope, obligation_key, order_id, line_no)
       select agency_id, obligation_scope, obligation_key, order_id, line_no from order_lines
       where agency_id = :agencyId and order_id = :orderId`,
      row,
    );
    await query(
      tx,
      'insert into order_expiries (agency_id, order_id, expires_at) values (:agencyId, :orderId, :expiresAt)',
      row,
    );
  });
  return { agencyId, orderId };
}

async function insertAttempt(
  { database: { db }, clock, accounts }: PaidOrders,
  orders: readonly OrderRef[],
  claims: boolean,
): Promise<PaymentId> {
  const id = newId('pay', newTestId);
  const now = clock.now();
  const allocations = await Promise.all(
    orders.map(async ({ agencyId, orderId }) => {
      const entry = { budgetChapter: null, budgetSubItem: null };
      const [clearing, fees, treasury] = await accounts([
        clearingAccount(agencyId, 'VND', 'sandbox', 'platform'),
        payableAccount(agencyId, 'VND', { beneficiaryCode: 'FEES', ...entry }),
        payableAccount(agencyId, 'VND', { beneficiaryCode: 'KBNN', ...entry }),
      ]);
      const line = { ...entry, calculation: null };
      return {
        agencyId,
        orderId,
        amount: vnd(WHOLE),
        clearingAccountId: clearing!.id,
        lines: [
          {
            ...line,
            lineNo: 1,
            orderLineNo: 1,
            kind: 'fee',
            description: 'Lệ phí',
            beneficiaryCode: 'FEES',
            receiptForm: '01BLP0-001',
            payableAccountId: fees!.id,
            amount: vnd(FEE),
          },
          {
            ...line,
            lineNo: 2,
            orderLineNo: 2,
            kind: 'penalty',
            description: 'Tiền phạt',
            beneficiaryCode: 'KBNN',
            receiptForm: '02BLP0-001',
            payableAccountId: treasury!.id,
            amount: vnd(PENALTY),
          },
        ],
      };
    }),
  );
  const number = await nextPaymentNumber(db);
  await inTransaction(db, async (tx) => {
    if (!claims) {
      // A second attempt exists only once the first has lost its claim; the money of both may still arrive.
      for (const order of orders) {
        await query(tx, 'delete from order_claims where agency_id = :agencyId and order_id = :orderId', {
          ...order,
        });
      }
    }
    await insertPayment(tx, {
      id,
      number,
      gateway: 'sandbox',
      merchantAccount: 'platform',
      merchantReference: `R${number.toString()}`,
      amount: vnd(WHOLE * BigInt(orders.length)),
      locale: 'vi',
      startedAt: now,
      lifetimeEndsAt: addMinutes(now, 15),
      firstQueryAt: addMinutes(now, 2),
      allocations,
    });
    await query(tx, `update payments set state = 'handed_off', handed_off_at = :now where id = :id`, {
      id,
      now,
    });
  });
  return id;
}

/** A gateway that does as a test says; it confirms refunds unless told otherwise. */
export function pretendGateway(clock: FixedClock): PretendGateway {
  const no = () => {
    throw new Error('refunds need nothing else of a gateway');
  };
  const gateway: PretendGateway = {
    sent: [],
    asked: [],
    onRefund: ({ refundReference }) =>
      Promise.resolve({
        kind: 'succeeded',
        gatewayRefundId: `G${refundReference}`,
        refundedAt: clock.now(),
      }),
    onQuery: () => Promise.resolve({ kind: 'not_known' }),
    adapter: {
      code: 'sandbox',
      profile: {
        currencies: ['VND'],
        amountMin: vnd(1),
        amountMax: vnd(1_000_000_000),
        paymentLifetimeMinutes: 15,
        formActionOrigins: [],
        merchantReference: no,
      },
      startPayment: no,
      readCallback: no,
      acknowledge: no,
      refunds: {
        limits: { partial: true, windowDays: null, amountMin: null, amountMax: null },
        refundPayment: (request) => {
          gateway.sent.push(request);
          return gateway.onRefund(request);
        },
        queryRefund: ({ refundReference }) => {
          gateway.asked.push(refundReference);
          return gateway.onQuery(refundReference);
        },
      },
    },
  };
  return gateway;
}
