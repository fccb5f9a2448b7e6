//! What can be locked: told apart by numbers, and named for people.

use sqlx::postgres::PgRow;

use crate::engine::database::postgres::names::{Kind, Names};
use crate::engine::database::postgres::rights::Rights;
use crate::engine::database::postgres::row;

/// Something that can be locked, as `pg_locks` tells it apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Object {
    /// `relation`, `tuple`, `transactionid`, …
    pub kind: String,
    database: Option<u32>,
    relation: Option<u32>,
    page: Option<i32>,
    tuple: Option<i16>,
    virtual_transaction: String,
    /// A transaction's number; empty: it is something else.
    pub transaction: String,
    class: Option<u32>,
    number: Option<u32>,
    sub: Option<i16>,
}

impl Object {
    pub fn read(r: &PgRow) -> Self {
        Self {
            kind: row::text(r, "locktype"),
            database: row::oid(r, "database"),
            relation: row::oid(r, "relation"),
            page: row::int(r, "page"),
            tuple: row::get(r, "tuple"),
            virtual_transaction: row::text(r, "virtualxid"),
            transaction: row::text(r, "xid"),
            class: row::oid(r, "classid"),
            number: row::oid(r, "objid"),
            sub: row::get(r, "objsubid"),
        }
    }

    /// Returns what is the same for this object and for nothing else.
    pub fn key(&self) -> String {
        match self.kind.as_str() {
            "transactionid" => self.transaction.clone(),
            "virtualxid" => self.virtual_transaction.clone(),
            _ => format!(
                "{}.{}.{}.{}.{}.{}.{}",
                self.database.unwrap_or_default(),
                self.relation.unwrap_or_default(),
                self.page.unwrap_or_default(),
                self.tuple.unwrap_or_default(),
                self.class.unwrap_or_default(),
                self.number.unwrap_or_default(),
                self.sub.unwrap_or_default(),
            ),
        }
    }

    /// Returns it for people; `row` is the row that who waits for a transaction wants.
    pub fn words(&self, row: Option<&Self>, rights: &Rights, names: &mut Names) -> String {
        let mut table = || self.table(rights, names);
        match self.kind.as_str() {
            "relation" => table(),
            "extend" => format!("extension of {}", table()),
            "page" => format!("page {} of {}", self.page.unwrap_or_default(), table()),
            "tuple" => self.row_of(&table()),
            "transactionid" => {
                let number = format!("transaction {}", self.transaction);
                row.map_or(number.clone(), |row| {
                    format!("{} ({number})", row.row_of(&row.table(rights, names)))
                })
            }
            "virtualxid" => format!("the end of transaction {}", self.virtual_transaction),
            "advisory" => format!("advisory lock {}", self.advisory()),
            "object" => format!(
                "object {} of class {}",
                self.number.unwrap_or_default(),
                self.class.unwrap_or_default()
            ),
            other => other.to_owned(),
        }
    }

    fn table(&self, rights: &Rights, names: &mut Names) -> String {
        let name = match (self.relation, self.database) {
            (Some(relation), Some(db)) if db != rights.datid && db != 0 => {
                let db = names.of(Kind::Database, db);
                return format!("relation {relation} of database {db}");
            }
            (Some(relation), _) => names.of(Kind::Relation, relation),
            (None, _) => String::new(),
        };
        match name.parse::<u32>() {
            Ok(number) => format!("relation {number}"),
            Err(_) => name,
        }
    }

    fn row_of(&self, table: &str) -> String {
        let page = self.page.unwrap_or_default();
        format!("row ({page},{}) of {table}", self.tuple.unwrap_or_default())
    }

    /// One key of 64 bits, or two of 32: `objsubid` tells.
    fn advisory(&self) -> String {
        let high = self.class.unwrap_or_default();
        let low = self.number.unwrap_or_default();
        if self.sub == Some(1) {
            return ((u64::from(high) << 32) | u64::from(low))
                .cast_signed()
                .to_string();
        }
        format!("({}, {})", high.cast_signed(), low.cast_signed())
    }
}
