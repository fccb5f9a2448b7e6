//! An audit as a table for people, as CSV for spreadsheets, as JSON for programs.

use std::fmt::Write as _;

use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

use crate::domain::audit::{Audit, Good, Record, Run};
use crate::domain::tame;

const HEADS: [&str; 7] = [
    "RUN",
    "CHANGE",
    "TARGET",
    "STATUS",
    "DEVIATIONS",
    "SIGNED AS",
    "RECORD",
];

/// Returns the audit for people: a line for each run, what was found, and the verdict.
pub fn text(audit: &Audit) -> String {
    let mut rows: Vec<[String; 7]> = vec![HEADS.map(str::to_owned)];
    rows.extend(audit.runs.iter().map(row));
    rows.extend(audit.missing.keys().map(|run| {
        let mut row: [String; 7] = Default::default();
        row[0] = tame::line(run);
        row[3].push_str("MISSING");
        row
    }));
    let width = |at: usize| rows.iter().map(|r| r[at].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let pad = width.saturating_sub(cell.width()) + 2;
            let _ = write!(line, "{cell}{:pad$}", "");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if !audit.findings.is_empty() {
        text.push('\n');
    }
    for found in &audit.findings {
        let mark = match found.record {
            Record::Failed => "FAIL",
            Record::Incomplete => "TODO",
            Record::Verified => "WARN",
        };
        let _ = writeln!(
            text,
            "{mark}  {}  {}",
            tame::line(&found.run),
            tame::line(&found.text)
        );
    }
    let _ = write!(text, "\nVERDICT: {}", sentence(audit));
    text
}

fn sentence(audit: &Audit) -> String {
    let runs = match audit.runs.len() {
        1 => "1 run".to_owned(),
        n => format!("{n} runs"),
    };
    let mut parts: Vec<String> = [Record::Verified, Record::Incomplete, Record::Failed]
        .into_iter()
        .map(|record| (audit.count(record), record.word().to_lowercase()))
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    if !audit.missing.is_empty() {
        parts.push(format!("{} missing", audit.missing.len()));
    }
    let counts = if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join(", "))
    };
    format!("{}. {runs}{counts}.", audit.verdict().word())
}

fn row(run: &Run) -> [String; 7] {
    [
        tame::line(&run.id),
        tame::line(&run.change),
        tame::line(&run.target),
        run.stand.word().to_owned(),
        run.deviations.map_or("?".to_owned(), |n| n.to_string()),
        tame::line(signed(run)),
        run.record.word().to_owned(),
    ]
}

/// `Database Admin, QA Lead (REJECTED), Release Manager (not good)`
fn signed(run: &Run) -> String {
    let each = run
        .signed
        .iter()
        .map(|s| match (s.good, s.decision.as_str()) {
            (Good::No, _) => format!("{} (not good)", s.role),
            (Good::Untold, _) => format!("{} (whose key?)", s.role),
            (Good::Yes, "APPROVED" | "ADDED") => s.role.clone(),
            (Good::Yes, other) => format!("{} ({other})", s.role),
        });
    each.collect::<Vec<_>>().join(", ")
}

/// Returns the audit as CSV (RFC 4180): the auditor's population, missing runs among it.
pub fn csv(audit: &Audit) -> String {
    let heads = [
        "run",
        "folder",
        "opened",
        "change",
        "title",
        "target",
        "operator",
        "status",
        "deviations",
        "sign_offs",
        "record",
        "why",
        "previous_run",
    ];
    let mut text = heads.join(",") + "\r\n";
    for run in &audit.runs {
        let signed = run.signed.iter();
        let signed: Vec<_> = signed
            .map(|s| {
                let good = match s.good {
                    Good::Yes => "",
                    Good::Untold => " (nobody says whose key it is)",
                    Good::No => " (not good)",
                };
                format!("{} {} by {}{good}", s.role, s.decision, s.identity)
            })
            .collect();
        let deviations = run.deviations.map_or(String::new(), |n| n.to_string());
        let (signed, previous) = (
            signed.join("; "),
            run.before.as_ref().map_or("", |b| b.run.as_str()),
        );
        let cells: [&str; 13] = [
            &run.id,
            &run.folder,
            &run.opened,
            &run.change,
            &run.title,
            &run.target,
            &run.operator,
            run.stand.word(),
            &deviations,
            &signed,
            run.record.word(),
            &run.why,
            previous,
        ];
        line(&mut text, &cells);
    }
    for (run, by) in &audit.missing {
        let why = format!("{by} names it as the run before it");
        let mut cells = [""; 13];
        (cells[0], cells[7], cells[10], cells[11]) = (run, "MISSING", "FAILED", &why);
        line(&mut text, &cells);
    }
    text
}

fn line(text: &mut String, cells: &[&str]) {
    let cells: Vec<_> = cells.iter().map(|cell| quoted(cell)).collect();
    text.push_str(&cells.join(","));
    text.push_str("\r\n");
}

fn quoted(cell: &str) -> String {
    let cell = tame::line(cell);
    // A spreadsheet would run what begins so as a formula.
    let cell = if cell.starts_with(['=', '+', '-', '@']) {
        format!("'{cell}")
    } else {
        cell
    };
    if cell.contains([',', '"', ';', '\'']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

/// Returns the audit as JSON.
pub fn json(audit: &Audit) -> String {
    let runs: Vec<_> = audit
        .runs
        .iter()
        .map(|run| {
            let signed: Vec<_> = run
                .signed
                .iter()
                .map(|s| {
                    json!({"role": s.role, "identity": s.identity, "decision": s.decision, "good": s.good == Good::Yes})
                })
                .collect();
            json!({
                "run": run.id, "folder": run.folder, "opened": run.opened, "change": run.change, "title": run.title,
                "target": run.target, "operator": run.operator, "status": run.stand.word(), "deviations": run.deviations,
                "sign_offs": signed, "record": run.record.word(), "why": run.why,
                "previous_run": run.before.as_ref().map(|b| b.run.as_str()),
            })
        })
        .collect();
    let findings: Vec<_> = audit
        .findings
        .iter()
        .map(|f| json!({"kind": f.kind, "run": f.run, "text": f.text, "record": f.record.word()}))
        .collect();
    let missing: Vec<_> = audit.missing.keys().collect();
    let whole = json!({
        "verdict": audit.verdict().word(), "runs": runs, "missing": missing, "findings": findings,
    });
    serde_json::to_string_pretty(&whole).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::{Before, SignedBy, Stand};
    use crate::domain::run::event::Status;

    fn audit() -> Audit {
        let run = Run {
            folder: "r1".into(),
            id: "r1".into(),
            opened: "2026-11-20T09:00:00.000Z".into(),
            change: "=HYPERLINK(\"http://x\")".into(),
            target: "pro\u{1b}[2Jd".into(),
            stand: Stand::Closed(Status::RolledBack),
            deviations: Some(3),
            signed: vec![SignedBy {
                role: "QA, Lead".into(),
                identity: "q@x".into(),
                decision: "REJECTED".into(),
                good: Good::Yes,
            }],
            record: Record::Incomplete,
            why: "missing: \"DBA\"".into(),
            before: Some(Before {
                run: "r0".into(),
                head: "h".into(),
            }),
            ..Run::default()
        };
        Audit::of(vec![run], None)
    }

    #[test]
    fn people_read_a_table_and_what_was_found() {
        assert_eq!(
            text(&audit()),
            "RUN  CHANGE                  TARGET     STATUS       DEVIATIONS  SIGNED AS            RECORD\n\
             r1   =HYPERLINK(\"http://x\")  pro\\e[2Jd  ROLLED BACK  3           QA, Lead (REJECTED)  INCOMPLETE\n\
             r0                                      MISSING\n\n\
             FAIL  r0  MISSING RUN: r1 names it as the run before it\n\
             TODO  r1  INCOMPLETE: missing: \"DBA\"\n\n\
             VERDICT: FAILED. 1 run: 1 incomplete, 1 missing."
        );
    }

    #[test]
    fn a_spreadsheet_gets_no_formula() {
        let csv = csv(&audit());
        let lines: Vec<_> = csv.lines().collect();
        assert_eq!(
            lines[1],
            "r1,r1,2026-11-20T09:00:00.000Z,\"'=HYPERLINK(\"\"http://x\"\")\",,pro\\e[2Jd,,ROLLED BACK,3,\
             \"QA, Lead REJECTED by q@x\",INCOMPLETE,\"missing: \"\"DBA\"\"\",r0"
        );
        assert_eq!(
            lines[2],
            "r0,,,,,,,MISSING,,,FAILED,r1 names it as the run before it,"
        );
    }

    #[test]
    fn programs_get_the_same() {
        let read: serde_json::Value = serde_json::from_str(&json(&audit())).unwrap();
        assert_eq!(read["verdict"], "FAILED");
        assert_eq!(read["missing"][0], "r0");
        assert_eq!(read["runs"][0]["sign_offs"][0]["decision"], "REJECTED");
        assert_eq!(read["findings"][0]["kind"], "missing");
    }
}
