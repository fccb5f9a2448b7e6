//! What is slow to read from PostgreSQL: the largest tables, what statements cost, the database's size.

use std::time::Duration;

use crate::domain::sample::extra::{Lack, Statements, Tables};
use crate::engine::database::beside::Slow;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::postgres::connect::{Link, ask};
use crate::engine::database::postgres::costs::CostReader;
use crate::engine::database::postgres::tables::TableReader;

/// What is remembered from reading to reading.
#[derive(Default)]
pub struct SlowReader {
    tables: TableReader,
    costs: CostReader,
}

impl Slow<Link> for SlowReader {
    async fn tables(&mut self, link: &mut Link, limit: Duration) -> Result<Tables, DatabaseError> {
        self.tables.read(link, limit).await
    }

    async fn statements(
        &mut self,
        link: &mut Link,
        limit: Duration,
    ) -> Result<Statements, DatabaseError> {
        self.costs.read(link, limit).await
    }

    async fn size(
        &mut self,
        link: &mut Link,
        limit: Duration,
    ) -> Result<Option<u64>, DatabaseError> {
        let rows = ask(link, include_str!("sql/slow_sizes.sql"), limit).await?;
        let bytes = rows.into_iter().flatten().next().flatten();
        Ok(bytes.and_then(|b| b.parse().ok()))
    }

    fn lack_of(error: &DatabaseError) -> Lack {
        lack_of(error)
    }
}

/// Returns in which way `error` keeps something from being read.
pub(super) fn lack_of(error: &DatabaseError) -> Lack {
    let code = |code: &str| error.said.ends_with(&format!("({code})"));
    if code("55P03") {
        Lack::Locked
    } else if code("57014") {
        Lack::Slow
    } else if code("55000") && error.said.contains("shared_preload_libraries") {
        Lack::NotPreloaded
    } else {
        Lack::Refused(error.said.clone())
    }
}
