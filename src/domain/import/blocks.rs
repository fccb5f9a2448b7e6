//! Blocks of code among the others: what runs becomes the step it belongs to, what does not stays text.

use crate::domain::import::account::{Fate, What};
use crate::domain::import::build::Builder;
use crate::domain::import::fences::{self, Around, Fence};
use crate::domain::import::parse::{Block, Code};
use crate::domain::import::plan::{self, Action, Group, Node, Step};
use crate::domain::import::steps::{fenced, title_of};
use crate::domain::import::walk::{LONGEST_LEAD, Last, Text, Walk, continues};
use crate::domain::import::words;

impl Builder<'_> {
    pub(super) fn code(&mut self, walk: &mut Walk, block: &Block, code: &Code, rest: &[Block]) {
        let around = Around {
            before: &walk.before,
            after_runnable: walk.last == Last::Runnable && !walk.or,
        };
        let (what, guessed) = fences::classify(code, around);
        let tagged = fences::is_tagged_runnable(&code.info);
        if let Fence::Text(why) = what {
            self.stays_text(
                block.lines,
                why,
                tagged || why.contains("fence") || why.contains("box"),
            );
            self.text_block(walk, block, code);
            return;
        }
        if what == Fence::Checklist {
            self.text_block(walk, block, code);
            return;
        }
        let made = self.action(code, &what, guessed, block.lines.0);
        let runs = !matches!(made.action, Action::Confirm);
        let belongs = walk.last == Last::Item
            || walk.last == Last::Runnable && walk.number > 0 && continues(walk.number, rest)
            || walk.last == Last::Other && continues(walk.number, rest);
        if belongs
            && !walk.or
            && self.give_to_item(walk, &made.action, &made.note, block, &code.text)
        {
            walk.last = if runs { Last::Runnable } else { Last::Other };
            walk.before.clear();
            return;
        }
        let mut step = self.block_step(walk, code);
        step.action = made.action;
        step.note.extend(made.note);
        self.became_step(block.lines, What::Fence, step.uid);
        if walk.or {
            Self::other_way(walk, step);
        } else {
            Self::push(walk, step, Last::Runnable);
        }
        walk.or = false;
        walk.last = if runs { Last::Runnable } else { Last::Other };
        walk.before.clear();
    }

    /// A step of a block, called by the line before it, its comment or its command.
    pub(super) fn block_step(&mut self, walk: &mut Walk, code: &Code) -> Step {
        let lead = (walk.last == Last::Paragraph)
            .then(|| walk.before.clone())
            .filter(|lead| !lead.is_empty() && lead.chars().count() <= LONGEST_LEAD);
        let taken = lead.as_ref().and_then(|_| walk.pending.pop());
        let title = lead.map_or_else(
            || title_of(&code.text),
            |lead| lead.trim_end_matches([':', '：', ' ']).to_owned(),
        );
        let mut step = self.new_step(&mut walk.pending, &title);
        step.title_is_made = true;
        if let Some(taken) = taken {
            self.account
                .add(taken.lines, taken.what, Fate::Part(step.uid));
            if taken.raw.contains("](") || taken.raw.contains("[^") {
                step.note.push(taken.raw.clone());
            } else {
                step.lead = Some(taken.raw);
            }
        }
        step
    }

    /// A block right behind an item is that item's action, or one more step of it.
    pub(super) fn give_to_item(
        &mut self,
        walk: &mut Walk,
        action: &Action,
        note: &[String],
        block: &Block,
        text: &str,
    ) -> bool {
        let Some(last) = walk.nodes.last_mut() else {
            return false;
        };
        if let Node::Step(step) = last
            && matches!(step.action, Action::Confirm)
            && !step.title_is_made
        {
            step.action = action.clone();
            let mut waiting = std::mem::take(&mut walk.pending);
            for text in waiting.drain(..) {
                self.account
                    .add(text.lines, text.what, Fate::Part(step.uid));
                step.note.push(text.raw);
            }
            step.note.extend(note.iter().cloned());
            self.account
                .add(block.lines, What::Fence, Fate::Part(step.uid));
            return true;
        }
        let title = title_of(text);
        let mut more = self.new_step(&mut walk.pending, &title);
        more.title_is_made = true;
        more.action = action.clone();
        more.note.extend(note.iter().cloned());
        self.account
            .add(block.lines, What::Fence, Fate::Step(more.uid));
        let Some(last) = walk.nodes.pop() else {
            return false;
        };
        let group = match last {
            Node::Group(mut group) => {
                group.nodes.push(Node::Step(Box::new(more)));
                group
            }
            Node::Step(mut first) => {
                let title = std::mem::replace(&mut first.title, block_title(&first.action));
                Group {
                    title,
                    one: false,
                    nodes: vec![Node::Step(first), Node::Step(Box::new(more))],
                }
            }
        };
        walk.nodes.push(Node::Group(group));
        true
    }

    /// Puts a step beside the one before as another way of doing it.
    pub(super) fn other_way(walk: &mut Walk, step: Step) {
        let other = Node::Step(Box::new(step));
        match walk.nodes.pop() {
            Some(Node::Group(mut group)) if group.one => {
                group.nodes.push(other);
                walk.nodes.push(Node::Group(group));
            }
            Some(Node::Step(mut first)) => {
                let title = if first.title_is_made {
                    String::new()
                } else {
                    std::mem::replace(&mut first.title, block_title(&first.action))
                };
                walk.nodes.push(Node::Group(Group {
                    title,
                    one: true,
                    nodes: vec![Node::Step(first), other],
                }));
            }
            Some(before) => walk.nodes.extend([before, other]),
            None => walk.nodes.push(other),
        }
    }

    /// A block that is not run goes to the step before it where it follows at once, else to the one behind it.
    pub(super) fn text_block(&mut self, walk: &mut Walk, block: &Block, code: &Code) {
        let raw = fenced(code);
        let follows = matches!(walk.last, Last::Item | Last::Runnable)
            || words::announces_output(&walk.before) && walk.last == Last::Paragraph;
        if follows && let Some(step) = plan::last_step(&mut walk.nodes) {
            for text in walk.pending.drain(..) {
                self.account
                    .add(text.lines, text.what, Fate::Part(step.uid));
                step.note.push(text.raw);
            }
            self.account
                .add(block.lines, What::Fence, Fate::Part(step.uid));
            step.note.push(raw);
        } else {
            walk.pending.push(Text {
                raw,
                lines: block.lines,
                what: What::Fence,
            });
            walk.last = Last::Other;
        }
        walk.before.clear();
    }
}

/// A title for a step whose own went to its group.
fn block_title(action: &Action) -> String {
    match action {
        Action::Run(run) => title_of(&run.script),
        Action::Sql(sql) => title_of(&sql.text),
        Action::Http(http) => format!("`{} {}`", http.method.to_uppercase(), http.url),
        Action::Confirm | Action::Decide(_) | Action::Sign(_) => "By hand".into(),
    }
}
