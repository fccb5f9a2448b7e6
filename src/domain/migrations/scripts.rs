//! The files of a migration tool, known by their names.

use regex::bytes::Regex;

use crate::domain::migrations::checksum;
use crate::domain::migrations::tool::Tool;

/// A file below the directory that was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path from there, with `/` between.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// A migration as its file tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// What the history calls it.
    pub version: String,
    /// What it is about.
    pub name: String,
    /// As the tool computes it; `None`: the tool keeps none.
    pub checksum: Option<String>,
    /// The versions that it comes after (Alembic).
    pub after: Vec<String>,
    /// Whether it is applied again whenever it changes (Flyway's `R__`).
    pub again: bool,
}

/// Returns the migrations among `files`; what is none is passed over.
pub fn scripts(tool: Tool, files: &[File]) -> Vec<Script> {
    let mut found: Vec<Script> = files.iter().filter_map(|file| script(tool, file)).collect();
    found.sort_by(|a, b| super::status::in_order(&a.version, &b.version));
    found
}

fn script(tool: Tool, file: &File) -> Option<Script> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    match tool {
        Tool::Flyway => flyway(name, &file.bytes),
        Tool::Alembic => alembic(name, &file.bytes),
        Tool::Prisma => {
            let folder = file.path.strip_suffix("/migration.sql")?;
            Some(Script {
                version: folder.rsplit('/').next()?.to_owned(),
                checksum: Some(checksum::prisma(&file.bytes)),
                ..Script::default()
            })
        }
        Tool::Django => {
            let mut folders = file.path.rsplit('/').skip(1);
            let (migrations, app) = (folders.next()?, folders.next()?);
            let stem = name
                .strip_suffix(".py")
                .filter(|stem| !stem.starts_with("__"))?;
            (migrations == "migrations").then(|| Script {
                version: format!("{app}.{stem}"),
                ..Script::default()
            })
        }
        Tool::Sqlx => {
            let stem = up(name.strip_suffix(".sql")?)?;
            Some(Script {
                checksum: Some(checksum::sqlx(&file.bytes)),
                ..numbered(stem)?
            })
        }
        Tool::GolangMigrate => numbered(name.strip_suffix(".up.sql")?),
        Tool::Dbmate => numbered(name.strip_suffix(".sql")?),
        Tool::Goose => numbered(
            name.strip_suffix(".sql")
                .or_else(|| name.strip_suffix(".go"))?,
        ),
        Tool::Rails => numbered(name.strip_suffix(".rb")?),
        Tool::Liquibase => None,
    }
}

/// `1_enums` and `1_enums.up` are the way forward, `1_enums.down` is not.
fn up(stem: &str) -> Option<&str> {
    match stem.rsplit_once('.') {
        Some((_, "down")) => None,
        Some((stem, "up")) => Some(stem),
        Some(_) | None => Some(stem),
    }
}

/// `20240131120000_add_note`; leading zeros do not count where the history keeps a number.
fn numbered(stem: &str) -> Option<Script> {
    let (number, name) = stem.split_once('_').unwrap_or((stem, ""));
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| Script {
        version: number.to_owned(),
        name: name.replace('_', " "),
        ..Script::default()
    })
}

/// `V1_2__add_note.sql`, `R__views.sql`
fn flyway(name: &str, bytes: &[u8]) -> Option<Script> {
    let (head, about) = name.strip_suffix(".sql")?.split_once("__")?;
    let again = head == "R";
    let version = if again {
        name.to_owned()
    } else {
        head.strip_prefix('V')
            .filter(|v| !v.is_empty())?
            .replace('_', ".")
    };
    Some(Script {
        version,
        name: about.replace('_', " "),
        checksum: Some(checksum::flyway(bytes)),
        again,
        ..Script::default()
    })
}

/// `revision = "a2"`, `down_revision: str | None = ("a1", "b1")`
fn alembic(name: &str, bytes: &[u8]) -> Option<Script> {
    name.strip_suffix(".py")?;
    let line = |key: &str| {
        let pattern = format!(r"(?m)^{key}\b[^=\n]*=\s*(\([^)]*\)|\[[^\]]*\]|[^\n]*)");
        let found = Regex::new(&pattern).ok()?.captures(bytes)?;
        Some(String::from_utf8_lossy(found.get(1)?.as_bytes()).into_owned())
    };
    let quoted = |text: &str| {
        let parts = text.split(['\'', '"']).skip(1).step_by(2);
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    let about = String::from_utf8_lossy(bytes);
    let about = about
        .trim_start_matches(['"', '\''])
        .lines()
        .next()
        .unwrap_or_default();
    Some(Script {
        version: quoted(&line("revision")?).into_iter().next()?,
        name: about.trim().to_owned(),
        after: line("down_revision")
            .map(|text| quoted(&text))
            .unwrap_or_default(),
        ..Script::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tool: Tool, path: &str, text: &str) -> Option<(String, String)> {
        let file = File {
            path: path.into(),
            bytes: text.into(),
        };
        script(tool, &file).map(|s| (s.version, s.name))
    }

    #[test]
    fn files_are_known_by_their_names() {
        for (tool, path, version) in [
            (Tool::Flyway, "db/V4_1__add_note.sql", "4.1"),
            (Tool::Flyway, "R__views.sql", "R__views.sql"),
            (Tool::Prisma, "20240101_init/migration.sql", "20240101_init"),
            (Tool::Sqlx, "0001_enums.up.sql", "0001"),
            (Tool::GolangMigrate, "3_x.up.sql", "3"),
            (
                Tool::Rails,
                "20240101000000_create_users.rb",
                "20240101000000",
            ),
            (
                Tool::Django,
                "shop/orders/migrations/0002_note.py",
                "orders.0002_note",
            ),
        ] {
            let found = told(tool, path, "").map(|(version, _)| version);
            assert_eq!(found.as_deref(), Some(version), "{path}");
        }
        for (tool, path) in [
            (Tool::Flyway, "U1__undo.sql"),
            (Tool::Sqlx, "1_enums.down.sql"),
            (Tool::GolangMigrate, "3_x.down.sql"),
            (Tool::Django, "orders/migrations/__init__.py"),
            (Tool::Dbmate, "README.sql"),
        ] {
            assert_eq!(told(tool, path, ""), None, "{path}");
        }
    }

    #[test]
    fn a_revision_is_read_as_python_writes_it() {
        let text = "\"\"\"Add a note.\n\nRevises: a1\n\"\"\"\nrevision: str = \"a2\"\ndown_revision: Union[str, None] = (\n    'a1',\n    'b1',\n)\n";
        let file = File {
            path: "versions/a2_note.py".into(),
            bytes: text.into(),
        };
        let found = script(Tool::Alembic, &file).unwrap();
        assert_eq!(
            (found.version.as_str(), found.name.as_str()),
            ("a2", "Add a note.")
        );
        assert_eq!(found.after, ["a1", "b1"]);
        assert_eq!(told(Tool::Alembic, "env.py", "import x\n"), None);
    }
}
