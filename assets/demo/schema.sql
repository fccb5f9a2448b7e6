-- A small shop: about 400,000 rows, made in about two seconds. Everything is computed, so every demo sees the same shop.
create table customers (
  id         bigint generated always as identity primary key,
  name       text not null,
  country    text not null,
  email      text not null,
  since      date not null
);
create table products (
  id         bigint generated always as identity primary key,
  name       text not null,
  price_cents integer not null,
  stock      integer not null
);
create table orders (
  id          bigint generated always as identity primary key,
  customer_id bigint not null,
  placed_at   timestamptz not null,
  status      text not null
);
create table order_items (
  order_id   bigint not null,
  line       integer not null,
  product_id bigint not null,
  quantity   integer not null
);
create table invoices (
  id          bigint generated always as identity primary key,
  order_id    bigint not null,
  total_cents bigint not null,
  issued_at   timestamptz not null,
  paid_at     timestamptz
);

insert into customers (name, country, email, since)
select 'Customer ' || n, (array['DE', 'FR', 'GB', 'US', 'CH', 'PL'])[1 + n % 6], 'customer' || n || '@example.com',
       date '2018-01-01' + (n * 7919) % 2800
  from generate_series(1, 20000) n;

insert into products (name, price_cents, stock)
select 'Product ' || n, 199 + (n * 7907) % 20000, 1000000 from generate_series(1, 2000) n;

insert into orders (customer_id, placed_at, status)
select 1 + (n::bigint * 104729) % 20000, now() - interval '1 day' - make_interval(mins => 100000 - n),
       (array['delivered', 'delivered', 'delivered', 'returned'])[1 + n % 4]
  from generate_series(1, 100000) n;

insert into order_items (order_id, line, product_id, quantity)
select n, line, 1 + (n::bigint * 7 + line * 13) % 2000, 1 + (n + line) % 3
  from generate_series(1, 100000) n, generate_series(1, 2) line;

insert into invoices (order_id, total_cents, issued_at, paid_at)
select id, 500 + (id * 6151) % 90000, placed_at + interval '1 hour',
       case when id % 10 = 0 then null else placed_at + interval '9 days' end
  from orders;

alter table order_items add primary key (order_id, line);
alter table orders add foreign key (customer_id) references customers;
alter table order_items add foreign key (order_id) references orders;
alter table order_items add foreign key (product_id) references products;
alter table invoices add foreign key (order_id) references orders;
create index orders_customer_id_idx on orders (customer_id);
create index invoices_order_id_idx on invoices (order_id);
analyze;
