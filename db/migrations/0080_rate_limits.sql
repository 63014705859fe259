-- Counters of the rate limiter, shared by every process of the service.
-- Losing them only forgets who has asked how often, so the table is not written to the log and is empty after a crash.
create unlogged table rate_limits (
  key     text primary key,
  points  integer not null default 0,
  -- Milliseconds since 1970 after which the counter starts anew, null for never. The library reckons with numbers,
  -- and whole numbers of eight bytes reach the code as bigint.
  expire  double precision
);
create index rate_limits_by_expiry on rate_limits (expire);
