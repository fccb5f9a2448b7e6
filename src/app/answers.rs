//! How dialogs are filled in and answered. A key that came before the question could be read answers nothing.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::app::acts;
use crate::app::autopilot;
use crate::app::dialog::{Dialog, Intent, Need, Part, Pick, SessionRef, Tick};
use crate::app::keys::{self, Action, Scope};
use crate::app::message::{Effect, Sealing};
use crate::app::model::{Model, Pane, Purpose, Tone};
use crate::app::questions;
use crate::app::shown;
use crate::app::update;
use crate::domain::run::decide::{Command, ConfirmStep, DecideStep};
use crate::domain::run::event::{BackendAct, BackendActed, Confirmed, Finding, NoteKind};
use crate::domain::runbook::model::{Evidence, Protection, Step, StepId};
use crate::domain::statements::{self, Effect as SqlEffect};

/// Milliseconds that a question must have been on the screen before Enter answers it.
const READABLE_MS: u64 = 300;
/// Milliseconds within which a key follows another only when it was pasted.
const BURST_MS: u64 = 20;
/// Milliseconds between two Enters for the second to count: a held key repeats sooner.
const APART_MS: u64 = 700;

/// Takes a key in while a dialog lies on top.
pub fn key(model: &mut Model, key: KeyEvent, at_ms: u64) -> Vec<Effect> {
    let Some(dialog) = &mut model.dialog else {
        return Vec::new();
    };
    let typed_before = dialog.typed_ms.replace(at_ms);
    dialog.problem = None;
    let in_field = matches!(dialog.focus, Part::Field(_));
    let action = keys::lookup(Scope::Dialog, key);
    if !matches!(action, Some(Action::PageUp | Action::PageDown)) && dialog.focus != Part::Sentences
    {
        dialog.scroll = 0; // what the keyboard is at comes into sight again
    }
    match action {
        Some(Action::Answer) => return enter(model, at_ms, typed_before),
        Some(Action::Dismiss) => model.dialog = None,
        Some(Action::NextPart) => move_part(dialog, 1),
        Some(Action::PreviousPart) => move_part(dialog, -1),
        Some(Action::PageUp) if dialog.focus == Part::Sentences => {
            dialog.scroll = dialog.scroll.saturating_sub(10).max(0);
        }
        Some(Action::PageUp) => dialog.scroll = dialog.scroll.saturating_sub(10),
        Some(Action::PageDown) => dialog.scroll = dialog.scroll.saturating_add(10),
        Some(Action::Up | Action::Down) if !in_field => {
            move_cursor(dialog, if key.code == KeyCode::Up { -1 } else { 1 });
        }
        Some(Action::Tick) if dialog.focus == Part::Boxes => tick(dialog),
        _ => type_key(dialog, key),
    }
    Vec::new()
}

/// Takes pasted text in: it fills a field, and never answers anything.
pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if let Some(dialog) = &mut model.dialog
        && let Part::Field(at) = dialog.focus
        && let Some(field) = dialog.fields.get_mut(at)
    {
        match field.need {
            Need::Exactly(_) => dialog.problem = Some("this must be typed, not pasted".into()),
            Need::Optional | Need::Required => {
                // Terminals send the line ends of what is pasted as carriage returns.
                field
                    .area
                    .insert_str(text.replace("\r\n", "\n").replace('\r', "\n"));
            }
        }
    }
    Vec::new()
}

fn type_key(dialog: &mut Dialog, key: KeyEvent) {
    let Part::Field(at) = dialog.focus else {
        return;
    };
    let Some(field) = dialog.fields.get_mut(at) else {
        return;
    };
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('j') if ctrl => field.area.insert_newline(),
        KeyCode::Char('c') if ctrl => {}
        _ => {
            field.area.input(key);
        }
    }
}

fn parts(dialog: &Dialog) -> Vec<Part> {
    let mut parts = Vec::new();
    if !dialog.boxes.is_empty() {
        parts.push(Part::Boxes);
    }
    if !dialog.choices.is_empty() {
        parts.push(Part::Choices);
    }
    parts.extend((0..dialog.fields.len()).map(Part::Field));
    if parts.is_empty() {
        parts.push(Part::Sentences);
    }
    parts
}

fn move_part(dialog: &mut Dialog, by: isize) {
    let parts = parts(dialog);
    let at = parts.iter().position(|p| *p == dialog.focus).unwrap_or(0);
    let count = isize::try_from(parts.len()).unwrap_or(1);
    let to = (isize::try_from(at).unwrap_or(0) + by).rem_euclid(count);
    dialog.focus = parts[usize::try_from(to).unwrap_or(0)];
    if dialog.focus == Part::Boxes {
        dialog.cursor = 0; // a choice stays made while its reason is typed
    }
}

fn move_cursor(dialog: &mut Dialog, by: isize) {
    let count = match dialog.focus {
        Part::Boxes => dialog.boxes.len(),
        Part::Choices => dialog.choices.len(),
        Part::Sentences | Part::Field(_) => {
            let by = i16::try_from(by).unwrap_or(0);
            dialog.scroll = dialog.scroll.saturating_add(by).max(0);
            return;
        }
    };
    dialog.cursor = dialog
        .cursor
        .saturating_add_signed(by)
        .min(count.saturating_sub(1));
}

fn tick(dialog: &mut Dialog) {
    if let Some(item) = dialog.boxes.get_mut(dialog.cursor) {
        item.tick = match item.tick {
            Tick::Open => Tick::Ticked,
            Tick::Ticked => Tick::Open,
        };
    }
    dialog.cursor = (dialog.cursor + 1).min(dialog.boxes.len().saturating_sub(1));
}

/// Shows `lines` to be read.
pub fn read(model: &mut Model, title: &str, lines: Vec<String>) {
    let mut dialog = Dialog::new(title, Intent::Read);
    dialog.sentences = lines.into_iter().map(|l| (Tone::Plain, l)).collect();
    model.dialog = Some(dialog);
}

fn enter(model: &mut Model, at_ms: u64, typed_before: Option<u64>) -> Vec<Effect> {
    let Some(dialog) = &mut model.dialog else {
        return Vec::new();
    };
    if !matches!(dialog.intent, Intent::Read | Intent::Help) {
        let readable = dialog
            .shown_ms
            .is_some_and(|shown| at_ms >= shown + READABLE_MS);
        let last = model.entered_ms.replace(at_ms);
        let apart = last.is_none_or(|last| at_ms >= last + APART_MS);
        let by_hand = typed_before.is_none_or(|typed| at_ms > typed + BURST_MS);
        if !(readable && apart && by_hand) {
            dialog.problem =
                Some("that was too quick to be an answer: read it, then press Enter".into());
            return Vec::new();
        }
    }
    answer(model)
}

/// Does what the dialog's answer means, or says what is wrong with it.
fn answer(model: &mut Model) -> Vec<Effect> {
    let Some(mut dialog) = model.dialog.take() else {
        return Vec::new();
    };
    if let Some(problem) = unfilled(&dialog) {
        dialog.problem = Some(problem);
        model.dialog = Some(dialog);
        return Vec::new();
    }
    match meant(model, &dialog) {
        Ok(effects) => effects,
        Err(problem) => {
            dialog.problem = Some(problem);
            model.dialog = Some(dialog);
            Vec::new()
        }
    }
}

fn unfilled(dialog: &Dialog) -> Option<String> {
    let picked = dialog
        .choices
        .get(dialog.cursor)
        .filter(|_| dialog.focus == Part::Choices || !dialog.choices.is_empty());
    if let Some(refused) = picked.and_then(|offer| offer.refused.clone()) {
        return Some(refused);
    }
    dialog.fields.iter().find_map(|field| {
        let text = field.area.lines().join("\n");
        match &field.need {
            Need::Required if text.trim().is_empty() => {
                Some(format!("“{}” is needed", field.label))
            }
            Need::Exactly(expected) if text.trim() != expected => {
                Some(format!("it says `{}`, not `{expected}`", text.trim()))
            }
            Need::Optional | Need::Required | Need::Exactly(_) => None,
        }
    })
}

fn field(dialog: &Dialog, at: usize) -> String {
    dialog
        .fields
        .get(at)
        .map(|f| f.area.lines().join("\n").trim().to_owned())
        .unwrap_or_default()
}

/// The text of the field that asks for exact words.
fn typed(dialog: &Dialog) -> String {
    let exact = dialog
        .fields
        .iter()
        .find(|f| matches!(f.need, Need::Exactly(_)));
    exact
        .map(|f| f.area.lines().join("\n").trim().to_owned())
        .unwrap_or_default()
}

fn meant(model: &mut Model, dialog: &Dialog) -> Result<Vec<Effect>, String> {
    match &dialog.intent {
        Intent::Read | Intent::Help => Ok(Vec::new()),
        Intent::Confirm(step) => confirm(model, dialog, step),
        Intent::Start(step) => {
            let why = dialog.fields.iter().find(|f| f.label.starts_with("Why"));
            let reason = why
                .map(|f| f.area.lines().join("\n").trim().to_owned())
                .unwrap_or_default();
            autopilot::try_start(model, step, typed(dialog), reason)
        }
        Intent::Decide(step) => {
            let Some(Pick::Way(choice)) = dialog.choices.get(dialog.cursor).map(|o| o.pick.clone())
            else {
                return Err("mark one of the choices".into());
            };
            let seen_ms = shown::seen_ms(model, step);
            let way = DecideStep {
                step: step.clone(),
                choice,
                reason: field(dialog, 0),
                seen_ms,
            };
            update::try_command(model, Command::Decide(way))
        }
        Intent::AfterFailure(_)
        | Intent::AfterDoubt(_)
        | Intent::ChooseItem
        | Intent::RollbackMenu
        | Intent::Sign => Ok(dialog
            .choices
            .get(dialog.cursor)
            .map_or_else(Vec::new, |offer| pick(model, dialog, &offer.pick))),
        Intent::Resolve(step, finding) => update::try_command(
            model,
            Command::Resolve {
                step: step.clone(),
                finding: *finding,
                how: field(dialog, 0),
            },
        ),
        Intent::Skip(step) => update::try_command(
            model,
            Command::Skip {
                step: step.clone(),
                reason: field(dialog, 0),
            },
        ),
        Intent::Note(step) => {
            let text = field(dialog, 0);
            update::try_command(
                model,
                Command::Note {
                    kind: NoteKind::Remark,
                    text,
                    step: step.clone(),
                },
            )
        }
        Intent::Cancel(step) => update::try_command(
            model,
            Command::Cancel {
                step: step.clone(),
                reason: field(dialog, 0),
            },
        ),
        Intent::Rollback(path) => {
            let (path, reason, typed) = (path.clone(), field(dialog, 0), typed(dialog));
            update::try_command(
                model,
                Command::EnterRollback {
                    path,
                    reason,
                    typed,
                },
            )
        }
        Intent::Act(session, act) => act_on(model, session, *act, field(dialog, 0)),
        Intent::Console => console(model, dialog),
        Intent::Release => update::try_command(
            model,
            Command::Release {
                typed: typed(dialog),
            },
        ),
        Intent::Leave => Ok(leave(model)),
        Intent::Close => close(model, field(dialog, 0)),
    }
}

/// Acts on a session: the intent is written down first, where there is a run.
fn act_on(
    model: &mut Model,
    session: &SessionRef,
    act: BackendAct,
    reason: String,
) -> Result<Vec<Effect>, String> {
    let session = session.clone();
    if model.purpose == Purpose::Monitor {
        return Ok(vec![Effect::Act { session, act }]);
    }
    update::try_command(
        model,
        Command::Act(BackendActed {
            act,
            pid: session.pid,
            backend_start: session.backend_start,
            user: session.user,
            application: session.application,
            query: session.query.chars().take(60).collect(),
            xact_ms: session.xact_ms,
            reason,
        }),
    )
}

/// Leaves: that the screen was left is written down first, and nothing waits for it.
fn leave(model: &mut Model) -> Vec<Effect> {
    let how = "by key".to_owned();
    let mut effects = update::append(
        model,
        vec![crate::domain::run::event::Event::RunLeft { how }],
    );
    effects.push(Effect::Quit(update::leaving(model)));
    effects
}

fn close(model: &mut Model, remark: String) -> Result<Vec<Effect>, String> {
    let beside: Vec<StepId> = model.run.running().map(|(id, _)| id.clone()).collect();
    let only_beside = beside
        .iter()
        .all(|id| model.book.step(id).is_some_and(|s| s.background.is_some()));
    if let Some(first) = beside.first().filter(|_| only_beside) {
        let reason = autopilot::ENDED_WITH_PART.to_owned();
        let effects = update::try_command(
            model,
            Command::Cancel {
                step: first.clone(),
                reason,
            },
        )?;
        model.say(
            Tone::Active,
            "stopping what runs beside; then end the run again, with C",
        );
        return Ok(effects);
    }
    let clock_offset_ms = model.run.target.as_ref().map(|t| t.clock_offset_ms);
    update::try_command(
        model,
        Command::Close {
            remark,
            clock_offset_ms,
        },
    )
}

fn confirm(model: &mut Model, dialog: &Dialog, id: &StepId) -> Result<Vec<Effect>, String> {
    let step = model.book.step(id).cloned().ok_or("the step is gone")?;
    let asks = matches!(
        step.evidence,
        Evidence::Text | Evidence::Link | Evidence::File
    );
    let said = Confirmed {
        step: id.clone(),
        answer: if asks {
            field(dialog, 0)
        } else {
            String::new()
        },
        file_sha256: String::new(),
        seen_ms: shown::seen_ms(model, id),
        on_behalf_of: if step.role.is_some() {
            field(dialog, usize::from(asks))
        } else {
            String::new()
        },
    };
    let ticked = dialog
        .boxes
        .iter()
        .filter(|b| b.tick == Tick::Ticked)
        .count();
    if ticked < dialog.boxes.len() {
        let all = dialog.boxes.len();
        return Err(format!(
            "{ticked} of {all} boxes are ticked: tick each with space"
        ));
    }
    if step.evidence == Evidence::File {
        let path = said.answer.clone();
        model.undigested = Some(said);
        model.say(Tone::Active, format!("reading {path} …"));
        return Ok(vec![Effect::Digest {
            step: id.clone(),
            path,
        }]);
    }
    let now_ms = model.now.wall_ms;
    update::try_command(
        model,
        Command::Confirm(ConfirmStep {
            said: Some(said),
            ticked,
            now_ms,
        }),
    )
}

/// Takes in the digest of a file given as evidence.
pub fn digested(
    model: &mut Model,
    step: &StepId,
    path: &str,
    digest: Result<String, String>,
) -> Vec<Effect> {
    // The digest of a file that was given before and is no longer meant says nothing about this one.
    let meant = |s: &mut Confirmed| s.step == *step && s.answer == path;
    let Some(mut said) = model.undigested.take_if(meant) else {
        return Vec::new();
    };
    match digest {
        Err(why) => {
            model.say(
                Tone::Danger,
                format!("{path}: {why}; the step is not confirmed"),
            );
            Vec::new()
        }
        Ok(sha256) => {
            said.file_sha256 = sha256;
            let (ticked, now_ms) = (usize::MAX, model.now.wall_ms);
            update::command(
                model,
                Command::Confirm(ConfirmStep {
                    said: Some(said),
                    ticked,
                    now_ms,
                }),
            )
        }
    }
}

fn pick(model: &mut Model, dialog: &Dialog, pick: &Pick) -> Vec<Effect> {
    let step = match &dialog.intent {
        Intent::AfterFailure(id) | Intent::AfterDoubt(id) => model.book.step(id).cloned(),
        _ => acts::shown(model),
    };
    match pick {
        Pick::Retry => open_for(model, step, questions::start),
        Pick::Verify => return step.map_or_else(Vec::new, |s| acts::verify(model, &s)),
        Pick::Look => model.focus = Pane::Output,
        Pick::Note => model.dialog = Some(questions::note(step.as_ref())),
        Pick::Skip => model.dialog = step.map(|s| questions::skip(&s)),
        Pick::Rollback(path) => model.dialog = questions::rollback(model, path),
        Pick::RollbackMenu => model.dialog = Some(questions::rollback_menu(model)),
        Pick::WasDone => open_for(model, step, |m, s| questions::resolve(m, s, Finding::Done)),
        Pick::WasNotDone => open_for(model, step, |m, s| {
            questions::resolve(m, s, Finding::NotDone)
        }),
        Pick::Leave => model.dialog = Some(questions::leave(model)),
        Pick::Close => model.dialog = Some(questions::close(model)),
        Pick::Begin(id) => {
            let chosen = model.book.step(id).cloned();
            let manual = chosen.as_ref().is_some_and(|s| !s.is_automated());
            open_for(
                model,
                chosen,
                if manual {
                    questions::confirm
                } else {
                    questions::start
                },
            );
        }
        Pick::Sign(role) => return vec![Effect::Seal(Sealing::SignedAs(role.clone()))],
        Pick::SignLater => return vec![Effect::Seal(Sealing::Unsigned)],
        Pick::Way(_) => {}
    }
    Vec::new()
}

fn open_for(model: &mut Model, step: Option<Step>, make: impl Fn(&Model, &Step) -> Dialog) {
    model.dialog = step.map(|s| make(model, &s));
}

/// A statement that may write asks for a reason, and on a protected target for its name.
fn console(model: &mut Model, dialog: &Dialog) -> Result<Vec<Effect>, String> {
    let (sql, reason) = (field(dialog, 0), field(dialog, 1));
    if may_write(&sql) {
        if reason.is_empty() {
            return Err(
                "this statement may write: say why, the reason goes into the record".into(),
            );
        }
        let target = model.book.target(&model.run.opened.target);
        if let Some(name) = target
            .filter(|t| t.protect == Protection::Protected)
            .map(|t| t.name.clone())
            && typed(dialog) != name
        {
            let mut asked = questions::console(model);
            asked.tone = Tone::Danger;
            asked.sentences.push((
                Tone::Danger,
                "This statement may write, and the target is protected.".into(),
            ));
            questions::carry_over(&mut asked, dialog, &name);
            model.dialog = Some(asked);
            return Ok(Vec::new());
        }
    }
    update::try_command(model, Command::ManualSql { sql, reason })
}

fn may_write(sql: &str) -> bool {
    statements::split(sql)
        .iter()
        .any(|statement| statement.effect() != SqlEffect::Reads)
}
