/** Settlement files in, and what became of a batch. For operator clients only. */
import { z } from 'zod';
import { actorOf } from '../domain/agencies/api-client.ts';
import { publicId } from '../domain/kernel/ids.ts';
import { Refusal } from '../domain/kernel/refusals.ts';
import { claimKey, findKey, storeAnswer } from '../features/agencies/idempotency-store.ts';
import {
  importSettlementFile,
  type ImportDeps,
  type ImportedBatch,
} from '../features/settlement/import-settlement-file.ts';
import { findBatch, type StoredBatch } from '../features/settlement/settlement-store.ts';
import { dayText, instantText, lineOfText, publicIdOf, uploadedFile } from './decoding.ts';
import { defineRoute, type Answer, type ApiRoute } from './route.ts';

export type SettlementRouteDeps = ImportDeps;

const batch = z.strictObject({
  id: z.string(),
  gateway: z.string(),
  account: z.string(),
  file_name: z.string(),
  day: dayText,
  status: z.enum(['imported', 'reconciled']),
  line_count: z.int(),
  gross: z.int(),
  fee: z.int(),
  net: z.int(),
  currency: z.string(),
  classes: z.strictObject({
    matched: z.int(),
    missing_at_us: z.int(),
    amount_differs: z.int(),
  }),
  imported_at: instantText,
  reconciled_at: instantText.nullable(),
});

export function settlementRoutes(deps: SettlementRouteDeps): ApiRoute[] {
  return [uploadRoute(deps), batchRoute(deps)];
}

function uploadRoute(deps: SettlementRouteDeps): ApiRoute {
  return defineRoute({
    method: 'post',
    path: '/v1/settlement-files',
    operationId: 'importSettlementFile',
    summary: "Imports a gateway's settlement file: once by its content, whole or not at all",
    tag: 'Settlement',
    scope: 'settlement:write',
    kinds: ['operator'],
    idempotency: 'own_statement',
    bodyFormat: 'multipart',
    body: z.strictObject({
      gateway: lineOfText(50).meta({ examples: ['sandbox'] }),
      account: lineOfText(50).default('platform'),
      file: uploadedFile(),
    }),
    refuses: [
      'settlement.gateway-without-files',
      'settlement.file-unreadable',
      'settlement.file-already-imported',
    ],
    answers: {
      201: { description: 'Imported; its lines are reconciled within moments.', schema: importedSchema() },
    },
    async handle({ client, body }, claim) {
      const use = { client, key: claim.key, requestHash: claim.requestHash };
      // The content would refuse a repetition of this very request before its key could answer it.
      if (await findKey(deps.db, use)) return null;
      const file = {
        gateway: body.gateway,
        account: body.account,
        fileName: body.file.fileName,
        bytes: body.file.bytes,
        actor: actorOf(client),
      };
      const imported = await importSettlementFile(deps, file, async (tx, made) => {
        const answer = importedAnswer(made);
        if (!(await claimKey(tx, use, deps.clock.now()))) throw new Refusal('idempotency.in-progress');
        await storeAnswer(tx, use, { status: answer.status, answerBox: claim.seal(answer) });
      });
      return importedAnswer(imported);
    },
  });
}

function importedSchema() {
  return z.strictObject({
    id: z.string(),
    status: z.literal('imported'),
    day: dayText,
    line_count: z.int(),
    links: z.strictObject({ self: z.string() }),
  });
}

function importedAnswer({ id, day, lineCount }: ImportedBatch): Answer {
  const self = `/v1/settlement-batches/${publicId('stb', id)}`;
  return {
    status: 201,
    body: { id: publicId('stb', id), status: 'imported', day, line_count: lineCount, links: { self } },
    headers: { Location: self },
  };
}

function batchRoute(deps: SettlementRouteDeps): ApiRoute {
  return defineRoute({
    method: 'get',
    path: '/v1/settlement-batches/{id}',
    operationId: 'getSettlementBatch',
    summary: 'A settlement batch with the classes of its lines',
    tag: 'Settlement',
    scope: 'settlement:write',
    kinds: ['operator'],
    idempotency: 'none',
    params: z.strictObject({ id: publicIdOf('stb') }),
    missing: 'settlement.batch-not-found',
    answers: {
      200: { description: 'The batch.', schema: batch },
    },
    async handle({ params }) {
      const found = await findBatch(deps.db, params.id);
      if (!found) throw new Refusal('settlement.batch-not-found');
      return { status: 200, body: batchJson(found) };
    },
  });
}

function batchJson(of: StoredBatch) {
  return {
    id: publicId('stb', of.id),
    gateway: of.gateway,
    account: of.account,
    file_name: of.fileName,
    day: of.day,
    status: of.state,
    line_count: of.lineCount,
    gross: of.totalGross,
    fee: of.totalFee,
    net: of.totalNet,
    currency: of.currency,
    classes: {
      matched: of.classes['matched'] ?? 0,
      missing_at_us: of.classes['missing_at_us'] ?? 0,
      amount_differs: of.classes['amount_differs'] ?? 0,
    },
    imported_at: of.importedAt.toISOString(),
    reconciled_at: of.reconciledAt?.toISOString() ?? null,
  };
}
