/** The stock a bench consumes: agencies, and orders with a payment handed to the bank, written in bulk by SQL. */
import pg from 'pg';
import { addAgency } from '../src/features/agencies/add-agency.ts';
import { issueClient } from '../src/features/agencies/issue-client.ts';
import { sealSecrets } from '../src/features/agencies/sign-webhook.ts';
import { SCOPES } from '../src/domain/agencies/api-client.ts';
import type { AgencyId, IdSource } from '../src/domain/kernel/ids.ts';
import { query, type Database } from '../src/platform/database.ts';

/** Fifty agencies share the traffic of most runs; the last one has a run to itself. */
export const SHARED_AGENCIES = 50;
export const FEE_CODE = 'BENCH-FEE';
export const LINE_AMOUNTS = [150_000, 30_000] as const;
export const PAYMENT_AMOUNT = LINE_AMOUNTS[0] + LINE_AMOUNTS[1];

export interface BenchAgency {
  readonly id: AgencyId;
  readonly code: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Party {
  readonly db: Database;
  readonly newId: IdSource;
  readonly seal: (text: string, rowId: string) => string;
  readonly webhookUrl: string;
}

/** Registry rows, agencies with accounts, days, one endpoint and one client each; endpoints begin disabled. */
export async function addParties(party: Party): Promise<BenchAgency[]> {
  const { db, newId } = party;
  await query(
    db,
    `insert into obligation_types (code, label_vi, label_en, priced_by, default_beneficiary_kind, partial_payment,
       stays_after_payment, receipt_form, refund_route, default_budget_chapter, default_budget_sub_item)
     values ('fee', 'Lệ phí', 'Fee', 'fee_schedule', 'treasury', 'none', false, '01BLP0-001', 'gateway', '416', '2801'),
            ('charge', 'Phí', 'Charge', 'agency', 'treasury', 'none', false, '01BLP0-001', 'gateway', '416', '2716')
     on conflict do nothing`,
  );
  await query(
    db,
    `insert into fee_items (fee_code, version, obligation_type, procedure_code, label_vi, label_en, unit_amount, valid_from,
       legal_basis, budget_chapter, budget_sub_item)
     values (:code, 1, 'fee', '2.000815', 'Lệ phí đo', 'Bench fee', :amount, '2020-01-01', 'bench', '416', '2801')`,
    { code: FEE_CODE, amount: LINE_AMOUNTS[0] },
  );
  const agencies: BenchAgency[] = [];
  for (let index = 0; index <= SHARED_AGENCIES; index += 1) {
    const code = `000.00.${String(index).padStart(2, '0')}.B99`;
    const id = await addAgency({ db, newId }, agencyCommand(code));
    const { clientId, clientSecret } = await issueClient(
      { db },
      { agencyCode: code, name: 'Bench', scopes: SCOPES },
    );
    await addEndpoint(party, id);
    agencies.push({ id, code, clientId, clientSecret });
  }
  await query(
    db,
    `insert into ledger_accounts (agency_id, id, currency, code, sub_key)
     select a.id, gen_random_uuid(), 'VND', c.code, c.sub_key
     from agencies a, (values (1100, 'sandbox:platform'), (2100, 'KB-1:416:2801'), (2100, 'KB-1:416:2716')) as c(code, sub_key)
     where a.code like '%.B99'`,
  );
  await query(
    db,
    `insert into business_days (agency_id, day)
     select a.id, current_date + d from agencies a, generate_series(-3, 3) d on conflict do nothing`,
  );
  return agencies;
}

function agencyCommand(code: string) {
  return {
    code,
    nameVi: `Sở Xây dựng ${code}`,
    nameEn: `Department of Construction ${code}`,
    contactPhone: null,
    returnUrlOrigins: [],
    beneficiaries: [
      {
        code: 'KB-1',
        kind: 'treasury' as const,
        name: 'Kho bạc Nhà nước khu vực I',
        bankName: 'Kho bạc Nhà nước',
        accountNumber: '3511.0.1234567',
        treasuryCode: '0111',
      },
    ],
    aliases: [],
    demonstration: true,
  };
}

async function addEndpoint({ db, newId, seal, webhookUrl }: Party, agencyId: AgencyId): Promise<void> {
  const id = newId();
  const secret = `whsec_${Buffer.alloc(32, agencyId % 256).toString('base64')}`;
  await query(
    db,
    `insert into webhook_endpoints (agency_id, id, url, secrets_box, enabled, created_at)
     values (:agencyId, :id, :url, :box, false, now())`,
    { agencyId, id, url: webhookUrl, box: sealSecrets([secret], id, seal) },
  );
}

/** Which agencies a stretch of payments belongs to, taken in turn. */
export type AgencyRange = readonly [first: AgencyId, count: number];

/**
 * Adds `count` orders of two lines, each with its payment at the bank, numbered on from `from`.
 *
 * The rows are what order, hand-off and their first event leave behind. Keys are not checked row by row while they
 * are written (a superuser's replica role), which makes a million of them bearable; `checkInvariants` and the foreign
 * keys' own validity are judged afterwards by the runs themselves.
 */
export async function addStock(
  superuserUrl: string,
  { from, count, agencies: [first, agencies] }: { from: number; count: number; agencies: AgencyRange },
): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query(`set session_replication_role = replica; set synchronous_commit = off`);
    const step = 50_000;
    for (let at = from; at < from + count; at += step) {
      const to = Math.min(at + step, from + count) - 1;
      await client.query('begin');
      for (const statement of STOCK) await client.query(withNumbers(statement, { at, to, first, agencies }));
      await client.query('commit');
    }
    await client.query(`select setval('payment_numbers', (select max(number) from payments))`);
    for (const table of TABLES) await client.query(`analyze ${table}`);
  } finally {
    await client.end();
  }
}

const TABLES = [
  'payment_orders',
  'order_lines',
  'open_obligations',
  'order_expiries',
  'directory',
  'payments',
  'payment_queries',
  'allocations',
  'allocation_lines',
  'order_claims',
  'events',
] as const;

/** Time-ordered ids like those of the service: the number in front, then what tells apart order, payment and event. */
const id = (kind: string): string =>
  `('019a' || lpad(to_hex(n), 8, '0') || '7${kind}008000' || lpad(to_hex(n), 12, '0'))::uuid`;
const CODE = `'B' || lpad(n::text, 11, '0')`;
const DOSSIER = `'BENCH-' || n`;

const STOCK: readonly string[] = [
  `insert into payment_orders (agency_id, id, lookup_code, dossier_code, procedure_code, status, version, event_sequence, currency,
     principal_amount, payer_name, payer_identity_number, payer_email, metadata, created_by, created_at, expires_at)
   select agency, ${id('0')}, ${CODE}, ${DOSSIER}, '2.000815', 'open', 2, 1, 'VND', ${PAYMENT_AMOUNT}, 'Nguyễn Văn An',
     '001234567890', 'an@example.vn', '{"desk": "12"}', 'client:bench', now(), now() + interval '90 days' from numbers`,
  `insert into order_lines (agency_id, order_id, line_no, obligation_type, fee_code, fee_version, description, unit_amount, amount,
     beneficiary_code, budget_chapter, budget_sub_item, receipt_form, obligation_scope, obligation_key, stays_after_payment)
   select agency, ${id('0')}, l.no, l.type, l.fee, l.version, l.what, l.amount, l.amount, 'KB-1', '416', l.sub_item, '01BLP0-001',
     ${DOSSIER}, l.type || ':' || coalesce(l.fee, ''), false
   from numbers, (values (1, 'fee', '${FEE_CODE}', 1, 'Lệ phí đo', ${LINE_AMOUNTS[0]}, '2801'),
     (2, 'charge', null, null, 'Phí thẩm định hồ sơ', ${LINE_AMOUNTS[1]}, '2716')) as l(no, type, fee, version, what, amount, sub_item)`,
  `insert into open_obligations (agency_id, obligation_scope, obligation_key, order_id, line_no)
   select agency, ${DOSSIER}, l.key, ${id('0')}, l.no from numbers, (values (1, 'fee:${FEE_CODE}'), (2, 'charge:')) as l(no, key)`,
  `insert into order_expiries (agency_id, order_id, expires_at) select agency, ${id('0')}, now() + interval '90 days' from numbers`,
  `insert into directory (reference, kind, agency_id, subject_id) select ${CODE}, 'payment_order', agency, ${id('0')} from numbers`,
  `insert into events (agency_id, id, order_id, sequence, type, occurred_at, body)
   select agency, ${id('2')}, ${id('0')}, 1, 'payment_order.opened', now(), '{"filler":"' || repeat('x', 900) || '"}' from numbers`,
  `insert into payments (id, number, gateway, merchant_account, merchant_reference, amount, currency, state, version, locale, hand_off,
     started_at, handed_off_at, lifetime_ends_at)
   select ${id('1')}, n, 'sandbox', 'platform', 'BENCH' || n, ${PAYMENT_AMOUNT}, 'VND', 'handed_off', 2, 'vi',
     jsonb_build_object('kind', 'redirect', 'url', 'https://bank.example/pay/' || n, 'expiresAt', now() + interval '1 day'),
     now(), now(), now() + interval '1 day' from numbers`,
  `insert into payment_queries (payment_id, gateway, due_at) select ${id('1')}, 'sandbox', now() + interval '1 day' from numbers`,
  `insert into allocations (agency_id, payment_id, order_id, amount, claim, clearing_account_id)
   select agency, ${id('1')}, ${id('0')}, ${PAYMENT_AMOUNT}, 'reserved', c.id
   from numbers join ledger_accounts c on c.agency_id = agency and c.code = 1100`,
  `insert into allocation_lines (agency_id, payment_id, order_id, line_no, order_line_no, kind, description, beneficiary_code,
     budget_chapter, budget_sub_item, receipt_form, payable_account_id, amount)
   select agency, ${id('1')}, ${id('0')}, l.no, l.no, l.type, l.what, 'KB-1', '416', l.sub_item, '01BLP0-001', c.id, l.amount
   from numbers, (values (1, 'fee', 'Lệ phí đo', ${LINE_AMOUNTS[0]}, '2801'), (2, 'charge', 'Phí thẩm định hồ sơ', ${LINE_AMOUNTS[1]}, '2716'))
     as l(no, type, what, amount, sub_item)
   join ledger_accounts c on c.code = 2100 and c.sub_key = 'KB-1:416:' || l.sub_item where c.agency_id = agency`,
  `insert into order_claims (agency_id, order_id, payment_id) select agency, ${id('0')}, ${id('1')} from numbers`,
];

function withNumbers(
  statement: string,
  { at, to, first, agencies }: { at: number; to: number; first: number; agencies: number },
): string {
  const numbers =
    `select n, ${String(first)} + (n % ${String(agencies)})::integer as agency ` +
    `from generate_series(${String(at)}::bigint, ${String(to)}::bigint) n`;
  return statement.replace(/from numbers\b/, `from (${numbers}) numbers`);
}
