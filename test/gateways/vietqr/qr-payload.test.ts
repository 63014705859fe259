/** VietQR codes: the vectors of the specification, an independent library, and what a strict reader must refuse. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { QRPay } from 'vietnam-qr-pay';
import { vnd } from '../../../src/domain/kernel/money.ts';
import { createVietqrAdapter } from '../../../src/gateways/vietqr/adapter.ts';
import {
  buildQrPayload,
  crc16,
  parseQrPayload,
  type TransferQr,
} from '../../../src/gateways/vietqr/qr-payload.ts';
import { ACCOUNT } from './subject.ts';

interface BuildInput {
  bin: string;
  account: string;
  amount?: number;
  bill?: string;
  purpose?: string;
}
interface QrVector {
  id: string;
  op: string;
  input: BuildInput | string;
  payload: string;
  signature: string;
}
const { vietqr: VECTORS } = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8')) as {
  vietqr: QrVector[];
};

function transferOf(input: BuildInput): TransferQr {
  return {
    bankBin: input.bin,
    accountNumber: input.account,
    service: 'account',
    amount: input.amount === undefined ? null : vnd(input.amount),
    billNumber: input.bill ?? null,
    purpose: input.purpose ?? null,
  };
}

/** A payload whose check sum fits, whatever stands before it. */
const sealed = (text: string): string => `${text}6304${crc16(`${text}6304`)}`;
const TRANSFER = transferOf({
  bin: '970415',
  account: '112233445566',
  amount: 150_000,
  purpose: 'DVC7K2M9QXT4HPD',
});

const transfers: fc.Arbitrary<TransferQr> = fc.record(
  {
    bankBin: fc.stringMatching(/^\d{6}$/),
    accountNumber: fc.stringMatching(/^[A-Z0-9]{1,19}$/),
    service: fc.constantFrom('account' as const, 'card' as const),
    amount: fc.option(fc.bigInt(1n, 499_999_999n).map(vnd)),
    billNumber: fc.option(fc.stringMatching(/^[A-Z0-9]{1,25}$/)),
    purpose: fc.option(fc.stringMatching(/^[A-Z0-9 ]{1,25}$/)),
  },
  { noNullPrototype: true },
);

describe('a VietQR code', () => {
  for (const { id, op, input, payload, signature } of VECTORS) {
    if (op === 'crc') {
      it(`${id}: the check sum of a known text`, () => {
        assert.equal(crc16(input as string), signature);
      });
    } else if (op === 'build') {
      it(`${id} is built to the letter, and read back`, () => {
        const transfer = transferOf(input as BuildInput);
        assert.equal(buildQrPayload(transfer), payload);
        assert.deepEqual(parseQrPayload(payload), { kind: 'read', transfer });
      });
    } else {
      it(`${id} is refused`, () => {
        assert.equal(parseQrPayload(payload).kind, 'unreadable');
      });
    }
  }

  it('says the same to an independent library', () => {
    fc.assert(
      fc.property(transfers, (transfer) => {
        const read = new QRPay(buildQrPayload(transfer));
        assert.ok(read.isValid);
        assert.equal(read.consumer.bankBin, transfer.bankBin);
        assert.equal(read.consumer.bankNumber, transfer.accountNumber);
        assert.equal(read.amount ?? '', transfer.amount?.amountMinor.toString() ?? '');
        assert.equal(read.additionalData.purpose ?? '', transfer.purpose ?? '');
      }),
    );
  });

  it("reads what an independent library builds, as that library's caller meant it", () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 499_999_999n), fc.stringMatching(/^[A-Z0-9]{1,25}$/), (amount, purpose) => {
        const built = QRPay.initVietQR({
          bankBin: '970415',
          bankNumber: '112233445566',
          amount: amount.toString(),
          purpose,
        }).build();
        const transfer = { ...TRANSFER, amount: vnd(amount), purpose };
        assert.deepEqual(parseQrPayload(built), { kind: 'read', transfer });
        assert.equal(buildQrPayload(transfer), built);
      }),
    );
  });

  it('comes back as it was built', () => {
    fc.assert(
      fc.property(transfers, (transfer) => {
        assert.deepEqual(parseQrPayload(buildQrPayload(transfer)), { kind: 'read', transfer });
      }),
    );
  });

  it('is refused with any one character changed, dropped or added', () => {
    const payload = buildQrPayload(TRANSFER);
    for (let at = 0; at < payload.length; at += 1) {
      const other = payload[at] === '1' ? '2' : '1';
      const edits = [
        payload.slice(0, at) + other + payload.slice(at + 1),
        payload.slice(0, at) + payload.slice(at + 1),
        payload.slice(0, at) + other + payload.slice(at),
      ];
      for (const edited of edits) assert.equal(parseQrPayload(edited).kind, 'unreadable', edited);
    }
  });

  const good = buildQrPayload(TRANSFER).slice(0, -8);
  const faults: Readonly<Record<string, string>> = {
    'a field twice': `${good}5802VN`,
    'a field of no length': `${good}5900`,
    'a field longer than the text': `${good}5912AB`,
    'a length that is no number': `${good}59x1A`,
    'another currency': good.replace('5303704', '5303840'),
    'another country': good.replace('5802VN', '5802US'),
    'another scheme': good.replace('A000000727', 'A000000677'),
    'another service': good.replace('QRIBFTTA', 'QRPUSHXX'),
    'a broken amount': good.replace('5406150000', '54061500.0'),
    'a negative amount': good.replace('5406150000', '5406-15000'),
    'an amount with a zero before it': good.replace('5406150000', '5406015000'),
    'a bank of five digits': good
      .replace('0006970415', '000597041')
      .replace('3856', '3855')
      .replace('0126', '0125'),
    'no format at its beginning': `${good.slice(6)}000201`,
  };
  for (const [what, text] of Object.entries(faults)) {
    it(`is refused with ${what}, its check sum right`, () => {
      assert.notEqual(text, good);
      assert.equal(parseQrPayload(sealed(text)).kind, 'unreadable');
    });
  }

  it('is not made of what does not fit: nothing is cut', () => {
    for (const change of [
      { purpose: 'x'.repeat(26) },
      { purpose: 'x'.repeat(100) },
      { purpose: 'Nộp phí' },
      { purpose: '' },
      { bankBin: '97041' },
      { accountNumber: '1'.repeat(20) },
      { accountNumber: '12 34' },
      { amount: vnd(0) },
      { amount: vnd(-1) },
    ]) {
      assert.throws(
        () => buildQrPayload({ ...TRANSFER, ...change }),
        /cannot be made/,
        JSON.stringify(change.purpose),
      );
    }
  });
});

describe('starting a payment by bank transfer', () => {
  it('gives a code whose facts are those beside it', async () => {
    const adapter = createVietqrAdapter();
    const startedAt = new Date('2026-11-22T03:00:00Z');
    const reference = adapter.profile.merchantReference(7n, startedAt, '0123456789abcdef');
    const handOff = await adapter.startPayment(
      {
        account: ACCOUNT,
        merchantReference: reference,
        amount: vnd(503_000),
        description: 'DVC 7',
        locale: 'vi',
        payerIp: '127.0.0.1',
        startedAt,
        returnUrl: 'http://localhost/return',
        callbackUrl: 'http://localhost/callback',
      },
      new AbortController().signal,
    );
    assert.ok(handOff.kind === 'qr_transfer');
    const reading = parseQrPayload(handOff.qrPayload);
    assert.ok(reading.kind === 'read');
    assert.equal(reading.transfer.accountNumber, handOff.accountNumber);
    assert.equal(reading.transfer.purpose, handOff.transferText);
    assert.deepEqual(reading.transfer.amount, vnd(503_000));
    assert.equal(handOff.transferText, reference);
    assert.equal(handOff.bankName, 'VietinBank');
  });

  it('is offered below 500 million dong only', () => {
    const { amountMax } = createVietqrAdapter().profile;
    assert.deepEqual(amountMax, vnd(499_999_999));
  });
});
