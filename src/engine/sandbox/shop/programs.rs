//! The shop's programs: `web` and `worker` at their gentle work, `report` now and then, and a forgotten `reporting` session.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Executor as _};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long a program waits before it connects again.
const AWAY: Duration = Duration::from_millis(500);

/// What a program does, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trade {
    Web,
    Worker,
    Report,
}

impl Trade {
    /// Returns its `application_name`.
    fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Worker => "worker",
            Self::Report => "report",
        }
    }

    /// Returns the pause between two of its statements, milliseconds.
    fn pause(self) -> u64 {
        match self {
            Self::Web => 120,
            Self::Worker => 300,
            Self::Report => 3_000,
        }
    }

    /// Returns its `turn`th statement.
    fn statement(self, turn: u64) -> String {
        let some = turn.wrapping_mul(7919);
        match (self, turn % 3) {
            (Self::Web, 0) => {
                format!(
                    "select name, price_cents, stock from products where id = {}",
                    1 + some % 2_000
                )
            }
            (Self::Web, _) => format!(
                "select o.id, o.status, i.total_cents, i.paid_at from orders o left join invoices i on i.order_id = o.id \
                 where o.customer_id = {} order by o.placed_at desc limit 10",
                1 + some % 20_000
            ),
            (Self::Worker, 0) => format!(
                "update invoices set paid_at = now() where id = {} and paid_at is null",
                1 + some % 100_000
            ),
            (Self::Worker, _) => format!(
                "with placed as (insert into orders (customer_id, placed_at, status) values ({}, now(), 'open') returning id) \
                 insert into order_items (order_id, line, product_id, quantity) select id, 1, {}, 1 from placed",
                1 + some % 20_000,
                1 + some % 2_000
            ),
            (Self::Report, _) => "select c.country, count(*), sum(i.total_cents) from invoices i \
                 join orders o on o.id = i.order_id join customers c on c.id = o.customer_id \
                 where i.paid_at is null group by c.country order by c.country"
                .to_owned(),
        }
    }
}

/// Starts every program; returns once the forgotten session holds its lock (or could not get it).
pub(super) async fn employ(url: &str, tasks: &mut JoinSet<()>) {
    let staff = [
        Trade::Web,
        Trade::Web,
        Trade::Web,
        Trade::Worker,
        Trade::Worker,
        Trade::Report,
    ];
    for (number, trade) in (1_u64..).zip(staff) {
        tasks.spawn(labour(url.to_owned(), trade, number * 1_000));
    }
    let (holds, mut held) = mpsc::channel(1);
    tasks.spawn(forget_a_report(url.to_owned(), holds));
    held.recv().await;
}

/// Works until it is dropped; connects again when its session was ended.
async fn labour(url: String, trade: Trade, first_turn: u64) {
    let mut turn = first_turn;
    loop {
        if let Ok(mut session) = connect(&url, trade.name()).await {
            loop {
                turn += 1;
                let statement = sqlx::AssertSqlSafe(trade.statement(turn));
                if session.execute(sqlx::raw_sql(statement)).await.is_err() {
                    break;
                }
                sleep(Duration::from_millis(trade.pause())).await;
            }
        }
        sleep(AWAY).await;
    }
}

/// Reads the invoices in a transaction and leaves it open: it blocks whoever wants the table for itself.
async fn forget_a_report(url: String, holds: mpsc::Sender<()>) {
    let Ok(mut session) = connect(&url, "reporting").await else {
        return;
    };
    let read = "begin; select date_trunc('month', issued_at) as month, sum(total_cents) from invoices group by 1 order by 1";
    let lost = session.execute(sqlx::raw_sql(read)).await.is_err();
    drop(holds);
    if !lost {
        // The client is out for lunch: it neither asks again nor notices when it is thrown out.
        std::future::pending::<()>().await;
    }
}

/// Connects as the program called `name`.
pub(super) async fn connect(url: &str, name: &str) -> Result<PgConnection, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    options
        .application_name(name)
        .disable_statement_logging()
        .connect()
        .await
}
