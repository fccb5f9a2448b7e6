//! What rows mean.

use serde::{Deserialize, Serialize};

use crate::domain::ready::definition::{Check, Rows};
use crate::domain::ready::table::Table;

/// What is to be said of what was seen; the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is shown; nobody judged it.
    Shown,
    /// It is as it should be.
    Pass,
    /// It should not be so.
    Warn,
    /// It must not be so.
    Fail,
}

impl Verdict {
    /// Returns its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// A verdict, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// How many rows are worse than `ok`.
    pub found: usize,
    /// Both as a few words: `nothing found`, `2 found`, `1 failed, 2 warnings`.
    pub said: String,
}

/// SQLSTATEs of what an extension brings and that is not there: no such relation or function, its library not loaded.
const NOT_THERE: [&str; 3] = ["42P01", "42883", "55000"];

/// Judges a question that the server refused with SQLSTATE `code` because the extension that counts for it is missing;
/// `None`: that is not why.
pub fn uncounted(check: &Check, code: &str) -> Option<Judged> {
    let extension = check.extension.as_ref()?;
    NOT_THERE.contains(&code).then(|| Judged {
        verdict: Verdict::Warn,
        found: 0,
        said: format!(
            "nothing was counted: the extension {extension} is not in this database (it wants `shared_preload_libraries`, \
             a restart, and `create extension {extension}`)"
        ),
    })
}

/// Judges rows by what a row means.
pub fn judge(rows: Rows, seen: &Table) -> Judged {
    let count = seen.rows.len();
    match rows {
        Rows::Shown => Judged {
            verdict: Verdict::Shown,
            found: 0,
            said: match count {
                0 => "nothing there".to_owned(),
                1 => "1 row".to_owned(),
                n => format!("{n} rows"),
            },
        },
        Rows::Fail => plain(Verdict::Fail, count),
        Rows::Warn => plain(Verdict::Warn, count),
        Rows::ByVerdict => by_verdict(seen),
    }
}

fn plain(each: Verdict, count: usize) -> Judged {
    Judged {
        verdict: if count == 0 { Verdict::Pass } else { each },
        found: count,
        said: if count == 0 {
            "nothing found".to_owned()
        } else {
            format!("{count} found")
        },
    }
}

/// A row that does not say what it is may be bad: it is a warning.
fn by_verdict(seen: &Table) -> Judged {
    let at = seen.column("verdict");
    let (mut failed, mut warned) = (0, 0);
    for row in &seen.rows {
        match at.and_then(|at| row.get(at)?.as_deref()) {
            Some("ok") => {}
            Some("fail") => failed += 1,
            Some(_) | None => warned += 1,
        }
    }
    let warnings = if warned == 1 { "warning" } else { "warnings" };
    let (verdict, said) = match (failed, warned) {
        (0, 0) => (Verdict::Pass, "as it should be".to_owned()),
        (0, n) => (Verdict::Warn, format!("{n} {warnings}")),
        (n, 0) => (Verdict::Fail, format!("{n} failed")),
        (n, m) => (Verdict::Fail, format!("{n} failed, {m} {warnings}")),
    };
    Judged {
        verdict,
        found: failed + warned,
        said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(verdicts: &[Option<&str>]) -> Table {
        Table {
            columns: vec!["verdict".into()],
            rows: verdicts.iter().map(|v| vec![v.map(Into::into)]).collect(),
        }
    }

    #[test]
    fn the_worst_row_is_the_verdict() {
        let told = |verdicts: &[Option<&str>]| judge(Rows::ByVerdict, &rows(verdicts));
        assert_eq!(told(&[]).verdict, Verdict::Pass);
        assert_eq!(told(&[Some("ok")]).verdict, Verdict::Pass);
        assert_eq!(told(&[Some("ok"), Some("warn")]).said, "1 warning");
        let worst = told(&[Some("fail"), Some("warn"), Some("ok")]);
        assert_eq!((worst.verdict, worst.found), (Verdict::Fail, 2));
        assert_eq!(told(&[None]).verdict, Verdict::Warn, "nobody knows");
    }

    #[test]
    fn each_row_of_a_plain_check_is_found() {
        assert_eq!(judge(Rows::Fail, &rows(&[])).said, "nothing found");
        assert_eq!(judge(Rows::Fail, &rows(&[None])).verdict, Verdict::Fail);
        assert_eq!(judge(Rows::Warn, &rows(&[None])).verdict, Verdict::Warn);
        assert_eq!(judge(Rows::Shown, &rows(&[None])).verdict, Verdict::Shown);
    }
}
