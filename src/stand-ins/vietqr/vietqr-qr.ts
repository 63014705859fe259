/** What a bank app sees in a VietQR code. A second reading of the NAPAS format 1.5.2, by itself. */

export interface SeenTransfer {
  readonly account: string;
  readonly amount: bigint | null;
  readonly content: string;
}

/** Null for anything that is not a code of a transfer. */
export function seeTransfer(payload: string): SeenTransfer | null {
  const top = cut(payload.trim());
  const receiver = cut(cut(top?.get('38') ?? '')?.get('01') ?? '');
  const account = receiver?.get('01');
  if (!top || account === undefined) return null;
  const amount = top.get('54');
  const content = cut(top.get('62') ?? '')?.get('08') ?? '';
  return { account, amount: amount === undefined ? null : BigInt(amount), content };
}

function cut(text: string): Map<string, string> | null {
  const parts = new Map<string, string>();
  let rest = text;
  while (rest !== '') {
    const [, tag, size, after] = /^(\d\d)(\d\d)(.*)$/s.exec(rest) ?? [];
    if (tag === undefined || after === undefined || after.length < Number(size)) return null;
    parts.set(tag, after.slice(0, Number(size)));
    rest = after.slice(Number(size));
  }
  return parts;
}
