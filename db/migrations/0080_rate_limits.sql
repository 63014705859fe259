-- Counters of the rate limiter, shared by every process of the service.
-- Losing them only forgets who has asked how often, so the table is not written to the log and is empty after a crash.
create unlogged table rate_limits (
  key text primary key,
  points integer not null default 0,
  -- milliseconds since 1970 after which the counter starts anew; null never
  expire bigint
);

create index rate_limits_expire on rate_limits (expire);
