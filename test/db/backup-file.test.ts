/** The form of a backup file: read back as it was written wherever chunks end, and never when something is wrong with it. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { backupLines, openBackup, type BackupHead } from '../../db/backup-file.ts';

const HEAD: BackupHead = {
  backup_of: 'payments',
  format: 1,
  taken_at: '2026-03-02T08:00:00.000Z',
  migrations: ['0001_agencies'],
  era: '0',
  ledger_head: null,
  secrets_keys: [],
  link_keys: ['g1'],
};

describe('a backup file', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'backup '));
  });
  after(() => rmSync(folder, { recursive: true }));

  function written(tables: Readonly<Record<string, string>>): Buffer {
    const lines = backupLines();
    const parts = [lines.head(HEAD)];
    for (const [table, rows] of Object.entries(tables)) {
      parts.push(lines.table(table, ['a', 'b']), lines.rows(Buffer.from(rows)), lines.endOfRows());
    }
    parts.push(lines.end({ rows: {}, sequences: { s: { last_value: '7', is_called: true } } }));
    return Buffer.concat(parts);
  }

  function fileOf(bytes: Buffer): string {
    const path = join(folder, `${randomBytes(6).toString('hex')}.gz`);
    writeFileSync(path, bytes);
    return path;
  }

  async function readAll(path: string): Promise<Record<string, string>> {
    const backup = await openBackup(path);
    assert.deepEqual(backup.head, HEAD);
    const tables: Record<string, string> = {};
    for (;;) {
      const part = await backup.next();
      if (!('table' in part)) return tables;
      const chunks: Buffer[] = [];
      for await (const chunk of part.rows) chunks.push(chunk);
      tables[part.table] = Buffer.concat(chunks).toString('utf8');
    }
  }

  it('gives back what was written, whichever byte of it a chunk ends at', async () => {
    const chunk = 1 << 18;
    const last = '{"table":"t1"}\n';
    const before = written({ t0: '' }).indexOf('\\.\n');
    for (let shift = -12; shift <= 12; shift += 1) {
      const filler = `${'x'.repeat(chunk - before - last.length + shift)}\n`;
      const tables = { t0: `${filler}\\\\.\n`, t1: '', t2: 'a\t\\N\nb\t\\.\n', t3: '\\\\.\n\\\\.\n' };
      assert.deepEqual(await readAll(fileOf(gzipSync(written(tables)))), tables);
    }
  });

  it('is refused when it was cut off anywhere', async () => {
    const whole = gzipSync(written({ t0: `${randomBytes(3_000).toString('hex')}\n`, t1: 'a\tb\n' }));
    for (let length = 0; length < whole.length; length += 97) {
      await assert.rejects(
        readAll(fileOf(whole.subarray(0, length))),
        /is damaged: /,
        `${String(length)} bytes`,
      );
    }
    const lines = written({ t0: 'a\tb\n', t1: 'a\tb\n' });
    for (let length = 0; length < lines.length; length += 1) {
      await assert.rejects(readAll(fileOf(gzipSync(lines.subarray(0, length)))), /is damaged: /);
    }
  });

  it('is refused when a byte of it is another', async () => {
    const whole = written({ t0: 'a\tb\n', t1: 'a\tb\n' });
    for (let at = 0; at < whole.length; at += 1) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await assert.rejects(readAll(fileOf(gzipSync(changed))), Error, `byte ${String(at)}`);
    }
  });

  it('is told from any other file', async () => {
    const other = fileOf(Buffer.from('a page of text'));
    await assert.rejects(openBackup(other), /is no backup of this service, or is damaged: /);
    await assert.rejects(openBackup(join(folder, 'absent')), { code: 'ENOENT' });
    const newer = gunzipSync(gzipSync(written({})))
      .toString()
      .replace('"format":1', '"format":2');
    await assert.rejects(openBackup(fileOf(gzipSync(newer))), /is no backup of this service/);
  });
});
