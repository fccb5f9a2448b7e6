//! Tables: rows with boxes, or with a step and its owner, are steps; people are roles and contacts; the rest is text.

mod headers;

use headers::{BESIDE, DURATIONS, NAMES, PURPOSES, REACH, ROLES, SIGNATURES, STEP_COLUMNS, TITLES};

use crate::domain::import::account::{Fate, What};
use crate::domain::import::build::Builder;
use crate::domain::import::parse::Block;
use crate::domain::import::plan::{Node, Step};
use crate::domain::import::roles::may_sign;
use crate::domain::import::sections;
use crate::domain::import::timing;
use crate::domain::import::walk::Walk;

/// A cell of a header in lower case, without what marks it.
fn plain(cell: &str) -> String {
    cell.trim().trim_matches(['*', '`', ' ']).to_lowercase()
}

fn column(header: &[String], names: &[&str]) -> Option<usize> {
    let plain: Vec<String> = header.iter().map(|cell| plain(cell)).collect();
    names
        .iter()
        .find_map(|name| plain.iter().position(|cell| cell == name))
}

/// Whether the header of a table says that its rows are steps.
pub fn has_steps(header: &[String]) -> bool {
    let Some(step) = column(header, STEP_COLUMNS) else {
        return false;
    };
    header.iter().enumerate().any(|(i, cell)| {
        i != step && BESIDE.contains(&cell.trim().trim_matches('*').to_lowercase().as_str())
    })
}

impl Builder<'_> {
    /// Takes a table in.
    pub fn table(
        &mut self,
        walk: &mut Walk,
        block: &Block,
        header: &[String],
        rows: &[(usize, Vec<String>)],
    ) {
        let boxes = rows
            .iter()
            .flat_map(|(_, cells)| cells)
            .any(|cell| sections::is_box(cell));
        let signs = column(header, SIGNATURES).is_some()
            && column(header, ROLES).is_some()
            && column(header, STEP_COLUMNS).is_none();
        if signs {
            self.sign_table(walk, block, header, rows);
        } else if boxes || has_steps(header) {
            self.step_table(walk, block, header, rows, boxes);
        } else if column(header, REACH).is_some() && column(header, ROLES).is_some() {
            self.contact_table(block, header, rows);
        } else {
            self.pend(walk, block, What::Table);
        }
    }

    /// Each row is a step; a row without a box in a table of boxes is one too.
    fn step_table(
        &mut self,
        walk: &mut Walk,
        block: &Block,
        header: &[String],
        rows: &[(usize, Vec<String>)],
        boxes: bool,
    ) {
        let above = rows
            .first()
            .map_or(block.lines.1, |(line, _)| line.saturating_sub(1));
        self.left((block.lines.0, above), "the header of steps");
        for (line, cells) in rows {
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                self.left((*line, *line), "an empty row");
                continue;
            }
            let at = title_column(header, cells);
            let boxed = cells.iter().find_map(|cell| sections::ticked(cell));
            if boxes
                && boxed.is_none()
                && cells.iter().filter(|cell| !cell.trim().is_empty()).count() == 1
            {
                // A row that only parts the others.
                walk.pending.push(crate::domain::import::walk::Text {
                    raw: cells.concat(),
                    lines: (*line, *line),
                    what: What::Table,
                });
                continue;
            }
            let title = unticked(cells.get(at).map_or("", String::as_str));
            let mut step = self.new_step(&mut walk.pending, title);
            tell_beside(&mut step, header, cells, at);
            if boxed.is_some_and(|t| t.done) {
                self.ticked += 1;
            }
            self.became_step((*line, *line), What::Table, step.uid);
            walk.nodes.push(Node::Step(Box::new(step)));
        }
    }

    fn left(&mut self, lines: (usize, usize), why: &str) {
        self.account.add(lines, What::Table, Fate::Left(why.into()));
    }

    /// Each row with a role is a signature.
    pub fn sign_table(
        &mut self,
        walk: &mut Walk,
        block: &Block,
        header: &[String],
        rows: &[(usize, Vec<String>)],
    ) {
        let lettered = |at: &usize| {
            let cell = |row: &Vec<String>| row.get(*at).is_some_and(|c| may_sign(c.trim()));
            rows.iter().any(|(_, row)| cell(row))
        };
        // Beside a column of names the first one says what they are.
        let first = |at: &usize| {
            let named = header
                .get(*at)
                .is_some_and(|h| NAMES.contains(&plain(h).as_str()));
            *at > 0 && named && lettered(&0)
        };
        let at = column(header, ROLES)
            .map(|at| if first(&at) { 0 } else { at })
            .filter(lettered)
            .or_else(|| (0..header.len()).find(lettered))
            .unwrap_or(0);
        let above = rows
            .first()
            .map_or(block.lines.1, |(line, _)| line.saturating_sub(1));
        self.left((block.lines.0, above), "the header of signatures");
        for (line, cells) in rows {
            let role = cells
                .get(at)
                .map_or("", |cell| cell.trim())
                .trim_matches(['_', '*', ' '])
                .to_owned();
            if !may_sign(&role) {
                self.left((*line, *line), "no role stands in it");
                continue;
            }
            let others = cells.iter().enumerate().filter(|(i, cell)| {
                *i != at && cell.chars().any(char::is_alphanumeric) && !sections::is_box(cell)
            });
            let note: Vec<String> = others
                .map(|(i, cell)| {
                    format!(
                        "{}: {}",
                        header.get(i).map_or("", |h| h.trim()),
                        cell.trim()
                    )
                })
                .collect();
            let title = format!("{role}: {}", self.heading);
            let mut step = self.new_step(&mut walk.pending, title.trim_end_matches([':', ' ']));
            step.note.extend(note);
            self.sign(&mut step, &role);
            self.became_step((*line, *line), What::Table, step.uid);
            self.account.add((*line, *line), What::Table, Fate::Role);
            walk.nodes.push(Node::Step(Box::new(step)));
        }
    }

    /// Each row is somebody to call.
    pub fn contact_table(
        &mut self,
        block: &Block,
        header: &[String],
        rows: &[(usize, Vec<String>)],
    ) {
        let role_at = column(header, ROLES)
            .filter(|at| Some(*at) != column(header, REACH))
            .unwrap_or(0);
        let purpose_at = column(header, PURPOSES).filter(|at| *at != role_at);
        for (_, cells) in rows {
            let cell = |at: usize| cells.get(at).map_or("", |c| c.trim()).to_owned();
            let reach: Vec<String> = (0..cells.len())
                .filter(|i| *i != role_at && Some(*i) != purpose_at)
                .map(cell)
                .filter(|c| !c.is_empty())
                .collect();
            let purpose = purpose_at.map(cell).unwrap_or_default();
            self.contact(&cell(role_at), &reach.join(", "), &purpose);
        }
        self.account.add(block.lines, What::Table, Fate::Contact);
    }

    /// Notes a contact, where there is one.
    pub fn contact(&mut self, role: &str, reach: &str, purpose: &str) -> bool {
        let real = |text: &str| text.chars().any(char::is_alphanumeric);
        if !real(role) && !real(reach) {
            return false;
        }
        let known = if real(role) { role } else { reach };
        let reach = if real(reach) { reach } else { "(not given)" };
        self.plan.contacts.push((
            known.trim().to_owned(),
            reach.trim().to_owned(),
            purpose.trim().to_owned(),
        ));
        true
    }
}

/// Returns what stands in a cell behind its box.
fn unticked(cell: &str) -> &str {
    sections::ticked(cell)
        .map_or(cell, |mark| &cell[mark.length..])
        .trim()
}

/// Notes what stands in a row beside the title at `at`, each with its column's name; a duration is how long it takes.
fn tell_beside(step: &mut Step, header: &[String], cells: &[String], at: usize) {
    for (i, cell) in cells.iter().enumerate().filter(|(i, _)| *i != at) {
        let bare = unticked(cell);
        if bare.is_empty() {
            continue;
        }
        let name = header.get(i).map_or("", |name| name.trim());
        step.note.push(if name.is_empty() || name == "#" {
            bare.to_owned()
        } else {
            format!("{name}: {bare}")
        });
        if DURATIONS.contains(&name.to_lowercase().as_str()) {
            step.takes = step
                .takes
                .take()
                .or_else(|| timing::takes(&format!("({bare})")));
        }
    }
}

/// Returns the column that says what is to be done.
fn title_column(header: &[String], cells: &[String]) -> usize {
    let text = |at: usize| cells.get(at).map_or("", |cell| cell.trim());
    let words = |at: usize| {
        sections::ticked(text(at))
            .map_or(text(at), |t| &text(at)[t.length..])
            .chars()
            .filter(|c| c.is_alphabetic())
            .count()
    };
    let plain: Vec<String> = header
        .iter()
        .map(|cell| cell.trim().trim_matches(['*', '`']).to_lowercase())
        .collect();
    let named = TITLES.iter().find_map(|name| {
        plain
            .iter()
            .position(|cell| cell == name)
            .filter(|at| words(*at) > 0)
    });
    let boxed = cells.iter().position(|cell| {
        sections::is_box(cell) && words(cells.iter().position(|c| c == cell).unwrap_or(0)) > 0
    });
    named.or(boxed).unwrap_or_else(|| {
        (0..cells.len())
            .max_by_key(|at| (words(*at), usize::MAX - at))
            .unwrap_or(0)
    })
}
