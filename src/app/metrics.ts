/** Prometheus metrics: names and meanings in one place. Labels are gateways, results and jobs, never people. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

/** A registry of its own, so that two apps in one process (tests) do not share counts. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    callbacks: new Counter({
      name: 'callbacks_total',
      help: 'Gateway messages by what came of them',
      labelNames: ['gateway', 'result'],
      registers,
    }),
    callbackLag: new Histogram({
      name: 'callback_lag_seconds',
      help: 'From the payment time the gateway names to our acknowledgement',
      labelNames: ['gateway'],
      buckets: [0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 86_400],
      registers,
    }),
    gatewayErrors: new Counter({
      name: 'gateway_errors_total',
      help: 'Calls to a gateway that gave no usable answer',
      registers,
    }),
    gatewayCalls: new Histogram({
      name: 'gateway_call_seconds',
      help: 'Calls to gateways by operation (start, query, refund), and whether they gave no usable answer',
      labelNames: ['gateway', 'operation', 'failed'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
      registers,
    }),
    gatewayHidden: new Gauge({
      name: 'gateway_hidden',
      help: '1 while a gateway is not offered: because it fails, or for planned maintenance',
      labelNames: ['gateway', 'why'],
      registers,
    }),
    gatewaySuccess: new Gauge({
      name: 'gateway_success_ratio',
      help: 'Share of calls of the last hour, of all processes, that had a usable answer',
      labelNames: ['gateway'],
      registers,
    }),
    gatewayCallbackAge: new Gauge({
      name: 'gateway_last_callback_age_seconds',
      help: 'Since the last genuine message of a gateway',
      labelNames: ['gateway'],
      registers,
    }),
    webhookAttempts: new Counter({
      name: 'webhook_attempts_total',
      help: 'Webhook attempts by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    webhookFirstAttempt: new Histogram({
      name: 'webhook_first_attempt_seconds',
      help: 'From the commit of an event to the first attempt at telling it',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30],
      registers,
    }),
    endpointsDisabled: new Counter({
      name: 'webhook_endpoints_disabled_total',
      help: 'Endpoints disabled because they failed too long or asked for it',
      registers,
    }),
    ordersOpened: new Counter({ name: 'payment_orders_opened_total', help: 'Orders opened', registers }),
    paymentsUndecided: new Gauge({
      name: 'payments_undecided',
      help: 'Payments of which we do not know yet whether money was taken',
      registers,
    }),
    payments: new Counter({
      name: 'payments_total',
      help: 'Payments by outcome, as they are recorded',
      labelNames: ['gateway', 'decision'],
      registers,
    }),
    outboxAge: new Gauge({
      name: 'outbox_age_seconds',
      help: 'Age of the oldest webhook that is due',
      registers,
    }),
    outboxWaiting: new Gauge({ name: 'outbox_waiting', help: 'Webhooks waiting to be delivered', registers }),
    personalDataBlanked: new Counter({
      name: 'personal_data_blanked_total',
      help: "Orders and payouts whose persons' data was blanked after its retention",
      labelNames: ['kind'],
      registers,
    }),
    sealLag: new Gauge({
      name: 'ledger_seal_lag_seconds',
      help: 'Age of the oldest transaction not yet sealed',
      registers,
    }),
    feedDelay: new Gauge({
      name: 'events_feed_delay_seconds',
      help: 'Age of the oldest writing transaction, behind which the events feed waits',
      registers,
    }),
    casesOpen: new Gauge({
      name: 'cases_open',
      help: 'Cases a person must look at',
      labelNames: ['kind'],
      registers,
    }),
    jobSeconds: new Histogram({
      name: 'job_turn_seconds',
      help: 'Turns of background jobs',
      labelNames: ['job', 'failed'],
      buckets: [0.01, 0.05, 0.25, 1, 5, 30],
      registers,
    }),
    pool: new Gauge({
      name: 'database_pool_connections',
      help: 'Connections of the pool',
      labelNames: ['state'],
      registers,
    }),
  };
}
