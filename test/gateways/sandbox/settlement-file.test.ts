import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readSettlementFile } from '../../../src/gateways/sandbox/settlement-file.ts';
import { wholeFile } from '../../support/settlement-files.ts';

const WHOLE = [
  'H,SANDBOX-SETTLEMENT-1,DVC01,2026-11-22,VND,3',
  'L,1,payment,BT1,SB1,503000,1100,501900,2026-11-22T09:59:00+07:00,2026-11-23',
  'L,2,payment,BT2,SB2,150000,1100,148900,2026-11-22T10:00:00+07:00,2026-11-23',
  'L,3,refund,BR1,RF1,50000,0,-50000,2026-11-22T11:00:00+07:00,2026-11-23',
  'T,3,603000,2200,600800',
];

const readBytes = (bytes: Uint8Array) => wholeFile(readSettlementFile({ name: 'day.csv', bytes }));
const read = (lines: readonly string[], end = '\n') =>
  readBytes(Buffer.from(lines.map((line) => line + end).join('')));
const faultsOf = (lines: readonly string[]) => {
  const reading = read(lines);
  return reading.kind === 'unreadable' ? reading.faults.map(({ line, column }) => `${line} ${column}`) : [];
};
const changed = (line: number, from: string, to: string) =>
  WHOLE.map((text, index) => (index === line - 1 ? text.replace(from, to) : text));

describe("the sandbox bank's settlement file", () => {
  it('is read whole, with its total', () => {
    const reading = read(WHOLE);
    assert.ok(reading.kind === 'read');
    assert.deepEqual(reading.totalNet, { amountMinor: 600_800n, currency: 'VND' });
    assert.equal(reading.lines.length, 3);
    assert.deepEqual(reading.lines[2], {
      lineNumber: 3,
      kind: 'refund',
      gatewayTransactionId: 'BR1',
      reference: 'RF1',
      amount: { amountMinor: 50_000n, currency: 'VND' },
      fee: { amountMinor: 0n, currency: 'VND' },
      occurredAt: new Date('2026-11-22T04:00:00Z'),
      settledOn: '2026-11-23',
    });
  });

  it('is read with either line end, and when the day had nothing', () => {
    assert.equal(read(WHOLE, '\r\n').kind, 'read');
    const empty = read(['H,SANDBOX-SETTLEMENT-1,DVC01,2026-11-22,VND,0', 'T,0,0,0,0']);
    assert.deepEqual(empty.kind === 'read' ? empty.lines : null, []);
  });

  it('is refused when cut at any line or byte', () => {
    for (let lines = 0; lines < WHOLE.length; lines += 1) {
      assert.equal(read(WHOLE.slice(0, lines)).kind, 'unreadable', `after line ${lines}`);
    }
    const bytes = Buffer.from(`${WHOLE.join('\r\n')}\r\n`);
    for (let length = 0; length < bytes.length; length += 1) {
      const reading = readBytes(bytes.subarray(0, length));
      assert.equal(reading.kind, 'unreadable', `after byte ${length}`);
    }
  });

  it('is refused with anything after its trailer, with or without a line end', () => {
    for (const more of ['L', ' ', '\n', 'T,3,603000,2200,600800', '\n\n']) {
      const bytes = Buffer.from(`${WHOLE.join('\n')}\n${more}`);
      assert.equal(readBytes(bytes).kind, 'unreadable', JSON.stringify(more));
    }
  });

  it('is refused when any line is missing or stands twice', () => {
    for (let index = 0; index < WHOLE.length; index += 1) {
      assert.equal(read(WHOLE.toSpliced(index, 1)).kind, 'unreadable', `without line ${index + 1}`);
      assert.equal(
        read(WHOLE.toSpliced(index, 0, WHOLE[index]!)).kind,
        'unreadable',
        `line ${index + 1} twice`,
      );
    }
  });

  it('names line and column of a wrong count or control sum', () => {
    assert.deepEqual(faultsOf(changed(1, 'VND,3', 'VND,4')), ['1 count']);
    assert.deepEqual(faultsOf(changed(5, 'T,3', 'T,2')), ['5 count']);
    assert.deepEqual(faultsOf(changed(5, '603000', '603001')), ['5 gross']);
    assert.deepEqual(faultsOf(changed(5, '2200', '2201')), ['5 fee']);
    assert.deepEqual(faultsOf(changed(5, '600800', '600799')), ['5 net']);
    assert.deepEqual(faultsOf(changed(5, '600800', '-600800')), ['5 net']);
  });

  it('names line and column of a transaction that stands twice', () => {
    const reading = read(changed(3, 'BT2', 'BT1'));
    assert.deepEqual(reading, {
      kind: 'unreadable',
      faults: [{ line: 3, column: 'transaction_id', fault: '"BT1" stands on line 2 too' }],
    });
  });

  it('names line and column of an amount that is not a whole number of dong', () => {
    for (const amount of ['503000.0', '5e5', ' 503000', '503,000', '-503000', '', 'NaN', '0503000', '0']) {
      const at = faultsOf(changed(2, ',503000,', `,${amount},`));
      assert.ok(
        at.some((fault) => fault.startsWith('2 ')),
        `${amount}: ${at.join()}`,
      );
    }
    assert.deepEqual(faultsOf(changed(2, ',1100,', ',1.5,')), ['2 fee']);
    assert.deepEqual(faultsOf(changed(2, ',501900,', ',501901,')), ['2 net', '5 net']);
  });

  it('names line and column of a kind, identifier, time or day that is none', () => {
    assert.deepEqual(faultsOf(changed(2, 'payment', 'chargeback')), ['2 kind']);
    assert.deepEqual(faultsOf(changed(2, 'BT1', '=1+1')), ['2 transaction_id']);
    assert.deepEqual(faultsOf(changed(2, 'SB1', '')), ['2 reference']);
    assert.deepEqual(faultsOf(changed(2, '2026-11-22T09', '2026-02-30T09')), ['2 occurred_at']);
    assert.deepEqual(faultsOf(changed(2, '2026-11-23', '2026-11-31')), ['2 settled_on']);
    assert.deepEqual(faultsOf(changed(2, '2026-11-23', '2026-11-21')), ['2 settled_on']);
    assert.deepEqual(faultsOf(changed(3, 'L,2', 'L,7')), ['3 line_no']);
    assert.deepEqual(faultsOf(changed(1, 'SETTLEMENT-1', 'SETTLEMENT-2')), ['1 format']);
    assert.deepEqual(faultsOf(changed(1, 'VND', 'USD')), ['1 currency']);
  });

  it('shows of a bad cell only what is safe to print', () => {
    const reading = read(changed(2, 'payment', `\u001b[31m${'x'.repeat(500)}`));
    assert.ok(reading.kind === 'unreadable' && reading.faults[0]);
    assert.match(reading.faults[0].fault, /^[\x20-\x7e]{1,120}$/);
  });

  it('is refused with at most a hundred faults, however many it has', () => {
    const reading = read([WHOLE[0]!, ...Array<string>(500).fill('X'), WHOLE[4]!]);
    assert.ok(reading.kind === 'unreadable' && reading.faults.length === 100);
  });

  it('gives back any lines that were written, exactly', () => {
    const line = fc.record(
      {
        kind: fc.constantFrom('payment' as const, 'refund' as const),
        gross: fc.bigInt({ min: 1n, max: 9_000_000_000_000n }),
        fee: fc.bigInt({ min: 0n, max: 100_000n }),
        at: fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const reading = read(write(lines));
        assert.ok(reading.kind === 'read');
        assert.deepEqual(
          reading.lines.map(({ kind, amount, fee, occurredAt }) => ({
            kind,
            gross: amount.amountMinor,
            fee: fee.amountMinor,
            at: occurredAt,
          })),
          lines,
        );
      }),
    );
  });

  it('never throws, whatever bytes it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        assert.equal(readBytes(bytes).kind, 'unreadable');
      }),
    );
  });
});

interface WrittenLine {
  readonly kind: 'payment' | 'refund';
  readonly gross: bigint;
  readonly fee: bigint;
  readonly at: Date;
}

function write(lines: readonly WrittenLine[]): string[] {
  const signed = ({ kind, gross }: WrittenLine) => (kind === 'payment' ? gross : -gross);
  const gross = lines.reduce((sum, line) => sum + signed(line), 0n);
  const fee = lines.reduce((sum, line) => sum + line.fee, 0n);
  return [
    `H,SANDBOX-SETTLEMENT-1,DVC01,2019-01-01,VND,${lines.length}`,
    ...lines.map(
      (line, index) =>
        `L,${index + 1},${line.kind},T${index},R${index},${line.gross},${line.fee},${signed(line) - line.fee},${line.at.toISOString()},2030-01-02`,
    ),
    `T,${lines.length},${gross},${fee},${gross - fee}`,
  ];
}
