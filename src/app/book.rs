//! The runbook's own words, for whoever runs it: what it is about, whom to call, the step at hand, the ways back, what is read when needed.

use crate::app::model::Model;
use crate::app::step::surroundings;
use crate::domain::run::assign;
use crate::domain::run::values::Values;
use crate::domain::runbook::model::{Item, Runbook, Step, StepId};

/// Returns the runbook's text as markdown, as far as its variables are known; `at` is the step that is shown.
pub fn text(model: &Model, at: Option<&Step>) -> String {
    let around = surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    let known = |text: &str| assign::as_known(&values, text);
    let book = &model.book;
    let mut parts = Vec::new();
    if let Some(step) = at {
        let mut headings = above(book, &step.id);
        headings.push(format!("{} {}", step.number, step.title));
        parts.push(format!("# {}", known(&headings.join(" › "))));
        parts.extend(step.note.as_deref().map(known));
    }
    parts.push(format!("# {}", book.title));
    parts.extend(book.about.as_deref().map(known));
    if !book.contacts.is_empty() {
        parts.push("# Whom to call".into());
        let lines = book.contacts.iter().map(|c| {
            let purpose = c.purpose.as_ref().map(|p| format!(" ({})", known(p)));
            let (role, reach) = (known(&c.role), known(&c.reach));
            format!("- **{role}**: {reach}{}", purpose.unwrap_or_default())
        });
        parts.push(lines.collect::<Vec<_>>().join("\n"));
    }
    if !book.rollback.is_empty() {
        parts.push("# Ways back".into());
        for path in &book.rollback {
            let mut lines = vec![format!("- **{}**", known(&path.title))];
            lines.extend(path.when.iter().map(|w| format!("  - {}", known(w))));
            parts.push(lines.join("\n"));
        }
    }
    if let Some(reference) = &book.reference {
        parts.push("# To be read when needed".into());
        parts.push(known(reference));
    }
    let parts: Vec<&str> = parts
        .iter()
        .map(|part| part.trim_matches('\n'))
        .filter(|part| !part.trim().is_empty())
        .collect();
    parts.join("\n\n")
}

/// The headings above a step, the outermost first.
fn above(book: &Runbook, id: &StepId) -> Vec<String> {
    let phases = book.phases.iter().map(|p| (&p.title, &p.items));
    let paths = book.rollback.iter().map(|p| (&p.title, &p.items));
    for (title, items) in phases.chain(paths) {
        let mut headings = vec![title.clone()];
        if holds(book, items, id, &mut headings) {
            return headings;
        }
    }
    Vec::new()
}

fn holds(book: &Runbook, items: &[Item], id: &StepId, headings: &mut Vec<String>) -> bool {
    items.iter().any(|item| match item {
        Item::Step(at) => book.steps.get(*at).is_some_and(|step| step.id == *id),
        Item::Group(group) => {
            headings.push(group.title.clone());
            let found = holds(book, &group.items, id, headings);
            if !found {
                headings.pop();
            }
            found
        }
    })
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use crate::app::desk::Desk;
    use crate::app::dialog::Intent;
    use crate::app::model::Purpose;
    use crate::domain::run::fixture::book;

    const BOOK: &str = "
about: What it is *about*.
contacts: [{role: DBA, reach: '+1', for: the server}]
phases:
  - phase: One
    steps:
      - group: Both
        steps:
          - {step: go, id: go, confirm: Gone., note: Mind the gap.}
rollback:
  - {path: back, title: Back again, when: [it burns], steps: [{step: b, id: b, confirm: Yes.}]}
reference: |
  | a | b |
  |---|---|
  | 1 | 2 |
";

    fn pressed(desk: &mut Desk) -> Option<String> {
        desk.press(KeyCode::Char('b'));
        match &desk.model.dialog.as_ref()?.intent {
            Intent::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    #[test]
    fn a_key_shows_all_that_the_author_wrote() {
        let mut desk = Desk::new(book(BOOK), "prod");
        let text = pressed(&mut desk).unwrap();
        for said in [
            "# One › Both › 1.1 go",
            "Mind the gap.",
            "What it is *about*.",
            "- **DBA**: +1 (the server)",
            "- **Back again**\n  - it burns",
            "| 1 | 2 |",
        ] {
            assert!(text.contains(said), "{said}\n{text}");
        }
    }

    #[test]
    fn whoever_watches_may_read_and_a_monitor_has_nothing_to_read() {
        let mut desk = Desk::new(book(BOOK), "prod");
        desk.model.purpose = Purpose::Watch;
        assert!(pressed(&mut desk).is_some());
        desk.press(KeyCode::Esc);
        desk.model.purpose = Purpose::Monitor;
        assert_eq!(pressed(&mut desk), None);
    }
}
