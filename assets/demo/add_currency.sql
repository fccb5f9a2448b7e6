-- Expand: invoices get a currency. The column takes an instant and an ACCESS EXCLUSIVE lock; whoever
-- already reads the table must end first, and everybody who comes later waits behind this statement.
set lock_timeout = '2min';
set statement_timeout = '5min';
\echo waiting for the table ...
begin;
alter table invoices add column currency text;
-- The shop's old program does not name the column: what it adds gets a value all the same.
alter table invoices alter column currency set default :'currency';
commit;
\echo invoices.currency is there
