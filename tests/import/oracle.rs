//! What another markdown parser sees must be in the runbook: boxes once each and in order, blocks byte for byte, numbers as steps.

use holdpoint::domain::runbook::model::{Action, Item, Runbook};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::figures::checklists;
use crate::{fixtures, holds};

/// What the other parser sees.
#[derive(Default)]
struct Seen {
    /// Items with a box: their text, and that of the box around them.
    boxes: Vec<(String, Option<String>)>,
    /// Numbered items.
    numbers: Vec<String>,
    /// Blocks that say that they are a shell's or SQL.
    blocks: Vec<String>,
}

struct Open {
    text: String,
    boxed: bool,
    ordered: bool,
    /// Whether its first paragraph has ended.
    told: bool,
}

fn letters(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect()
}

fn seen(text: &str) -> Seen {
    // A template's control lines are no markdown.
    let lines = text.lines().filter(|l| {
        !["{{ if", "{{ end", "<%", "{%"]
            .iter()
            .any(|c| l.starts_with(c))
    });
    let text = &lines.collect::<Vec<_>>().join("\n");
    let mut seen = Seen::default();
    let mut lists: Vec<bool> = Vec::new();
    let mut items: Vec<Open> = Vec::new();
    let mut block: Option<String> = None;
    let options = Options::ENABLE_TASKLISTS
        | Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::List(first)) => {
                lists.push(first.is_some());
                if let Some(item) = items.last_mut() {
                    item.told = true;
                }
            }
            Event::End(TagEnd::List(_)) => {
                lists.pop();
            }
            Event::Start(Tag::Item) => items.push(Open {
                text: String::new(),
                boxed: false,
                ordered: lists.last() == Some(&true),
                told: false,
            }),
            Event::End(TagEnd::Item) => {
                let Some(item) = items.pop() else { continue };
                let around = items
                    .iter()
                    .rev()
                    .find(|i| i.boxed)
                    .map(|i| letters(&i.text));
                if item.boxed {
                    seen.boxes.push((letters(&item.text), around));
                } else if item.ordered {
                    seen.numbers.push(letters(&item.text));
                }
            }
            Event::TaskListMarker(_) => {
                if let Some(item) = items.last_mut() {
                    item.boxed = true;
                }
            }
            Event::End(TagEnd::Paragraph) => {
                if let Some(item) = items.last_mut() {
                    item.told = true;
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let word = info.split_whitespace().next().unwrap_or_default();
                let runs = ["bash", "sh", "shell", "sql"].contains(&word);
                block = runs.then(String::new);
                if let Some(item) = items.last_mut() {
                    item.told = true;
                }
            }
            Event::End(TagEnd::CodeBlock) => seen.blocks.extend(block.take()),
            Event::Text(said) => match (&mut block, items.last_mut()) {
                (Some(code), _) => code.push_str(&said),
                (None, Some(item)) if !item.told => item.text.push_str(&said),
                _ => {}
            },
            Event::Code(said) => {
                if let Some(item) = items.last_mut().filter(|i| !i.told) {
                    item.text.push_str(&said);
                }
            }
            _ => {}
        }
    }
    // Items end after those in them: the order is that of the text.
    seen
}

/// Titles in order, with those of the groups around them.
fn titles(book: &Runbook) -> Vec<(String, Vec<String>)> {
    fn walk(
        book: &Runbook,
        items: &[Item],
        above: &[String],
        out: &mut Vec<(String, Vec<String>)>,
    ) {
        for item in items {
            match item {
                Item::Step(at) => out.push((letters(&book.steps[*at].title), above.to_vec())),
                Item::Group(group) => {
                    let title = letters(&group.title);
                    let mut below = above.to_vec();
                    below.push(title.clone());
                    walk(book, &group.items, &below, out);
                    out.push((title, above.to_vec()));
                }
            }
        }
    }
    let mut out = Vec::new();
    for items in book
        .phases
        .iter()
        .map(|p| &p.items)
        .chain(book.rollback.iter().map(|p| &p.items))
    {
        walk(book, items, &[], &mut out);
    }
    out
}

#[test]
fn every_box_is_there_once_in_its_order_and_below_its_parent() {
    for (name, text) in checklists()
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .chain(fixtures::ALL.iter().copied())
    {
        let told = holds(text);
        let mut left = titles(&told.book);
        let mut at = 0;
        let mut back = Vec::new();
        for (title, parent) in seen(&text.replace("\r\n", "\n")).boxes {
            let is = |(t, _): &(String, Vec<String>)| *t == title;
            let Some(found) = left.iter().skip(at).position(is).map(|p| p + at) else {
                // Ways back stand behind the way forward.
                back.push((title, parent));
                continue;
            };
            if let Some(parent) = parent {
                assert!(
                    left[found].1.contains(&parent),
                    "{name}: {title} is not below {parent}"
                );
            }
            left.remove(found);
            at = found;
        }
        let mut at = 0;
        for (title, _) in back {
            let found = left.iter().skip(at).position(|(t, _)| *t == title);
            let found =
                found.unwrap_or_else(|| panic!("{name}: the box {title} is gone or out of order"));
            at += found;
            left.remove(at);
        }
    }
}

/// What a filled block was before its placeholders became parameters stands in the YAML.
#[test]
fn every_block_that_runs_is_kept_byte_for_byte() {
    for (name, text) in checklists() {
        let told = holds(&text);
        let reference = told.book.reference.clone().unwrap_or_default()
            + &told.book.about.clone().unwrap_or_default();
        for block in seen(&text.replace("\r\n", "\n")).blocks {
            let as_action = told.book.steps.iter().any(|s| match &s.action {
                Action::Run(shell) => shell.script == block,
                Action::Sql(sql) => sql.text == block,
                _ => false,
            });
            let first = block.lines().next().unwrap_or_default();
            let in_note = told.book.steps.iter().any(|s| {
                s.note
                    .as_ref()
                    .is_some_and(|n| n.contains(block.trim_end()))
            });
            let filled = told.yaml.contains("fill:") && told.yaml.contains(first);
            assert!(
                as_action || in_note || filled || reference.contains(block.trim_end()),
                "{name}: {block}"
            );
        }
    }
}

#[test]
fn numbered_items_are_steps_but_for_contents_and_reference() {
    let (mut all, mut steps, mut missed) = (0, 0, Vec::new());
    for (name, text) in checklists() {
        let told = holds(&text);
        let titles = titles(&told.book);
        let reference = told.book.reference.clone().unwrap_or_default()
            + &told.book.about.clone().unwrap_or_default();
        let reference = letters(&reference);
        for number in seen(&text.replace("\r\n", "\n")).numbers {
            if reference.contains(&number) {
                continue;
            }
            all += 1;
            if titles.iter().any(|(title, _)| title.starts_with(&number)) {
                steps += 1;
            } else {
                missed.push(format!("{name}: {number}"));
            }
        }
    }
    assert!(all > 30, "{all}");
    assert!(steps * 100 >= all * 95, "{steps} of {all}: {missed:#?}");
}
