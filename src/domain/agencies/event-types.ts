/** The types of events that agencies are told, as webhooks and in the feed. */

export const EVENT_TYPES = [
  'payment_order.opened',
  'payment_order.paid',
  'payment_order.expired',
  'payment_order.cancelled',
  'payment_order.partly_refunded',
  'payment_order.refunded',
  'payment_order.corrected',
  'payment.unknown',
  'payment.failed',
  'refund.requested',
  'refund.succeeded',
  'refund.failed',
  'receipt.issued',
  'receipt.voided',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** Sent on request only, to try an endpoint; belongs to no order. */
export const TEST_EVENT_TYPE = 'webhook.test';
