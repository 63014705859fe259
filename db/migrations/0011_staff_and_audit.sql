-- Who did what to which record and why. Append-only; staff accounts come with the console.

create table audit_log (
  id         uuid primary key,
  at         timestamptz not null default clock_timestamp(),
  actor      text not null,
  action     text not null,
  agency_id  integer references agencies (id),
  subject    text not null,
  detail     jsonb not null default '{}'
);
create index audit_log_by_subject on audit_log (subject, at);
call make_append_only('audit_log');
