-- The way back: the column and everything that hangs on it.
set lock_timeout = '30s';
set statement_timeout = '5min';
begin;
alter table invoices drop constraint if exists invoices_currency_known;
alter table invoices drop column if exists currency;
commit;
\echo invoices.currency is gone
