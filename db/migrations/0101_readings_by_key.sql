-- What was looked for without an index: each of these readings grew with all that is stored, not with its answer.

-- By payment: whether money in suspense is on its way back, and which cases such a return closes.
create index refunds_by_payment on refunds (payment_id);
create index cases_by_payment on cases (payment_id) where payment_id is not null;

-- Counted every few seconds for the metrics. Cases are resolved and kept for ever.
create index cases_open on cases (kind) where resolved_at is null;

-- By the day and the subject that a reconciliation report is about.
create index cases_by_subject on cases (subject);
create index refunds_given_back on refunds (resolved_at) where state = 'succeeded';
create index settlement_batches_of_day on settlement_batches (day);
create index settlement_lines_by_refund on settlement_lines (refund_id) where refund_id is not null;

-- An agency asks what it was never told, among millions of deliveries that went well.
create index webhook_deliveries_failed_newest on webhook_deliveries (agency_id, enqueued_at desc, id desc) where state = 'failed';

-- When a payment was paid must be in no index of payments: an outcome changes it. The books say it too, in rows that never
-- change and lie in the order in which they were booked, so that a summary of every few pages finds the days asked for.
create index ledger_transactions_by_day on ledger_transactions using brin (effective_at) with (pages_per_range = 16, autosummarize = on);

-- Deliveries given up were counted over and over for a figure that nobody was shown.
drop index webhook_deliveries_failed;
