-- Numbers of database transactions that stay in order when the rows move to another cluster.
--
-- The seal, the balances and the events feed rest on one fact: whoever writes later has a higher number, and below the
-- horizon nothing can appear any more. Numbers belong to the cluster that gave them. In another one, after a restore, they
-- begin again somewhere below: new rows would count as sealed and be overtaken in the feed. So the number that a row
-- carries has the era in front, and each restore begins a higher one. What was written before this migration is of era 0,
-- where both numbers are the same.

-- Replaced by db/restore.ts, and by nobody else, while no one else is connected.
create function xid_era() returns bigint language sql immutable return 0;

-- 2^44 transactions an era: fifty years of ten thousand in a second.
create function xid_in_era(number xid8) returns xid8 language sql immutable parallel safe
return ((xid_era() << 44) + number::text::bigint)::text::xid8;

-- The number of this transaction.
create function current_xid() returns xid8 language sql stable return xid_in_era(pg_current_xact_id());

-- The number below which every transaction is over.
create function xid_horizon() returns xid8 language sql stable
return xid_in_era(pg_snapshot_xmin(pg_current_snapshot()));

alter table ledger_transactions alter column xid set default current_xid();
alter table events alter column xid set default current_xid();
