/** Views of every page in every state, for tests that look at all of them. Functions: each test gets its own. */
import { findPage, type FindView } from '../../src/checkout/find-page.tsx';
import { handOffPage } from '../../src/checkout/handoff-page.tsx';
import { orderListPage, type OrderListItem } from '../../src/checkout/order-list-page.tsx';
import { orderPage } from '../../src/checkout/order-page.tsx';
import { orderStatePage, type OrderStateKind } from '../../src/checkout/order-states-page.tsx';
import type { OrderView } from '../../src/checkout/order-view.ts';
import { payerPage, type PayerView } from '../../src/checkout/payer-page.tsx';
import type { PublicOrder } from '../../src/checkout/public-state.ts';
import type { ReceiptView } from '../../src/checkout/receipt-card.tsx';
import { verifyPage, type VerifyOutcome } from '../../src/checkout/receipt-page.tsx';
import { resultPage, type ResultView } from '../../src/checkout/result-page.tsx';
import { statusPage } from '../../src/checkout/status-page.tsx';
import type { Situation, StatusView } from '../../src/checkout/status-view.tsx';
import { CLOSED_CIRCUIT } from '../../src/domain/payments/gateway-circuit.ts';
import { gatewaysPage, type GatewaysView } from '../../src/console/gateways-page.tsx';
import { reconciliationPage } from '../../src/console/reconciliation-page.tsx';
import type { ReconciliationView } from '../../src/console/reconciliation-view.ts';
import { lookupCodeFrom } from '../../src/domain/kernel/lookup-code.ts';
import { vnd } from '../../src/domain/kernel/money.ts';
import { day } from '../../src/domain/kernel/time.ts';
import type { HandOff } from '../../src/domain/payments/hand-off.ts';
import type { Locale } from '../../src/web/i18n.ts';
import { errorPage, type PageContext, type PageError } from '../../src/web/page.tsx';

export function aContext(locale: Locale = 'vi'): PageContext {
  return {
    locale,
    timeZone: 'Asia/Ho_Chi_Minh',
    path: '/pay/token?from=paper',
    site: {
      domain: 'dichvucong.example.vn',
      supportPhone: '1800 0000',
      supportHours: '24/7',
      operator: { nameVi: 'Cổng Dịch vụ công quốc gia', nameEn: 'National Public Service Portal' },
      isSandbox: false,
    },
  };
}

export const A_CODE = lookupCodeFrom(new Uint8Array(16).fill(77));
export const AN_AGENCY = {
  nameVi: 'Phòng Cảnh sát giao thông, Công an TP. Hà Nội',
  nameEn: 'Traffic Police Division, Hanoi Police',
};
const AT = (time: string) => new Date(`2026-11-20T${time}+07:00`);

export function anOrderView(changes: Partial<OrderView> = {}): OrderView {
  return {
    lookupCode: A_CODE,
    agency: AN_AGENCY,
    total: vnd(503_000),
    lines: [
      { type: 'penalty', description: null, amount: vnd(500_000), lateInterest: null },
      {
        type: 'late_interest',
        description: null,
        amount: vnd(3_000),
        lateInterest: { base: vnd(500_000), ratePerDayPpm: 500, days: 12 },
      },
    ],
    money: { kind: 'not_paid' },
    transactionFee: vnd(0),
    reason: {
      offence: {
        what: 'Đi xe máy không đội mũ bảo hiểm',
        whenAndWhere: '08:42 ngày 27/10/2026, đường Giải Phóng, Hà Nội',
      },
      procedureName: null,
      dossierCode: null,
      decision: {
        number: '0012345/QĐ-XPHC',
        issuedOn: day('2026-10-29'),
        documentHref: '/pay/token/decision',
      },
      paidInto: 'Ngân sách nhà nước, qua Kho bạc Nhà nước Hà Nội',
      due: { on: day('2026-11-08'), daysLeft: -12 },
    },
    payer: { name: 'NGUYỄN VĂN MINH', identityNumber: '001099012389' },
    payerHref: null,
    methods: [
      {
        code: 'vietqr',
        title: 'Ứng dụng ngân hàng (VietQR)',
        hint: 'Quét mã',
        availability: { kind: 'available' },
      },
      { code: 'vnpay', title: 'VNPAY', hint: 'Thẻ', availability: { kind: 'available' } },
      { code: 'momo', title: 'Ví MoMo', hint: 'Xác nhận', availability: { kind: 'available' } },
    ],
    selectedMethod: 'vietqr',
    form: { action: '/pay/token', csrfToken: 'csrf-token', idempotencyKey: 'key-1' },
    faults: [],
    amountChange: null,
    backHref: '/pay',
    ...changes,
  };
}

function overLimit(code: string): OrderView['methods'][number] {
  return { code, title: code, hint: 'Thẻ', availability: { kind: 'over_limit', limit: vnd(499_999) } };
}

export function aStatusView(situation: Situation, changes: Partial<StatusView> = {}): StatusView {
  return {
    situation,
    amount: vnd(503_000),
    gatewayName: 'Vietcombank',
    isTransfer: false,
    agency: AN_AGENCY,
    lookupCode: A_CODE,
    steps: [
      { kind: 'handed_off', state: 'done', at: AT('09:13:18') },
      { kind: 'bank_confirmed', state: 'current', at: null },
      { kind: 'recorded', state: 'todo', at: null },
      { kind: 'agency_told', state: 'todo', at: null },
    ],
    ...changes,
  };
}

const REFUND_STEPS = [
  { kind: 'surplus_found', state: 'done', at: AT('09:16:09') },
  { kind: 'refund_approved', state: 'done', at: AT('09:16:10') },
  { kind: 'refund_sent', state: 'current', at: null },
  { kind: 'refund_arrived', state: 'todo', at: null, expectedOn: day('2026-11-25') },
] as const;

export const SITUATIONS: Readonly<Record<string, Situation>> = {
  waiting: {
    kind: 'waiting',
    waitedSeconds: 40,
    lastCheckedAt: AT('09:14:21'),
    usualSeconds: 58,
    answerBy: AT('11:30:00'),
    contact: { kind: 'email', value: 'minh@gmail.com' },
    checkHref: '/pay/token/check',
    pollHref: '/pay/token/state',
    continueHref: '/pay/token/bank',
    freeAt: AT('09:28:00'),
    cancel: { action: '/pay/token/cancel', csrfToken: 'csrf-token' },
  },
  'waiting without anything known': {
    kind: 'waiting',
    waitedSeconds: 3,
    lastCheckedAt: null,
    usualSeconds: null,
    answerBy: AT('11:30:00'),
    contact: null,
    checkHref: '/pay/token/check',
    pollHref: '/pay/token/state',
    freeAt: null,
    cancel: null,
  },
  checking: {
    kind: 'checking',
    answerBy: AT('11:30:00'),
    missed: null,
    checkHref: '/pay/token/check',
    pollHref: '/pay/token/state',
  },
  'checking, promise missed': {
    kind: 'checking',
    answerBy: AT('15:30:00'),
    missed: { team: 'Phòng Đối soát', phone: '024 0000 0000' },
    checkHref: '/pay/token/check',
    pollHref: '/pay/token/state',
  },
  ...Object.fromEntries(
    (
      [
        'insufficient_funds',
        'over_limit',
        'not_verified',
        'cancelled_at_bank',
        'maintenance',
        'declined',
      ] as const
    ).map((reason) => [
      `failed: ${reason}`,
      { kind: 'failed', reason, payAgainHref: '/pay/token', chooseOtherHref: '/pay/token#method' },
    ]),
  ),
  cancelled: { kind: 'cancelled', payAgainHref: '/pay/token' },
  'expired, not paid': {
    kind: 'expired',
    money: 'not_paid',
    payAgainHref: '/pay/token',
    checkHref: '/pay/token/check',
  },
  'expired, not received': {
    kind: 'expired',
    money: 'not_received',
    payAgainHref: '/pay/token',
    checkHref: '/pay/token/check',
  },
  'expired, waiting': {
    kind: 'expired',
    money: 'waiting',
    payAgainHref: '/pay/token',
    checkHref: '/pay/token/check',
  },
  'amount differs, pay the rest': {
    kind: 'amount_differs',
    received: vnd(500_000),
    next: { kind: 'pay_rest', by: AT('23:59:00') },
    payRestHref: '/pay/token/transfer',
  },
  'amount differs, checking': {
    kind: 'amount_differs',
    received: vnd(530_000),
    next: { kind: 'checking' },
    payRestHref: null,
  },
  'amount differs, refund': {
    kind: 'amount_differs',
    received: vnd(530_000),
    next: { kind: 'refund' },
    payRestHref: null,
  },
  'paid twice': {
    kind: 'refund_under_way',
    cause: { kind: 'paid_twice', countedAt: AT('09:13:00'), returnedAt: AT('09:16:00') },
    refund: vnd(503_000),
    by: day('2026-11-25'),
  },
  'paid too much': {
    kind: 'refund_under_way',
    cause: { kind: 'paid_over' },
    refund: vnd(20_000),
    by: day('2026-11-25'),
  },
  'refund for another reason': {
    kind: 'refund_under_way',
    cause: { kind: 'other' },
    refund: vnd(100_000),
    by: day('2026-11-25'),
  },
  refunded: {
    kind: 'refunded',
    cause: { kind: 'paid_twice', countedAt: null, returnedAt: null },
    refund: vnd(503_000),
    at: AT('16:02:00'),
  },
  'already paid': {
    kind: 'already_paid',
    payerName: 'NGUYỄN VĂN MINH',
    paid: vnd(503_000),
    paidAt: AT('09:14:00'),
    receiptHref: '/pay/token/receipt',
  },
};

export function aReceipt(changes: Partial<ReceiptView> = {}): ReceiptView {
  return {
    number: '0004182',
    symbol: '01BLP-26E',
    issuer: AN_AGENCY,
    payerName: 'NGUYỄN VĂN MINH',
    lines: [
      { description: 'Phạt vi phạm hành chính về giao thông đường bộ', amount: vnd(500_000) },
      { description: 'Tiền chậm nộp', amount: vnd(3_000) },
    ],
    contentNote: 'Quyết định 0012345/QĐ-XPHC, ngày 29/10/2026',
    amount: vnd(503_000),
    beneficiary: 'Kho bạc Nhà nước Hà Nội',
    paidAt: AT('09:13:41'),
    verificationCode: A_CODE,
    verifyUrl: `https://dichvucong.example.vn/verify/${A_CODE}`,
    status: { kind: 'valid' },
    ...changes,
  };
}

export function aResultView(changes: Partial<ResultView> = {}): ResultView {
  return {
    amount: vnd(503_000),
    paidAt: AT('09:14:00'),
    gatewayName: 'Vietcombank',
    isTransfer: false,
    agency: AN_AGENCY,
    lookupCode: A_CODE,
    steps: [
      { kind: 'bank_confirmed', state: 'done', at: AT('09:13:41') },
      { kind: 'recorded', state: 'done', at: AT('09:14:02') },
      { kind: 'agency_told', state: 'done', at: AT('09:14:03') },
      { kind: 'reconciled', state: 'todo', at: null, expectedOn: day('2026-11-23') },
    ],
    receipts: [aReceipt()],
    payerHref: null,
    receiptExpectedBy: null,
    pdfHref: '/pay/token/receipt.pdf',
    collect: null,
    payout: null,
    refunds: [],
    surplus: [],
    returnHref: 'https://agency.example.vn/dossiers/42',
    ...changes,
  };
}

export const HAND_OFFS: Readonly<Record<string, HandOff>> = {
  redirect: { kind: 'redirect', url: 'https://bank.example.vn/pay?x=1', expiresAt: AT('09:28:00') },
  'form post': {
    kind: 'form_post',
    url: 'https://bank.example.vn/pay',
    fields: { merchant: 'DVC', amount: '503000' },
    expiresAt: AT('09:28:00'),
  },
  'qr transfer': {
    kind: 'qr_transfer',
    qrPayload: '00020101021238570010A00000072701270006970436011300110000000000208QRIBFTTA53037045406503000',
    transferText: `DVC${A_CODE}`,
    beneficiaryName: 'Kho bạc Nhà nước Hà Nội',
    accountNumber: '3751.0.9074301',
    bankName: 'Vietcombank',
    expiresAt: AT('09:28:00'),
  },
};

export const ORDER_STATES: Readonly<Record<string, OrderStateKind>> = {
  withdrawn: { kind: 'withdrawn', at: AT('10:00:00') },
  'order expired': { kind: 'expired', at: AT('10:00:00') },
};

const PUBLIC_ORDERS: readonly PublicOrder[] = [
  { state: 'unpaid', amount: vnd(503_000), money: { kind: 'not_paid' } },
  { state: 'waiting', amount: vnd(503_000), money: { kind: 'waiting' } },
  {
    state: 'differs',
    amount: vnd(503_000),
    money: { kind: 'amount_differs', received: vnd(500_000), due: vnd(503_000), next: { kind: 'checking' } },
  },
  { state: 'paid', amount: vnd(503_000), money: { kind: 'paid', amount: vnd(503_000) } },
  {
    state: 'refunded',
    amount: vnd(503_000),
    money: { kind: 'refunded', amount: vnd(503_000), at: AT('16:02:00') },
  },
  { state: 'withdrawn', amount: vnd(503_000), money: { kind: 'not_paid' } },
  { state: 'expired', amount: vnd(503_000), money: { kind: 'not_paid' } },
];

const RECEIPT_OUTCOME = {
  kind: 'receipt',
  symbol: 'BL-26E',
  number: '0004182',
  agency: AN_AGENCY,
  issuedOn: day('2026-11-20'),
  amount: vnd(503_000),
  payerName: 'NGUYỄN VĂN MINH',
} as const;

export const VERIFY_OUTCOMES: Readonly<Record<string, VerifyOutcome>> = {
  'genuine receipt': { ...RECEIPT_OUTCOME, status: { kind: 'valid' } },
  'replaced receipt': { ...RECEIPT_OUTCOME, status: { kind: 'replaced', on: day('2026-11-25') } },
  'voided receipt': { ...RECEIPT_OUTCOME, status: { kind: 'voided', on: day('2026-11-25') } },
  ...Object.fromEntries(
    PUBLIC_ORDERS.map((order) => [
      `request ${order.state}`,
      { kind: 'request', agency: AN_AGENCY, href: '/pay/token', ...order },
    ]),
  ),
  'unknown code': { kind: 'unknown' },
};

export function aFindView(changes: Partial<FindView> = {}): FindView {
  return {
    typed: '',
    faults: [],
    notFound: null,
    form: { action: '/pay', csrfToken: 'csrf-token' },
    ...changes,
  };
}

export function aPayerView(changes: Partial<PayerView> = {}): PayerView {
  return {
    asks: 'citizen_number',
    typed: '',
    faults: [],
    form: { action: '/pay/token/payer', csrfToken: 'csrf-token' },
    backHref: '/pay/token',
    ...changes,
  };
}

function aListItem(order: PublicOrder): OrderListItem {
  return { ...order, agency: AN_AGENCY, description: `Khoản ${order.state}`, href: '/pay/token' };
}

const count = (number: number, minor: number) => ({ count: number, sum: vnd(minor) });

export function aReconciliationView(changes: Partial<ReconciliationView> = {}): ReconciliationView {
  const none = count(0, 0);
  const noDifference = { count: 0, ours: vnd(0), theirs: vnd(0) };
  return {
    from: day('2026-11-19'),
    to: day('2026-11-19'),
    asOf: AT('09:20:00'),
    currency: 'VND',
    gateways: [
      {
        name: 'VNPAY',
        statementAt: AT('06:58:00'),
        recorded: count(1032, 1_418_340_000),
        matched: count(1029, 1_416_340_000),
        missingAtUs: none,
        missingAtBank: none,
        amountDiffers: { count: 3, ours: vnd(2_000_000), theirs: vnd(1_385_000) },
      },
      {
        name: 'VietQR',
        statementAt: AT('07:05:00'),
        recorded: count(2905, 4_087_225_000),
        matched: count(2903, 4_084_125_000),
        missingAtUs: count(1, 500_000),
        missingAtBank: count(2, 3_100_000),
        amountDiffers: noDifference,
      },
      {
        name: 'ZaloPay',
        statementAt: AT('07:02:00'),
        recorded: count(4218, 6_214_380_000),
        matched: count(4218, 6_214_380_000),
        missingAtUs: none,
        missingAtBank: none,
        amountDiffers: noDifference,
      },
      {
        name: 'MoMo',
        statementAt: null,
        recorded: count(468, 743_340_000),
        matched: none,
        missingAtUs: none,
        missingAtBank: none,
        amountDiffers: noDifference,
      },
    ],
    exceptions: [
      {
        kind: 'missing_at_bank',
        day: day('2026-11-19'),
        gatewayName: 'VietQR',
        merchantReference: '202611190000001',
        gatewayTransactionId: null,
        ours: vnd(3_000_000),
        theirs: null,
        isResolved: false,
      },
      {
        kind: 'missing_at_us',
        day: day('2026-11-19'),
        gatewayName: 'VietQR',
        merchantReference: null,
        gatewayTransactionId: 'FT26323000412',
        ours: null,
        theirs: vnd(500_000),
        isResolved: true,
      },
      {
        kind: 'amount_differs',
        day: day('2026-11-19'),
        gatewayName: 'VNPAY',
        merchantReference: '202611190000002',
        gatewayTransactionId: '14312345',
        ours: vnd(1_000_000),
        theirs: vnd(795_000),
        isResolved: false,
      },
    ],
    exceptionCount: 6,
    formHref: '/console/reconciliation',
    menu: [{ href: '/console/reconciliation', label: 'Đối soát', isCurrent: true }],
    ...changes,
  };
}

const ERRORS: readonly PageError[] = [
  { kind: 'not_found' },
  { kind: 'fault', incident: 'req_0190' },
  { kind: 'form_stale', reopenHref: '/pay/token' },
  { kind: 'sign_in' },
  { kind: 'limited', minutes: 5 },
  { kind: 'unavailable', minutes: 2, incident: 'req_0190' },
];

export interface RenderedPage {
  readonly name: string;
  readonly html: string;
  /** How many money sentences the page must carry; status pages one, pages that speak of no payment none. */
  readonly moneySentences: MoneySentences;
}

/** `many`: one for each order of a list. */
type MoneySentences = 0 | 1 | 'many';

/** Every page in every state, in one language. */
export function allPages(locale: Locale, context: PageContext = aContext(locale)): RenderedPage[] {
  const pages: RenderedPage[] = [];
  const put = (name: string, html: string, moneySentences: MoneySentences) =>
    pages.push({ name, html, moneySentences });

  const order = (changes?: Partial<OrderView>) => orderPage(anOrderView(changes), context);
  put('order', order(), 1);
  put(
    'order with a fault',
    order({ faults: [{ field: 'method', message: 'Chọn' }], selectedMethod: null }),
    1,
  );
  put('order that anybody can come to', order({ payerHref: '/pay/token/payer' }), 1);
  for (const asks of ['citizen_number', 'tax_code', 'other_paper', 'phone', null] as const) {
    put(`payer asked for ${asks ?? 'nothing'}`, payerPage(aPayerView({ asks }), context), 0);
  }
  put(
    'payer not known',
    payerPage(aPayerView({ typed: '1234', faults: [{ field: 'digits', message: 'Sai' }] }), context),
    0,
  );
  put('order whose amount changed', order({ amountChange: { added: vnd(250), daysLate: 13 } }), 1);
  put('order without a method', order({ methods: [] }), 1);
  put('order that no method takes', order({ methods: [overLimit('a'), overLimit('b')] }), 1);
  put(
    'order with methods in every state',
    order({
      methods: [
        { code: 'a', title: 'A', hint: 'Thẻ', availability: { kind: 'slow', minutes: 5 } },
        {
          code: 'b',
          title: 'B',
          hint: 'Thẻ',
          availability: { kind: 'maintenance', until: AT('10:30:00'), note: null },
        },
        {
          code: 'e',
          title: 'E',
          hint: 'Thẻ',
          availability: { kind: 'maintenance', until: AT('10:30:00'), note: 'Nâng cấp.' },
        },
        { code: 'f', title: 'F', hint: 'Thẻ', availability: { kind: 'failing' } },
        { code: 'c', title: 'C', hint: 'Thẻ', availability: { kind: 'unavailable' } },
        {
          code: 'd',
          title: 'VietQR',
          hint: 'Quét mã',
          availability: { kind: 'over_limit', limit: vnd(499_999) },
        },
        {
          code: 'e',
          title: 'E',
          hint: 'Thẻ',
          availability: { kind: 'under_minimum', minimum: vnd(600_000) },
        },
      ],
    }),
    1,
  );
  for (const [name, handOff] of Object.entries(HAND_OFFS)) {
    const view = {
      handOff,
      amount: vnd(503_000),
      gatewayName: 'Vietcombank',
      lookupCode: A_CODE,
      statusHref: '/pay/token/status',
      imageHref: '/pay/token/qr.png',
      backHref: '/pay/token',
      now: AT('09:13:00'),
    };
    put(`hand-off: ${name}`, handOffPage(view, context), 0);
  }
  for (const [name, situation] of Object.entries(SITUATIONS)) {
    const isRefund = situation.kind === 'refund_under_way' || situation.kind === 'refunded';
    const isOpen = situation.kind === 'waiting' || situation.kind === 'checking';
    const view = aStatusView(situation, isOpen ? {} : { steps: isRefund ? REFUND_STEPS : [] });
    put(`status: ${name}`, statusPage(view, context), 1);
    put(`status of a transfer: ${name}`, statusPage({ ...view, isTransfer: true }, context), 1);
  }
  for (const [name, awaited] of [
    ['awaited', vnd(503_000)],
    ['named', null],
  ] as const) {
    const payout = { href: '/pay/token/payout', awaited };
    for (const situation of ['paid twice', 'amount differs, refund'] as const) {
      const view = aStatusView(SITUATIONS[situation]!, { payout, isPaidOut: true, steps: REFUND_STEPS });
      put(`status: ${situation}, account ${name}`, statusPage(view, context), 1);
    }
  }
  const result = (changes?: Partial<ResultView>) => resultPage(aResultView(changes), context);
  put('result', result(), 1);
  put('result without receipt yet', result({ receipts: [], receiptExpectedBy: AT('10:00:00') }), 1);
  put('result that anybody can come to', result({ payerHref: '/pay/token/payer', returnHref: null }), 1);
  put(
    'result with documents to collect',
    result({ collect: { place: 'Bộ phận Một cửa', hours: '8–17' } }),
    1,
  );
  put(
    'result with a part refunded and another under way, and its receipt replaced',
    result({
      receipts: [
        aReceipt({ status: { kind: 'replaced', on: day('2026-12-01') } }),
        aReceipt({ number: '0004183', verificationCode: lookupCodeFrom(new Uint8Array(16).fill(78)) }),
      ],
      refunds: [
        { amount: vnd(50_000), at: AT('16:00:00'), steps: REFUND_STEPS },
        { amount: vnd(20_000), by: day('2026-11-27'), steps: REFUND_STEPS },
      ],
    }),
    1,
  );
  put(
    'result with money beyond what was owed',
    result({
      payout: { href: '/pay/token/payout', awaited: vnd(20_000) },
      surplus: (['paid_twice', 'paid_over', 'other', 'refunded'] as const).map((became, index) => ({
        amount: vnd(20_000),
        became,
        href: `/pay/other-${String(index)}`,
      })),
    }),
    1,
  );
  put(
    'result with a voided receipt',
    result({ receipts: [aReceipt({ status: { kind: 'voided', on: day('2026-12-01') } })] }),
    1,
  );
  for (const [name, state] of Object.entries(ORDER_STATES)) {
    for (const kind of ['not_paid', 'not_received'] as const) {
      const view = { agency: AN_AGENCY, lookupCode: A_CODE, state, money: { kind } };
      put(`order: ${name}, ${kind}`, orderStatePage(view, context), 1);
    }
  }
  put('verify', verifyPage({ typed: '', faults: [], outcome: null }, context), 0);
  put(
    'verify with a fault',
    verifyPage({ typed: '7K2M', faults: [{ field: 'code', message: 'Mã' }], outcome: null }, context),
    0,
  );
  for (const [name, outcome] of Object.entries(VERIFY_OUTCOMES)) {
    const isSilent = /replaced|voided|unknown/.test(name);
    put(`verify: ${name}`, verifyPage({ typed: A_CODE, faults: [], outcome }, context), isSilent ? 0 : 1);
  }
  put('find', findPage(aFindView(), context), 0);
  put('list of orders', orderListPage({ items: PUBLIC_ORDERS.map(aListItem) }, context), 'many');
  put('find with a fault', findPage(aFindView({ faults: [{ field: 'code', message: 'Nhập' }] }), context), 0);
  put('find without result', findPage(aFindView({ typed: 'G01', notFound: 'G01' }), context), 0);
  put('gateways', gatewaysPage(aGatewaysView(), context), 0);
  put('reconciliation', reconciliationPage(aReconciliationView(), context), 0);
  put(
    'reconciliation where all matches',
    reconciliationPage(aReconciliationView({ gateways: [], exceptions: [], exceptionCount: 0 }), context),
    0,
  );
  for (const error of ERRORS) put(`error: ${error.kind}`, errorPage(context, error), 0);
  return pages;
}

/** One gateway in every state, one of them with a window. */
function aGatewaysView(): GatewaysView {
  const none = { calls: 0, successPpm: null, p95Ms: { start: null, query: null, refund: null } };
  const some = { calls: 1_204, successPpm: 991_700, p95Ms: { start: 400, query: 200, refund: null } };
  const at = new Date('2026-11-20T02:00:00Z');
  const open = {
    ...CLOSED_CIRCUIT,
    state: 'open' as const,
    brokenBy: 'start' as const,
    openedAt: at,
    retryAt: at,
  };
  const quiet = { maintenanceUntil: null, windows: [], lastCallbackAt: null, hour: none, day: some };
  const window = {
    id: 'w',
    gateway: 'c',
    startsAt: at,
    endsAt: at,
    note: { vi: 'Nâng cấp.', en: 'Upgrade.' },
  };
  return {
    asOf: at,
    menu: [{ href: '/console/gateways', label: 'Cổng', isCurrent: true }],
    gateways: [
      { ...quiet, gateway: 'a', name: 'A', position: 'closed', circuit: CLOSED_CIRCUIT, lastCallbackAt: at },
      { ...quiet, gateway: 'b', name: 'B', position: 'open', circuit: open },
      { ...quiet, gateway: 'c', name: 'C', position: 'half_open', circuit: { ...open, brokenBy: 'query' } },
      {
        ...quiet,
        gateway: 'd',
        name: 'D',
        position: 'closed',
        circuit: open,
        maintenanceUntil: at,
        windows: [window],
      },
    ],
  };
}
