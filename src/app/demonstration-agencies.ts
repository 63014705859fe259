/** The demonstration's agencies, their accounts, and the orders that wait to be paid. None of it is real. */
import { addDays, day, type Day } from '../domain/kernel/time.ts';
import type { LineRequest, OrderRequest } from '../domain/orders/open-order.ts';
import type { AddAgency } from '../features/agencies/add-agency.ts';

export interface DemonstrationAgency extends Omit<AddAgency, 'demonstration'> {
  /** Obligation type to the code of the account that takes it. */
  readonly beneficiaryRules: Readonly<Record<string, string>>;
}

const TREASURY_TYPES = [
  'charge',
  'tax',
  'registration_fee',
  'land',
  'penalty',
  'late_interest',
  'court_advance',
];
const FEE_ACCOUNT_TYPES = ['fee', 'electricity', 'other'];
const FUND_TYPES = ['social_insurance', 'health_insurance'];

/** The address agencies' own pages have in examples. */
const RETURN_URL_ORIGIN = 'https://agency.example.vn';

export const DEMONSTRATION_AGENCIES: readonly DemonstrationAgency[] = [
  {
    code: 'H29',
    nameVi: 'Uỷ ban nhân dân Thành phố Hồ Chí Minh (trình diễn)',
    nameEn: "People's Committee of Ho Chi Minh City (demonstration)",
    contactPhone: '02800000029',
    returnUrlOrigins: [RETURN_URL_ORIGIN, 'https://h29.example.vn'],
    ...accountsOf('H29', '29'),
    aliases: [
      { code: '000.00.00.H29', validFrom: day('2018-01-01'), validTo: null },
      { code: '000.00.01.H29', validFrom: day('2018-01-01'), validTo: null },
      // The code of an office that was merged: dossiers of today no longer bear it.
      { code: '000.00.02.H29', validFrom: day('2018-01-01'), validTo: day('2025-07-01') },
    ],
  },
  {
    code: 'G22',
    nameVi: 'Văn phòng Chính phủ (trình diễn)',
    nameEn: 'Office of the Government (demonstration)',
    contactPhone: '02400000022',
    returnUrlOrigins: [RETURN_URL_ORIGIN, 'https://g22.example.vn'],
    ...accountsOf('G22', '22'),
    aliases: [
      { code: '000.00.00.G22', validFrom: day('2018-01-01'), validTo: null },
      { code: 'G22.99.99', validFrom: day('2021-12-09'), validTo: null },
    ],
  },
  {
    code: 'H55',
    nameVi: 'Phòng Cảnh sát giao thông tỉnh Thái Nguyên (trình diễn)',
    nameEn: 'Traffic Police of Thai Nguyen Province (demonstration)',
    contactPhone: '02080000055',
    returnUrlOrigins: [RETURN_URL_ORIGIN, 'https://h55.example.vn'],
    ...accountsOf('H55', '55'),
    aliases: [
      { code: '000.00.00.H55', validFrom: day('2018-01-01'), validTo: null },
      { code: 'H55.242', validFrom: day('2020-07-22'), validTo: null },
    ],
  },
];

function accountsOf(
  code: string,
  digits: string,
): Pick<DemonstrationAgency, 'beneficiaries' | 'beneficiaryRules'> {
  return {
    beneficiaries: [
      {
        code: 'KB-7111',
        kind: 'treasury',
        name: `Thu ngân sách nhà nước, ${code} (trình diễn)`,
        bankName: 'Kho bạc Nhà nước',
        accountNumber: `7111.00000${digits}`,
        treasuryCode: '0011',
      },
      {
        code: 'PHI-1',
        kind: 'fee_account',
        name: `Tài khoản phí của ${code} (trình diễn)`,
        bankName: 'Ngân hàng trình diễn',
        accountNumber: `00000000${digits}`,
        treasuryCode: null,
      },
      {
        code: 'BHXH-1',
        kind: 'fund',
        name: 'Quỹ bảo hiểm xã hội (trình diễn)',
        bankName: 'Ngân hàng trình diễn',
        accountNumber: `00000001${digits}`,
        treasuryCode: null,
      },
    ],
    beneficiaryRules: {
      ...allTo('KB-7111', TREASURY_TYPES),
      ...allTo('PHI-1', FEE_ACCOUNT_TYPES),
      ...allTo('BHXH-1', FUND_TYPES),
    },
  };
}

function allTo(account: string, types: readonly string[]): Record<string, string> {
  return Object.fromEntries(types.map((type) => [type, account]));
}

export interface DemonstrationOrder {
  readonly agencyCode: string;
  readonly request: OrderRequest;
}

/** How far behind the last payment day the late penalty lies: twelve days count by the rule. */
const PENALTY_DUE_DAYS_AGO = 13;

/** The orders that wait: two fee lines, several of one thing, a late penalty. */
export function demonstrationOrders(today: Day): readonly DemonstrationOrder[] {
  const payBy = addDays(today, -PENALTY_DUE_DAYS_AGO);
  return [
    {
      agencyCode: 'H29',
      request: order('000.00.00.H29-261101-0001', '2.000815', [
        line({ obligationType: 'fee', feeCode: 'DOCUMENT-VERIFICATION' }),
        line({ obligationType: 'fee', feeCode: 'CERTIFIED-COPY', quantity: 2 }),
      ]),
    },
    {
      agencyCode: 'G22',
      request: order('G22.99.99-261101-000001', '0.900005', [
        line({ obligationType: 'charge', feeCode: 'PASSPORT', quantity: 3 }),
      ]),
    },
    {
      agencyCode: 'H55',
      request: order(null, null, [
        line({
          obligationType: 'penalty',
          description: 'Phạt vi phạm hành chính giao thông đường bộ',
          amountMinor: 500_000n,
          decision: {
            number: '0012345/QĐ-XPHC',
            issuedOn: addDays(payBy, -11),
            deliveredOn: addDays(payBy, -10),
          },
          payBy,
          attributes: {
            record_number: '0012345/BB-VPHC',
            violation: {
              what: 'Không chấp hành hiệu lệnh của đèn tín hiệu giao thông',
              place: 'Thái Nguyên',
            },
            deciding_agency: { name: 'Phòng Cảnh sát giao thông tỉnh Thái Nguyên (trình diễn)' },
            licence_retained: false,
          },
        }),
      ]),
    },
  ];
}

function order(
  dossierCode: string | null,
  procedureCode: string | null,
  lines: readonly LineRequest[],
): OrderRequest {
  return {
    dossierCode,
    procedureCode,
    payer: {
      name: 'Nguyễn Văn Minh',
      identityNumber: '001099012345',
      email: 'minh@example.vn',
      phone: null,
    },
    lines,
    expiresAt: null,
    returnUrl: `${RETURN_URL_ORIGIN}/dossiers`,
    metadata: { demonstration: true },
  };
}

function line(given: Partial<LineRequest> & Pick<LineRequest, 'obligationType'>): LineRequest {
  return {
    feeCode: null,
    quantity: 1,
    description: null,
    amountMinor: null,
    beneficiaryCode: null,
    budgetChapter: null,
    budgetSubItem: null,
    decision: null,
    payBy: null,
    reference: null,
    attributes: {},
    ...given,
  };
}
