/** A pretend bank app: reads a VietQR code, or is told what to transfer, and transfers whatever its user types. */
import { randomBytes } from 'node:crypto';
import express, { type Router } from 'express';
import type { ComponentChildren } from 'preact';
import { z } from 'zod';
import { standInDocument } from '../stand-in-page.tsx';
import { NOTICE_MANNERS, type PeerDesk } from '../peer/peer-types.ts';
import { WATCHERS } from './vietqr-notices.ts';
import { seeTransfer, type SeenTransfer } from './vietqr-qr.ts';

export interface AppDesk {
  readonly desk: PeerDesk;
  /** The code that payers are shown for a transfer text; null when there is none. */
  readonly lookAt: (text: string) => Promise<string | null>;
  readonly account: string;
  readonly callbackUrl: () => string;
}

const Transfer = z.object({
  account: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9]{1,19}$/),
  amount: z
    .string()
    .trim()
    .regex(/^[1-9]\d{0,11}$/)
    .transform(BigInt),
  content: z.string().trim().max(200),
  watcher: z.enum(WATCHERS),
  manner: z.enum(NOTICE_MANNERS),
});
const APP_LIFE_MS = 365 * 86_400_000;

export function addBankApp(router: Router, app: AppDesk): void {
  const form = express.urlencoded({ extended: false, limit: '4kb' });

  router.get('/app', async (request, response) => {
    const { qr } = request.query;
    const typed = typeof qr === 'string' ? qr.trim() : '';
    const payload = typed.startsWith('0002') ? typed : ((await app.lookAt(typed)) ?? '');
    response.send(page(request.baseUrl, appContent(seeTransfer(payload), typed, app.account)));
  });

  router.post('/app', form, async (request, response) => {
    const read = Transfer.safeParse(request.body);
    if (!read.success) {
      response.status(400).send(page(request.baseUrl, <p>{z.prettifyError(read.error)}</p>));
      return;
    }
    const { account, amount, content, watcher, manner } = read.data;
    await transferMoney(app, { account, amount, content, watcher, manner });
    const done = (
      <>
        <h1>Đã chuyển {amount.toString()} ₫</h1>
        <p>
          Nội dung: <span class="code">{content}</span>. {watcher} sẽ báo có ({manner}).
        </p>
        <p>
          <a href={`${request.baseUrl}/app?qr=${encodeURIComponent(content)}`}>Chuyển tiếp</a>
        </p>
      </>
    );
    response.send(page(request.baseUrl, done));
  });
}

/** Each transfer is a row of its own: a person may send one code's money as often as they like. */
async function transferMoney(
  { desk, callbackUrl }: AppDesk,
  transfer: z.output<typeof Transfer>,
): Promise<void> {
  const { payment } = await desk.takePayment({
    merchantId: transfer.account,
    reference: `app-${randomBytes(6).toString('hex')}`,
    amount: transfer.amount,
    description: transfer.content,
    locale: 'vi',
    returnUrl: '/',
    callbackUrl: callbackUrl(),
    expiresAt: new Date(desk.clock.now().getTime() + APP_LIFE_MS),
    details: { watcher: transfer.watcher },
  });
  await desk.decide(payment.id, { kind: 'approve', manner: transfer.manner });
}

function appContent(seen: SeenTransfer | null, typed: string, account: string) {
  return (
    <>
      <h1>Chuyển tiền</h1>
      <form method="get" class="choice">
        <label for="qr">
          Chuỗi mã VietQR, hoặc nội dung chuyển khoản / VietQR text, or the transfer text
        </label>
        <input id="qr" name="qr" value={typed} />
        <button type="submit">Quét / Scan</button>
      </form>
      <form method="post" class="choice">
        <label for="account">Số tài khoản nhận / Account</label>
        <input id="account" name="account" required value={seen?.account ?? account} />
        <label for="amount">Số tiền / Amount</label>
        <input
          id="amount"
          name="amount"
          inputMode="numeric"
          required
          value={seen?.amount?.toString() ?? ''}
        />
        <label for="content">Nội dung / Content</label>
        <input id="content" name="content" value={seen?.content ?? typed} />
        <label for="watcher">Bên báo có / Who tells</label>
        <select id="watcher" name="watcher">
          {WATCHERS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <label for="manner">Cách báo / How</label>
        <select id="manner" name="manner">
          {NOTICE_MANNERS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <button type="submit" class="primary">
          Chuyển / Transfer
        </button>
      </form>
    </>
  );
}

function page(base: string, content: ComponentChildren): string {
  return standInDocument(
    {
      locale: 'vi',
      title: 'Ngân hàng giả lập',
      stylePath: `${base}/style.css`,
      strip: 'Ứng dụng ngân hàng giả lập để thử nghiệm. Không có tiền thật. No real money.',
    },
    content,
  );
}
