//! What a filled dialog means: an effect, or why not.

mod said;

use crate::app::acts;
use crate::app::answers::edit::{field, typed};
use crate::app::answers::meaning::said::{confirm, sign_step};
use crate::app::autopilot;
use crate::app::dialog::{Dialog, Intent, Pick, SessionRef};
use crate::app::message::{Effect, Sealing};
use crate::app::model::{Model, Pane, Purpose, Tone};
use crate::app::questions;
use crate::app::shown;
use crate::app::update;
use crate::domain::ready::Family;
use crate::domain::run::decide::{Command, DecideStep};
use crate::domain::run::event::{BackendAct, BackendActed, Finding, NoteKind};
use crate::domain::runbook::model::{Protection, Step, StepId};
use crate::domain::statements::{self, Effect as SqlEffect, mysql};

pub use said::{digested, signed};

pub(super) fn meant(model: &mut Model, dialog: &Dialog) -> Result<Vec<Effect>, String> {
    match &dialog.intent {
        Intent::Read | Intent::Help | Intent::Text(_) | Intent::Session(_) => Ok(Vec::new()),
        Intent::Confirm(step) => confirm(model, dialog, step),
        Intent::Start(step) => start(model, dialog, step),
        Intent::Decide(step) => decide_way(model, dialog, step),
        Intent::SignStep(step) => sign_step(model, dialog, step),
        Intent::AfterFailure(_)
        | Intent::AfterDoubt(_)
        | Intent::ChooseItem
        | Intent::RollbackMenu
        | Intent::StillRunning
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

fn start(model: &mut Model, dialog: &Dialog, id: &StepId) -> Result<Vec<Effect>, String> {
    let why = dialog.fields.iter().find(|f| f.label.starts_with("Why"));
    let reason = why
        .map(|f| f.area.lines().join("\n").trim().to_owned())
        .unwrap_or_default();
    autopilot::try_start(model, id, typed(dialog), reason)
}

fn decide_way(model: &mut Model, dialog: &Dialog, id: &StepId) -> Result<Vec<Effect>, String> {
    let marked = dialog.choices.get(dialog.cursor);
    let Some(Pick::Way(choice)) = marked.map(|offer| offer.pick.clone()) else {
        return Err("mark one of the choices".into());
    };
    let way = DecideStep {
        step: id.clone(),
        choice,
        reason: field(dialog, 0),
        seen_ms: shown::seen_ms(model, id),
    };
    update::try_command(model, Command::Decide(way))
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
    let clock_offset_ms = model.run.target.as_ref().map(|t| t.clock_offset_ms);
    update::try_command(
        model,
        Command::Close {
            remark,
            clock_offset_ms,
        },
    )
}

fn pick(model: &mut Model, dialog: &Dialog, pick: &Pick) -> Vec<Effect> {
    let step = match &dialog.intent {
        Intent::AfterFailure(id) | Intent::AfterDoubt(id) => model.book.step(id).cloned(),
        _ => acts::shown(model),
    };
    match pick {
        Pick::Retry => open_for(model, step, |m, s| {
            if s.is_automated() {
                questions::start(m, s)
            } else {
                questions::for_person(m, s)
            }
        }),
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
                    questions::for_person
                } else {
                    questions::start
                },
            );
        }
        Pick::Sign(role) => return vec![Effect::Seal(Sealing::SignedAs(role.clone()))],
        Pick::SignLater => return vec![Effect::Seal(Sealing::Unsigned)],
        Pick::SignAddendum => return vec![Effect::Seal(Sealing::Addendum)],
        Pick::LeaveNow => return leave(model),
        Pick::Stop(id) => {
            model.dialog = model.book.step(id).map(|s| questions::cancel(model, s));
        }
        Pick::Way(_) | Pick::Word(_) | Pick::Wait => {}
    }
    Vec::new()
}

fn open_for(model: &mut Model, step: Option<Step>, make: impl Fn(&Model, &Step) -> Dialog) {
    model.dialog = step.map(|s| make(model, &s));
}

/// A statement that may write asks for a reason, and on a protected target for its name.
fn console(model: &mut Model, dialog: &Dialog) -> Result<Vec<Effect>, String> {
    let (sql, reason) = (field(dialog, 0), field(dialog, 1));
    if may_write(&sql, model.monitor.sample.as_ref().map(|s| s.family)) {
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

/// As long as the server was not seen yet, the words of every family count.
fn may_write(sql: &str, family: Option<Family>) -> bool {
    let postgres = || {
        let mut statements = statements::split(sql).into_iter();
        statements.any(|s| s.effect() == SqlEffect::Writes)
    };
    let mysql = || {
        let mut statements = mysql::split(sql).into_iter();
        statements.any(|s| mysql::effect(&s) == SqlEffect::Writes)
    };
    match family {
        Some(Family::MySql) => mysql(),
        Some(Family::Postgres | Family::Any) => postgres(),
        None => postgres() || mysql(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_a_statement_may_write_is_the_familys_own_question() {
        for (sql, mysql, postgres) in [
            ("select 1", false, false),
            ("describe t; show tables", false, true),
            ("select `delete` from t # ; drop table t", false, true),
            ("delimiter //\nselect 1; //", false, true),
            ("delimiter //\ndelete from t; //", true, true),
            ("select 1 /*! into outfile '/tmp/x' */", true, true),
            ("select 'it\\'s'; drop table t -- '", true, false),
            ("replace into t values (1)", true, true),
        ] {
            assert_eq!(may_write(sql, Some(Family::MySql)), mysql, "{sql}");
            assert_eq!(may_write(sql, Some(Family::Postgres)), postgres, "{sql}");
            assert_eq!(may_write(sql, None), mysql || postgres, "{sql}");
        }
    }
}
