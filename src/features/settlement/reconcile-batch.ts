/** Reconciles imported files: every line gets its class, money we did not know of enters, settlement is posted (job). */
import { newId, type AgencyId, type IdSource } from '../../domain/kernel/ids.ts';
import { equals, sum } from '../../domain/kernel/money.ts';
import type { Clock } from '../../domain/kernel/time.ts';
import { transferFor, type LedgerTransaction } from '../../domain/ledger/ledger-transaction.ts';
import type { GatewayOutcome, RefundOutcome } from '../../domain/payments/gateway-outcome.ts';
import { matchLines, type LineMatch } from '../../domain/settlement/matching.ts';
import {
  planSettledLine,
  planUnidentifiedLine,
  type BookShare,
  type PlannedPosting,
} from '../../domain/settlement/settlement-posting.ts';
import { inTransaction, type Database } from '../../platform/database.ts';
import type { AccountBook } from '../ledger/account-store.ts';
import { ensureBusinessDays } from '../ledger/business-day-store.ts';
import { postTransactions } from '../ledger/post-transaction.ts';
import {
  findOpenDay,
  openCases,
  readCaptureShares,
  readLinesToMatch,
  readRecords,
  saveLineResults,
  type KnownRecord,
  type LineResult,
  type NewCase,
  type StoredLine,
} from './reconciliation-store.ts';
import {
  dropAbandonedImports,
  finishBatch,
  leaseImportedBatch,
  postponeBatch,
  renewLease,
  type LeasedBatch,
} from './settlement-store.ts';

/** A payment's outcome as a settlement line tells it: what `recordOutcomes` takes. */
export interface SettledOutcome {
  readonly gateway: string;
  readonly account: string;
  readonly merchantReference: string;
  readonly outcome: GatewayOutcome;
  readonly source: string;
}

/** A refund's outcome as a settlement line tells it. */
export interface SettledRefundOutcome {
  readonly gateway: string;
  readonly account: string;
  readonly refundReference: string;
  readonly outcome: RefundOutcome;
  readonly source: string;
}

export interface ReconcileDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly businessTimeZone: string;
  readonly accounts: AccountBook;
  /** The one door by which money becomes real; at most one item per merchant reference. */
  readonly recordOutcomes: (items: readonly SettledOutcome[]) => Promise<unknown>;
  /** The one door by which money goes back; at most one item per refund reference. */
  readonly recordRefundOutcomes: (items: readonly SettledRefundOutcome[]) => Promise<unknown>;
  /** Smaller in tests. */
  readonly pageLines?: number;
}

/** Lines classified and posted in one transaction. */
const PAGE_LINES = 200;
const SOURCE = 'settlement_line';

export interface ReconcileTurn {
  readonly batches: number;
  readonly lines: number;
}

/**
 * One turn of the job: takes one imported batch and works through its lines, page by page.
 *
 * A page's classes, postings and cases commit together, so a kill leaves whole pages; the lease runs out and
 * another turn goes on with the lines that have no class yet.
 */
export async function reconcileBatches(deps: ReconcileDeps): Promise<ReconcileTurn> {
  await inTransaction(deps.db, (tx) => dropAbandonedImports(tx));
  const batch = await leaseImportedBatch(deps.db);
  if (!batch) return { batches: 0, lines: 0 };
  try {
    let lines = 0;
    for (;;) {
      const done = await reconcilePage(deps, batch);
      if (done === 0) break;
      lines += done;
      await renewLease(deps.db, batch.id);
    }
    await finishBatch(deps.db, batch.id, deps.clock.now());
    return { batches: 1, lines };
  } catch (error) {
    await postponeBatch(deps.db, batch.id);
    throw error;
  }
}

async function reconcilePage(deps: ReconcileDeps, batch: LeasedBatch): Promise<number> {
  const lines = await readLinesToMatch(deps.db, batch.id, {
    limit: deps.pageLines ?? PAGE_LINES,
    timeZone: deps.businessTimeZone,
  });
  if (lines.length === 0) return 0;
  const { matches, entered } = await matchAndEnter(deps, batch, lines);
  const results = await planResults(deps, batch, lines, matches, entered);
  await inTransaction(deps.db, async (tx) => {
    await postTransactions(tx, results.transactions);
    await openCases(tx, results.cases);
    await saveLineResults(tx, batch.id, results.lines);
  });
  return lines.length;
}

/** Lines that tell us something go through the doors first; then everything is matched as it stands. */
async function matchAndEnter(
  deps: ReconcileDeps,
  batch: LeasedBatch,
  lines: readonly StoredLine[],
): Promise<{ matches: readonly LineMatch[]; entered: ReadonlySet<number> }> {
  const first = matchLines(lines, await readRecords(deps.db, batch, lines));
  const telling = lines.filter((_, index) => {
    const detail = first[index]?.detail;
    return detail === 'not_yet_known' || detail === 'second_charge';
  });
  if (telling.length === 0) return { matches: first, entered: new Set() };
  for (const round of distinctReferences(telling)) await enter(deps, batch, round);
  return {
    matches: matchLines(lines, await readRecords(deps.db, batch, lines)),
    entered: new Set(telling.map(({ lineNumber }) => lineNumber)),
  };
}

/** Rounds in which each reference occurs once: two charges under one reference enter one after the other. */
function distinctReferences(lines: readonly StoredLine[]): StoredLine[][] {
  const rounds: StoredLine[][] = [];
  const seen = new Map<string, number>();
  for (const line of lines) {
    const key = `${line.kind}:${line.reference}`;
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    (rounds[round] ??= []).push(line);
  }
  return rounds;
}

async function enter(deps: ReconcileDeps, batch: LeasedBatch, lines: readonly StoredLine[]): Promise<void> {
  const { gateway, account } = batch;
  const payments = lines.filter(({ kind }) => kind === 'payment');
  const refunds = lines.filter(({ kind }) => kind === 'refund');
  if (payments.length > 0) {
    await deps.recordOutcomes(
      payments.map((line) => ({
        gateway,
        account,
        merchantReference: line.reference,
        outcome: {
          kind: 'succeeded',
          amount: line.amount,
          gatewayTransactionId: line.gatewayTransactionId,
          paidAt: line.occurredAt,
        },
        source: SOURCE,
      })),
    );
  }
  if (refunds.length > 0) {
    await deps.recordRefundOutcomes(
      refunds.map((line) => ({
        gateway,
        account,
        refundReference: line.reference,
        outcome: {
          kind: 'succeeded',
          gatewayRefundId: line.gatewayTransactionId,
          refundedAt: line.occurredAt,
        },
        source: SOURCE,
      })),
    );
  }
}

interface PageResults {
  readonly lines: readonly LineResult[];
  readonly transactions: readonly LedgerTransaction[];
  readonly cases: readonly NewCase[];
}

async function planResults(
  deps: ReconcileDeps,
  batch: LeasedBatch,
  lines: readonly StoredLine[],
  matches: readonly LineMatch[],
  entered: ReadonlySet<number>,
): Promise<PageResults> {
  const matched = matches.filter(({ matchClass }) => matchClass === 'matched');
  const paymentIds = matched.flatMap(({ record }) => (record?.kind === 'payment' ? [record.id] : []));
  const captures = await readCaptureShares(deps.db, paymentIds);
  const results: LineResult[] = [];
  const transactions: LedgerTransaction[] = [];
  const cases: NewCase[] = [];
  for (const [index, line] of lines.entries()) {
    const match = matches[index];
    if (!match) throw new Error(`line ${String(line.lineNumber)} of a settlement file has no match`);
    const postings = planPostings(batch, line, match, captures);
    for (const posting of postings) transactions.push(await book(deps, batch, line, posting));
    const opened = caseFor(deps, batch, line, match, postings.length > 0);
    if (opened) cases.push(opened);
    results.push({
      line,
      match,
      enteredByLine: match.matchClass === 'matched' && entered.has(line.lineNumber),
      isPosted: postings.length > 0,
    });
  }
  return { lines: results, transactions, cases };
}

/** Matched lines and money of unknown origin are posted; what differs or is doubled waits for a person. */
function planPostings(
  batch: LeasedBatch,
  line: StoredLine,
  match: LineMatch,
  captures: ReadonlyMap<string, readonly BookShare[]>,
): PlannedPosting[] {
  const settled = { ...batch, kind: line.kind, fee: line.fee };
  const record = match.record as KnownRecord | null;
  if (match.matchClass === 'matched' && record) {
    const shares =
      record.kind === 'payment'
        ? (captures.get(record.id) ?? [])
        : [{ agencyId: record.agencyId, amount: line.amount }];
    const booked = sum(
      shares.map(({ amount }) => amount),
      line.amount.currency,
    );
    return equals(booked, line.amount) ? planSettledLine(settled, shares) : [];
  }
  if (match.detail === 'unknown_reference' && line.kind === 'payment') {
    return planUnidentifiedLine({ ...settled, amount: line.amount }, batch.owner);
  }
  return [];
}

async function book(
  deps: ReconcileDeps,
  batch: LeasedBatch,
  line: StoredLine,
  posting: PlannedPosting,
): Promise<LedgerTransaction> {
  await ensureBusinessDays(deps.db, [posting.agencyId], line.settledOn, line.settledOn);
  const transfers = [];
  for (const planned of posting.transfers) {
    transfers.push(transferFor(planned.movement, await deps.accounts(planned.accounts), planned.amount));
  }
  return {
    agencyId: posting.agencyId,
    id: newId('txn', deps.newId),
    eventKind: 'settlement_line',
    eventRef: line.id,
    correlationId: batch.id,
    effectiveAt: line.settledAt,
    businessDate: await findOpenDay(deps.db, posting.agencyId, line.settledOn),
    actor: `settlement:${batch.gateway}:${batch.account}`,
    transfers,
  };
}

/** Whatever a line leaves open becomes a case in the book it belongs to. */
function caseFor(
  deps: ReconcileDeps,
  batch: LeasedBatch,
  line: StoredLine,
  match: LineMatch,
  isPosted: boolean,
): NewCase | null {
  if (match.matchClass === 'matched' && isPosted) return null;
  const record = match.record as KnownRecord | null;
  const agencyId: AgencyId = record?.agencyId ?? batch.owner;
  const differs = match.matchClass !== 'missing_at_us';
  return {
    agencyId,
    id: newId('case', deps.newId),
    kind: differs ? 'amount_differs' : 'unidentified_money',
    subject: `settlement_line:${line.id}`,
    paymentId: record?.kind === 'payment' ? record.id : null,
    detail: {
      why: match.detail ?? match.matchClass,
      gateway: batch.gateway,
      account: batch.account,
      file: batch.fileName,
      line: line.lineNumber,
      reference: line.reference,
      gateway_transaction_id: line.gatewayTransactionId,
      amount: line.amount.amountMinor.toString(),
      ...(record ? { amount_here: record.amount.amountMinor.toString() } : {}),
      currency: line.amount.currency,
    },
    openedAt: deps.clock.now(),
  };
}
