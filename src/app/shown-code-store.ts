/** What the page of a payment shows to a payer's camera, for the pretend payers of the trial modes alone. */
import { query, type Reader } from '../platform/database.ts';

/** The text of the QR code of a payment, by its reference; null when it has none. */
export async function readShownCode(
  reader: Reader,
  gateway: string,
  reference: string,
): Promise<string | null> {
  const [row] = await query<{ payload: string | null }>(
    reader,
    `select hand_off->>'qrPayload' as payload from payments
     where gateway = :gateway and merchant_reference = :reference`,
    { gateway, reference },
  );
  return row?.payload ?? null;
}
