//! A runbook as a markdown checklist, to print or to paste; importing it gives the same steps.

use std::fmt::Write as _;

use crate::domain::import::gates;
use crate::domain::import::parse::{self, Code, Kind};
use crate::domain::import::sections;
use crate::domain::import::steps::fenced;
use crate::domain::import::walk;
use crate::domain::import::words;
use crate::domain::import::write::CONFIRMED;
use crate::domain::runbook::model::{
    Action, Choose, Contact, Item, Phase, RollbackPath, Runbook, Shell, Step,
};
use crate::domain::units;

/// Writes a runbook as a checklist.
pub fn export(book: &Runbook) -> String {
    let mut out = format!("# {}\n\n", escaped(&plain(&book.title)));
    if let Some(about) = &book.about {
        let _ = writeln!(out, "{}\n", text(&plain(about)));
    }
    parameters(&mut out, book);
    for of in &book.phases {
        phase(&mut out, book, of);
    }
    for path in &book.rollback {
        way_back(&mut out, book, path);
    }
    contacts(&mut out, &book.contacts);
    if let Some(reference) = &book.reference {
        let _ = writeln!(out, "## Reference\n\n{}", text(&plain(reference)));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn parameters(out: &mut String, book: &Runbook) {
    for parameter in &book.parameters {
        let ask = parameter
            .ask
            .as_deref()
            .map(|ask| format!(": {}", escaped(&plain(ask))))
            .unwrap_or_default();
        let _ = writeln!(out, "- Parameter `{}`{ask}", parameter.name);
    }
    if !book.parameters.is_empty() {
        out.push('\n');
    }
}

fn phase(out: &mut String, book: &Runbook, phase: &Phase) {
    let title = plain(&phase.title);
    let at = phase
        .at
        .map(|at| format!(" ({})", units::offset_text(at)))
        .filter(|_| crate::domain::import::timing::offset(&title).is_none());
    let _ = writeln!(out, "## {}{}\n", escaped(&title), at.unwrap_or_default());
    if let Some(due) = phase.later {
        let due = units::offset_text(due);
        let _ = writeln!(out, "After the window is closed, due by {due}.\n");
    }
    items(out, book, &phase.items, 0);
    out.push('\n');
}

fn way_back(out: &mut String, book: &Runbook, path: &RollbackPath) {
    let title = plain(&path.title);
    let told = words::kind(&title, "") == words::Kind::Rollback;
    let _ = writeln!(
        out,
        "## {}{}\n",
        if told { "" } else { "Rollback: " },
        escaped(&title)
    );
    if !path.when.is_empty() {
        out.push_str("Rollback when:\n\n");
        for when in &path.when {
            let _ = writeln!(out, "- {}", escaped(when));
        }
        out.push_str("\n<!-- -->\n\n");
    }
    items(out, book, &path.items, 0);
    out.push('\n');
}

fn contacts(out: &mut String, contacts: &[Contact]) {
    if contacts.is_empty() {
        return;
    }
    out.push_str("## Contacts\n\n| Role | Contact | For |\n|---|---|---|\n");
    for contact in contacts {
        let purpose = contact.purpose.as_deref().unwrap_or_default();
        let cells = [&contact.role, &contact.reach, purpose].map(|cell| armoured(&plain(cell)));
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out.push('\n');
}

fn items(out: &mut String, book: &Runbook, list: &[Item], depth: usize) {
    let pad = "  ".repeat(depth);
    for item in list {
        match item {
            Item::Step(index) => {
                if let Some(one) = book.steps.get(*index) {
                    step(out, one, &pad);
                }
            }
            Item::Group(group) => {
                let one = match group.choose {
                    Choose::One => " (one of these)",
                    Choose::All => "",
                };
                let _ = writeln!(out, "{pad}- {}{one}\n", escaped(&plain(&group.title)));
                items(out, book, &group.items, depth + 1);
            }
        }
    }
}

fn step(out: &mut String, step: &Step, pad: &str) {
    let _ = writeln!(out, "{pad}- [ ] {}\n", escaped(&plain(&step.title)));
    let mut body = Vec::new();
    if let Some(note) = &step.note {
        body.push(text(&plain(note)));
    }
    match &step.action {
        Action::Confirm(confirm) => {
            if !CONFIRMED.contains(&confirm.text.trim()) {
                body.push(text(&plain(&confirm.text)));
            }
            let boxes: Vec<String> = confirm
                .items
                .iter()
                .map(|item| format!("- {}", escaped(&plain(item))))
                .collect();
            body.push(boxes.join("\n"));
        }
        Action::Run(shell) | Action::Check(shell) => body.push(script(shell)),
        Action::Sql(sql) => body.push(code("sql", &sql.text)),
        Action::Http(http) => body.push(format!(
            "Request: `{} {}`",
            http.method,
            plain(&http.url).replace('`', "'")
        )),
        Action::Watch(watch) => body.push(format!("Watch for {}.", watch.length)),
        Action::Decide(choices) => {
            let told: Vec<String> = choices
                .iter()
                .map(|choice| format!("- {}", escaped(&plain(&choice.title))))
                .collect();
            body.push(told.join("\n"));
        }
        Action::Use(ready) => body.push(format!("Ready check: `{}`", ready.check)),
        Action::Sign(signing) => body.push(format!("Signs: {}", escaped(&signing.role))),
    }
    for part in body.iter().filter(|part| !part.trim().is_empty()) {
        for line in part.trim_end_matches('\n').split('\n') {
            let pad = if line.is_empty() {
                String::new()
            } else {
                format!("{pad}  ")
            };
            let _ = writeln!(out, "{pad}{line}");
        }
        out.push('\n');
    }
}

fn script(shell: &Shell) -> String {
    let language = match shell.shell.first().map(String::as_str) {
        None | Some("bash") => "bash",
        Some("pwsh" | "powershell") => "powershell",
        Some("cmd") => "cmd",
        Some(_) => "sh",
    };
    code(language, &shell.script)
}

fn code(language: &str, text: &str) -> String {
    fenced(&Code {
        info: language.into(),
        text: text.into(),
        fenced: true,
        closed: true,
    })
}

/// What a template says.
fn plain(template: &str) -> String {
    template.replace("$${", "${")
}

/// A text that is only read: as it is where nothing in it would become a step, else quoted as a block.
fn text(text: &str) -> String {
    let blocks = parse::parse(text);
    let harmless = blocks.iter().all(|block| match &block.kind {
        Kind::Paragraph(inline) => {
            let plain = inline.plain();
            gates::gate(&plain).is_none()
                && gates::choices(&plain).is_none()
                && !words::says_or(&plain)
                && !inline.bold
                && !inline.lines.iter().any(|line| sections::is_box(line))
                && !plain.ends_with([':', '：'])
        }
        Kind::List(list) => !list.ordered && !walk::has_steps(std::slice::from_ref(block)),
        Kind::Heading { .. }
        | Kind::Code(_)
        | Kind::Quote(_)
        | Kind::Table { .. }
        | Kind::Html(_)
        | Kind::Rule
        | Kind::Other => false,
    });
    if harmless {
        text.trim_end().to_owned()
    } else {
        code("note", text)
    }
}

/// A text on one line as a person would write it, where markdown reads it as it stands; else with its signs escaped.
fn escaped(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let heading_would_lose = line.ends_with('#');
    if reads_back(&line) && !heading_would_lose {
        line
    } else {
        armoured(text)
    }
}

/// Whether an item with this text is read as just that.
fn reads_back(line: &str) -> bool {
    let blocks = parse::parse(&format!("- {line}\n"));
    let [block] = blocks.as_slice() else {
        return false;
    };
    let Kind::List(list) = &block.kind else {
        return false;
    };
    let [item] = list.items.as_slice() else {
        return false;
    };
    item.blocks.len() == 1 && walk::first_text(item).is_some_and(|text| text.plain() == line)
}

/// A text on one line, in which no sign means anything to markdown.
fn armoured(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&' | '|' | '~' | '!' | '+'
            | '-' | '=' | '(' | ')' | '.' | ':' | '@' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
