/** Adds an agency: `npm run agency -- add agency.json`. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { parseDay } from '../src/domain/kernel/time.ts';
import { addAgency } from '../src/features/agencies/add-agency.ts';
import { usage, withDatabase } from './with-database.ts';

const USAGE = `npm run agency -- add <file.json>

The file holds one agency:
  { "code": "H29", "name_vi": "…", "name_en": "…", "contact_phone": "…",
    "return_url_origins": ["https://agency.example.vn"],
    "beneficiaries": [{ "code": "KB-1", "kind": "treasury", "name": "…", "bank_name": "…",
                        "account_number": "…", "treasury_code": "…" }],
    "aliases": [{ "code": "H31", "valid_from": "2025-07-01", "valid_to": null }] }
Kinds of beneficiaries: treasury, fee_account, fund.`;

const day = z.string().transform((text, context) => {
  const parsed = parseDay(text);
  if (parsed !== null) return parsed;
  context.addIssue('is not a day such as 2026-11-22');
  return z.NEVER;
});

const AGENCY = z.strictObject({
  code: z.string().regex(/^[A-Za-z0-9.-]{1,30}$/),
  name_vi: z.string().min(1),
  name_en: z.string().min(1),
  contact_phone: z.string().nullable().default(null),
  return_url_origins: z
    .array(
      z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, 'is not an origin'),
    )
    .default([]),
  beneficiaries: z
    .array(
      z.strictObject({
        code: z.string().min(1),
        kind: z.enum(['treasury', 'fee_account', 'fund']),
        name: z.string().min(1),
        bank_name: z.string().min(1),
        account_number: z.string().min(1),
        treasury_code: z.string().nullable().default(null),
      }),
    )
    .min(1),
  aliases: z
    .array(
      z.strictObject({
        code: z.string().min(1),
        valid_from: day,
        valid_to: day.nullable().default(null),
      }),
    )
    .default([]),
});

await withDatabase(async ({ db, newId }) => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [verb, file] = positionals;
  if (verb !== 'add' || file === undefined) usage(USAGE);
  const read = AGENCY.safeParse(readJson(file));
  if (!read.success) usage(`${file} cannot be used. Nothing was added.\n${z.prettifyError(read.error)}`);
  const agency = read.data;
  await addAgency(
    { db, newId },
    {
      code: agency.code,
      nameVi: agency.name_vi,
      nameEn: agency.name_en,
      contactPhone: agency.contact_phone,
      returnUrlOrigins: agency.return_url_origins,
      beneficiaries: agency.beneficiaries.map((account) => ({
        code: account.code,
        kind: account.kind,
        name: account.name,
        bankName: account.bank_name,
        accountNumber: account.account_number,
        treasuryCode: account.treasury_code,
      })),
      aliases: agency.aliases.map((alias) => ({
        code: alias.code,
        validFrom: alias.valid_from,
        validTo: alias.valid_to,
      })),
      demonstration: false,
    },
  );
  console.log(
    `Added agency ${agency.code}. Issue it a client: npm run client -- issue --agency ${agency.code}`,
  );
});

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return usage(`${file} cannot be read. Nothing was added. ${error instanceof Error ? error.message : ''}`);
  }
}
