/** Adds an agency: `npm run agency -- add agency.json`. */
import { z } from 'zod';
import { dayOf, parseDay } from '../src/domain/kernel/time.ts';
import { isAgencyPart } from '../src/domain/orders/dossier-code.ts';
import { addAgency } from '../src/features/agencies/add-agency.ts';
import { findAgencyByCode } from '../src/features/agencies/agency-store.ts';
import { readNamedFile, runTool, usage, type Deed } from './tool.ts';

const USAGE = `npm run agency -- add <file.json>

The file holds one agency:
  { "code": "H29", "name_vi": "…", "name_en": "…", "contact_phone": "…",
    "return_url_origins": ["https://agency.example.vn"],
    "beneficiaries": [{ "code": "KB-1", "kind": "treasury", "name": "…", "bank_name": "…",
                        "account_number": "…", "treasury_code": "…" }],
    "aliases": [{ "code": "000.00.00.H29", "valid_from": "2025-07-01", "valid_to": null }] }
Kinds of beneficiaries: treasury, fee_account, fund.
Aliases are what dossier codes begin with, besides the agency's own code, each for its days. One that is another
agency's own code takes that agency's dossiers over: for mergers.`;

const text = z
  .string('must be text')
  .refine((value) => value.trim() !== '' && value.length <= 300, 'must have 1 to 300 characters')
  .refine((value) => !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(value), 'holds control characters');

const day = z.string('must be a day').transform((value, context) => {
  const parsed = parseDay(value);
  if (parsed !== null) return parsed;
  context.addIssue('is not a day such as 2026-11-22');
  return z.NEVER;
});

const beneficiary = z.strictObject({
  code: text,
  kind: z.enum(['treasury', 'fee_account', 'fund'], 'must be treasury, fee_account or fund'),
  name: text,
  bank_name: text,
  account_number: text,
  treasury_code: text.nullable().default(null),
});

const alias = z
  .strictObject({
    code: text.refine(isAgencyPart, 'is nothing a dossier code begins with, such as 000.00.00.H29 or G22.99'),
    valid_from: day,
    valid_to: day.nullable().default(null),
  })
  .refine(({ valid_from: from, valid_to: to }) => to === null || to > from, {
    path: ['valid_to'],
    error: 'is not after valid_from',
  });

const AGENCY = z.strictObject({
  code: z
    .string('must be text')
    .regex(/^[A-Z0-9.-]{1,30}$/, 'must be 1 to 30 capital letters, digits, dots and hyphens'),
  name_vi: text,
  name_en: text,
  contact_phone: text.nullable().default(null),
  return_url_origins: z
    .array(
      text.refine(
        (value) => URL.canParse(value) && new URL(value).origin === value,
        'is not an origin such as https://agency.example.vn',
      ),
    )
    .default([]),
  beneficiaries: z
    .array(beneficiary, 'must be a list')
    .min(1, 'must hold at least one account')
    .refine((all) => isEachOnce(all.map(({ code }) => code)), 'hold one code twice'),
  aliases: z
    .array(alias)
    .default([])
    .refine(
      (all) => isEachOnce(all.map(({ code, valid_from: from }) => `${code} ${from}`)),
      'hold one code twice',
    ),
});

await runTool({
  usage: USAGE,
  options: {},
  understand({ positionals }) {
    const [verb, file] = positionals;
    if (verb !== 'add' || file === undefined || positionals.length !== 2) return usage(USAGE);
    const read = AGENCY.safeParse(jsonOf(file));
    if (!read.success) {
      return usage(`${file} cannot be used. Nothing was added.\n${z.prettifyError(read.error)}`);
    }
    return add(read.data);
  },
});

function add(agency: z.output<typeof AGENCY>): Deed {
  return async ({ db, clock, newId, config }) => {
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
        aliases: agency.aliases.map(({ code, valid_from: validFrom, valid_to: validTo }) => ({
          code,
          validFrom,
          validTo,
        })),
        demonstration: false,
      },
    );
    console.log(`Added agency ${agency.code}.`);
    const today = dayOf(clock.now(), config.businessTimeZone);
    const living = agency.aliases.filter(({ valid_to: to }) => to === null || to > today);
    const named = [agency.code, ...living.map(({ code }) => code)].filter(isAgencyPart);
    console.log(`Its dossier codes begin with: ${named.join(', ') || 'nothing yet, so it needs an alias'}.`);
    for (const { code, valid_from: from } of living) {
      const other = await findAgencyByCode(db, code);
      if (other) console.log(`From ${from} on dossiers of agency ${other.code} are those of ${agency.code}.`);
    }
    console.log(`Issue it a client: npm run client -- issue --agency ${agency.code}`);
  };
}

function isEachOnce(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

function jsonOf(file: string): unknown {
  const content = readNamedFile(file);
  try {
    return JSON.parse(content.replace(/^\ufeff/, ''));
  } catch (error) {
    return usage(`${file} is not JSON. Nothing was added. ${error instanceof Error ? error.message : ''}`);
  }
}
