//! A ready check put to a server: one question, or for a tool's history the table and the files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::migrations::{File, Script, Tool, Wanted, scripts, status};
use crate::domain::ready::{Arguments, Check, Table};
use crate::engine::database::{Looker, SqlError};

/// The check of a migration tool's history.
const HISTORY: &str = "migrations/status";
/// Files read at most.
const MOST_FILES: usize = 20_000;
/// Bytes of one file read at most; no migration is that long.
const LONGEST: u64 = 64 * 1024 * 1024;
/// Directories that hold other people's files.
const PASSED_OVER: [&str; 4] = ["node_modules", "target", ".git", ".venv"];

/// Asks `check`; relative paths in its arguments begin at `dir`.
///
/// # Errors
/// The server's own account; a code-less one where it was not the server.
pub async fn ask(
    looker: &mut Looker,
    check: &Check,
    arguments: &Arguments<'_>,
    dir: &Path,
    limit: Duration,
) -> Result<Table, SqlError> {
    if check.name == HISTORY {
        history(looker, arguments, dir, limit).await
    } else {
        looker.check(check, arguments, limit).await
    }
}

fn failed(message: String, hint: Option<String>) -> SqlError {
    SqlError {
        message,
        hint,
        ..SqlError::default()
    }
}

async fn history(
    looker: &mut Looker,
    arguments: &Arguments<'_>,
    dir: &Path,
    limit: Duration,
) -> Result<Table, SqlError> {
    let word = arguments.text("tool");
    let tool = Tool::named(word).ok_or_else(|| {
        let known: Vec<&str> = Tool::WORDS.iter().map(|(word, _)| *word).collect();
        failed(
            format!("no tool is called `{word}`"),
            Some(format!("one of: {}", known.join(", "))),
        )
    })?;
    let all_applied = match arguments.text("pending") {
        "none" => true,
        "allowed" => false,
        other => {
            return Err(failed(
                format!("`pending` is `none` or `allowed`, not `{other}`"),
                None,
            ));
        }
    };
    let found = match arguments.text("dir") {
        "" => None,
        named => Some(files(tool, &dir.join(named)).map_err(|(said, hint)| failed(said, hint))?),
    };
    let family = looker.family();
    let table = arguments
        .relation("table", family)
        .unwrap_or_else(|| tool.table(family));
    let rows = match looker.rows(&tool.question(&table, family), limit).await {
        Ok(rows) => rows,
        // Before the first migration there is no table: everything is pending.
        Err(error) if error.is_missing_table() && found.is_some() => Table::default(),
        Err(error) => return Err(error),
    };
    let wanted = Wanted {
        all_applied,
        applied: arguments.list("applied"),
    };
    Ok(status(tool, &rows, found.as_deref(), &wanted))
}

/// What is wrong with files, and what to do.
type Fault = (String, Option<String>);

/// Reads the migrations in `dir`: a directory without any is a wrong one.
fn files(tool: Tool, dir: &Path) -> Result<Vec<Script>, Fault> {
    let unreadable = |e: &io::Error| (format!("{} cannot be read: {e}", dir.display()), None);
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).map_err(|e| unreadable(&e))? {
            let entry = entry.map_err(|e| unreadable(&e))?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(|e| unreadable(&e))?);
            let name = entry.file_name().to_string_lossy().into_owned();
            if kind.is_dir() && !PASSED_OVER.contains(&name.as_str()) {
                open.push(path);
            } else if kind.is_file() && name.contains('.') {
                let size = entry.metadata().map_err(|e| unreadable(&e))?.len();
                if size > LONGEST {
                    continue;
                }
                let bytes = fs::read(&path).map_err(|e| unreadable(&e))?;
                let path = path.strip_prefix(dir).unwrap_or(&path);
                found.push(File {
                    path: path.to_string_lossy().into_owned(),
                    bytes,
                });
            }
            if found.len() > MOST_FILES {
                return Err((
                    format!(
                        "there are more than {MOST_FILES} files below {}",
                        dir.display()
                    ),
                    None,
                ));
            }
        }
    }
    let scripts = scripts(tool, &found);
    if scripts.is_empty() && tool != Tool::Liquibase {
        let hint = "`dir` is where the tool's migration files are".to_owned();
        return Err((
            format!("there is no migration in {}", dir.display()),
            Some(hint),
        ));
    }
    Ok(scripts)
}
