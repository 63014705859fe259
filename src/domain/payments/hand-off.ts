/** How a citizen gets from our page to the gateway. A payment keeps its hand-off and the checkout page draws it. */

export type HandOff =
  | { readonly kind: 'redirect'; readonly url: string; readonly expiresAt: Date }
  | {
      readonly kind: 'form_post';
      readonly url: string;
      readonly fields: Readonly<Record<string, string>>;
      readonly expiresAt: Date;
    }
  | {
      readonly kind: 'qr_transfer';
      readonly qrPayload: string;
      readonly transferText: string;
      readonly beneficiaryName: string;
      readonly accountNumber: string;
      readonly bankName: string;
      readonly expiresAt: Date;
    };
