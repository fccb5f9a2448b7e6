//! Statements: read from the file or from another, and looked through for what cannot work.

use crate::domain::runbook::fill;
use crate::domain::runbook::keys::SQL_FILE;
use crate::domain::runbook::model::{Access, Sql, Transaction};
use crate::domain::runbook::read::fields::Fields;
use crate::domain::runbook::read::{LinkTo, Place, Reader, Slot};
use crate::domain::runbook::sql::{self, Quoting, Script, SlotKind, Statement};
use crate::domain::runbook::tree::{Kind, Node};

/// Where a text of SQL comes from.
struct Origin<'n> {
    node: &'n Node,
    /// The file, where it is not the runbook's own text.
    file: Option<String>,
}

impl Reader<'_> {
    /// Reads the keys of a `sql` step.
    pub(super) fn sql_step(&mut self, fields: &mut Fields<'_>) -> Option<Sql> {
        let node = fields.take("sql")?;
        let on = fields.read(self, "on", Self::database_name);
        let lock_timeout = fields.read(self, "lock_timeout", Self::length);
        let statement_timeout = fields.read(self, "statement_timeout", Self::length);
        let transaction = match fields.read(self, "transaction", Self::flag) {
            None => Transaction::AsWritten,
            Some(true) => Transaction::One,
            Some(false) => Transaction::Each,
        };
        let read_only = fields.read(self, "read_only", Self::flag);
        let fills = self.fills(fields);
        let (text, origin) = self.statements(node)?;
        let family = self.families.of(on.as_deref());
        let quoting = Quoting::of(family);
        let text = match fills {
            Some(fills) => {
                let filled = fill::statements(&text, quoting, &fills);
                self.filled(node, text, filled)
            }
            None => text,
        };
        let script = sql::script(&text, quoting);
        self.look_through(&origin, &text, &script);
        self.transactions(&origin, &text, &script, transaction);
        let asks = fields.has("expect") || fields.has("capture");
        let read_only = read_only.unwrap_or(asks && script.only_looks());
        if !fields.has("danger") && !fields.has("manual") {
            self.losses(&origin, &text, &script);
        }
        Some(Sql {
            on,
            lock_timeout,
            statement_timeout,
            transaction,
            access: if read_only {
                Access::ReadOnly
            } else {
                Access::ReadWrite
            },
            file: origin.file,
            family,
            text,
        })
    }

    pub(super) fn database_name(&mut self, node: &Node) -> Option<String> {
        let name = self.text(node)?;
        self.link(LinkTo::Database, &name, node.at.clone());
        Some(name)
    }

    /// Reads one query of the target's own database that only looks.
    pub(super) fn query(&mut self, node: &Node) -> Option<String> {
        self.query_on(node, None)
    }

    /// Reads one query of the database `on` that only looks.
    pub(super) fn query_on(&mut self, node: &Node, on: Option<&str>) -> Option<String> {
        let text = self.text(node)?;
        let script = sql::script(&text, Quoting::of(self.families.of(on)));
        let origin = Origin { node, file: None };
        self.look_through(&origin, &text, &script);
        if !script.statements.is_empty() && (script.statements.len() > 1 || !script.only_looks()) {
            let hint = "begin it with select, show, with, values or table, and write nothing in it";
            self.error(
                node.at.clone(),
                "one query that only looks is expected here",
                Some(hint.into()),
            );
        }
        Some(text)
    }

    /// Returns the statements: the node's own text, or that of the file it names.
    fn statements<'n>(&mut self, node: &'n Node) -> Option<(String, Origin<'n>)> {
        if !matches!(node.kind, Kind::Map(_)) {
            return Some((self.text(node)?, Origin { node, file: None }));
        }
        let mut fields = Fields::open(self, node, &SQL_FILE)?;
        let node = fields.take("file")?;
        let path = self.text(node)?;
        match (self.files)(&path) {
            Ok(text) => {
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
                let file = Some(path);
                Some((text, Origin { node, file }))
            }
            Err(error) => {
                let hint = "the path is relative to the runbook's file";
                self.error(
                    node.at.clone(),
                    format!("`{path}` cannot be read: {error}"),
                    Some(hint.into()),
                );
                None
            }
        }
    }

    /// Notes an error at the bytes `at` of a text of SQL.
    fn sql_error(&mut self, origin: &Origin, text: &str, at: usize, message: &str, hint: &str) {
        let (place, message) = self.in_sql(origin, text, at, message);
        self.error(place, message, Some(hint.to_owned()));
    }

    /// Returns where the byte `at` of a text of SQL stands in the runbook, and the message with its line in another file.
    fn in_sql(&self, origin: &Origin, text: &str, at: usize, message: &str) -> (Place, String) {
        match &origin.file {
            None => (self.line_in(origin.node, text, at), message.to_owned()),
            Some(file) => {
                let line = text[..at].matches('\n').count() + 1;
                let message = format!("{file}, line {line}: {message}");
                (origin.node.at.clone(), message)
            }
        }
    }

    /// Warns where data is lost for good and the runbook does not say whether somebody is to be asked.
    fn losses(&mut self, origin: &Origin, text: &str, script: &Script) {
        let hint = "say `danger: high` and a `timeout`: it waits for a key then, and for the typed name of a protected target; or `danger: none` where nobody need be asked";
        for statement in &script.statements {
            let Some(loss) = statement.loss() else {
                continue;
            };
            let message = format!("this {}, and nobody is asked", loss.says());
            let (place, message) = self.in_sql(origin, text, statement.at, &message);
            self.warn(place, message, Some(hint.into()));
        }
    }

    /// Returns where the word that begins at byte `at` of a scalar's text stands in the file, else the whole scalar.
    fn line_in(&self, node: &Node, text: &str, at: usize) -> Place {
        let end = text[at..]
            .find(char::is_whitespace)
            .map_or(text.len(), |n| at + n);
        let word = &text[at..end];
        let before = text[..at].matches(word).count();
        let written = &self.source.text[node.at.clone()];
        match written.match_indices(word).nth(before) {
            Some((from, _)) if !word.is_empty() => {
                node.at.start + from..node.at.start + from + word.len()
            }
            Some(_) | None => node.at.clone(),
        }
    }

    fn look_through(&mut self, origin: &Origin, text: &str, script: &Script) {
        if let Some((what, at)) = script.unclosed {
            let hint = "close it; a quote inside quotes is written twice";
            self.sql_error(
                origin,
                text,
                at,
                &format!("{what} is opened and not closed"),
                hint,
            );
        } else if script.statements.is_empty() {
            self.error(origin.node.at.clone(), "there is no statement in it", None);
        }
        for statement in &script.statements {
            self.refuse(origin, text, statement);
        }
        for slot in &script.slots {
            self.slot(origin, text, slot);
            if let (true, SlotKind::Value { name, .. }) = (script.wants_number(slot), &slot.kind) {
                let message = "MySQL and MariaDB take no quoted value behind LIMIT and OFFSET";
                let hint = format!("write `${{{name}:number}}`: it is put in without quotes");
                self.sql_error(origin, text, slot.at.start, message, &hint);
            }
        }
    }

    fn slot(&mut self, origin: &Origin, text: &str, slot: &sql::Slot) {
        let place = match origin.file {
            None => self.place_in(origin.node, text, slot.at.clone()),
            Some(_) => origin.node.at.clone(),
        };
        match slot.kind {
            SlotKind::Escaped => {}
            SlotKind::Value { name, .. } => self.note_use(name, place, Slot::Sql),
            SlotKind::Quoted { name } => {
                let message = format!("`${{{name}}}` stands inside quotes");
                let hint = format!(
                    "leave the quotes out: the value brings its own (`${{{name}:ident}}` for a name); for a plain `${{` write `$${{`"
                );
                self.error(place, message, Some(hint));
            }
            SlotKind::Malformed => {
                let message = format!("`{}` is not a variable", &text[slot.at.clone()]);
                let hint = "a variable is written `${name}`, `${name:ident}` for a name, `${name:number}` for a number";
                self.error(place, message, Some(hint.into()));
            }
        }
    }

    /// Refuses what holdpoint's own connection cannot do.
    fn refuse(&mut self, origin: &Origin, text: &str, statement: &Statement) {
        const PSQL: &str =
            "use psql in a `run` step: psql \"$DATABASE_URL\" -X -v ON_ERROR_STOP=1 -c '…'";
        let has = |word: &str| statement.words.iter().any(|w| w == word);
        let first = statement.words.first().map_or("", String::as_str);
        let at = statement.at;
        if let Some(why) = statement.refusal() {
            self.sql_error(
                origin,
                text,
                at,
                why,
                "a `run` step's commands find the server",
            );
        } else if text[at..].starts_with('\\') {
            let word = text[at..].split_whitespace().next().unwrap_or_default();
            let message = format!("`{word}` is a command of psql, not of the server");
            self.sql_error(origin, text, at, &message, PSQL);
        } else if first == "copy" && (has("stdin") || has("stdout")) {
            let message = "COPY from or to the client does not work in a `sql` step";
            self.sql_error(origin, text, at, message, PSQL);
        } else if first == "listen" {
            let message = "LISTEN does not work in a `sql` step";
            self.sql_error(origin, text, at, message, PSQL);
        }
    }

    fn transactions(
        &mut self,
        origin: &Origin,
        text: &str,
        script: &Script,
        transaction: Transaction,
    ) {
        let alone = script.statements.len() == 1;
        for statement in &script.statements {
            let first = statement.words.first().map_or("", String::as_str);
            let inside = match transaction {
                Transaction::One => true,
                Transaction::AsWritten => !alone,
                Transaction::Each => false,
            };
            if statement.needs_no_transaction() && inside {
                let message = "PostgreSQL refuses this inside a transaction, and here it is in one";
                let hint = "say `transaction: false`, or make it a step of its own";
                self.sql_error(origin, text, statement.at, message, hint);
            }
            let ends = matches!(
                first,
                "begin" | "commit" | "rollback" | "start" | "end" | "abort"
            );
            if let (Some(name), false, Transaction::One) = (statement.commits(), ends, transaction)
            {
                let message = format!(
                    "`transaction: true` cannot hold: MySQL and MariaDB commit with {name}, whatever comes after it"
                );
                let hint = "take `transaction` out, and what the statements before it did stays; or make it a step of its own";
                self.sql_error(origin, text, statement.at, &message, hint);
            }
            if ends && transaction != Transaction::AsWritten {
                let message = format!("`{first}` does not go together with `transaction`");
                let hint = "take one of the two out";
                self.sql_error(origin, text, statement.at, &message, hint);
            }
        }
    }
}
