//! Which sessions are the run's own.

use crate::domain::runbook::model::{Sessions, StepId};
use crate::domain::sample::model::{Ours, Session};

/// What the program's own connections call themselves.
pub const MONITOR_NAME: &str = "holdpoint monitor";
/// What the connection that cancels calls itself.
pub const CONTROL_NAME: &str = "holdpoint control";
/// What the connection of statements by hand calls itself.
pub const CONSOLE_NAME: &str = "holdpoint console";

/// A step that runs, and how to know its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnStep {
    /// The step.
    pub step: StepId,
    /// The attempt.
    pub attempt: u32,
    /// Its `application_name`: `holdpoint.RUN.STEP.ATTEMPT`.
    pub app_name: String,
    /// When it started, in milliseconds of our clock that only runs forward.
    pub started_ms: i64,
    /// How to know them where the tool ignores `PGAPPNAME`.
    pub sessions: Option<Sessions>,
}

/// Returns whose `session` is, given the steps that run and our forward clock in milliseconds.
pub fn whose(session: &Session, steps: &[OwnStep], now_ms: i64) -> Ours {
    if [MONITOR_NAME, CONTROL_NAME, CONSOLE_NAME].contains(&session.application.as_str()) {
        return Ours::Monitor;
    }
    if session.kind != "client backend" && session.leader.is_none() {
        return Ours::No;
    }
    let by_name = steps.iter().find(|s| session.application == s.app_name);
    if let Some(own) = by_name {
        return Ours::Step {
            step: own.step.clone(),
            attempt: own.attempt,
        };
    }
    let probable = steps.iter().find(|s| probable(session, s, now_ms));
    probable.map_or(Ours::No, |own| Ours::Probable {
        step: own.step.clone(),
        attempt: own.attempt,
    })
}

fn probable(session: &Session, own: &OwnStep, now_ms: i64) -> bool {
    let (Some(wanted), Some(age)) = (&own.sessions, session.age_ms) else {
        return false;
    };
    let began = now_ms.saturating_sub_unsigned(age);
    let fits = |want: &Option<String>, is: &str| want.as_ref().is_none_or(|w| w == is);
    (wanted.user.is_some() || wanted.application.is_some())
        && fits(&wanted.user, &session.user)
        && fits(&wanted.application, &session.application)
        && began >= own.started_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(sessions: Option<Sessions>) -> OwnStep {
        OwnStep {
            step: StepId::new("apply"),
            attempt: 2,
            app_name: "holdpoint.7f3a2c.apply.2".into(),
            started_ms: 5_000,
            sessions,
        }
    }

    fn session(application: &str, user: &str, age_ms: u64) -> Session {
        Session {
            kind: "client backend".into(),
            application: application.into(),
            user: user.into(),
            age_ms: Some(age_ms),
            ..Session::default()
        }
    }

    #[test]
    fn a_step_is_known_by_its_application_name() {
        let ours = whose(
            &session("holdpoint.7f3a2c.apply.2", "dep", 9),
            &[step(None)],
            9_000,
        );
        assert!(matches!(ours, Ours::Step { attempt: 2, .. }));
    }

    #[test]
    fn a_tool_that_ignores_the_name_is_known_by_its_user_once_the_step_has_begun() {
        let by_user = || {
            Some(Sessions {
                user: Some("dep".into()),
                application: None,
            })
        };
        let later = session("jdbc", "dep", 3_999);
        let before = session("jdbc", "dep", 4_001);
        assert!(matches!(
            whose(&later, &[step(by_user())], 9_000),
            Ours::Probable { .. }
        ));
        assert_eq!(whose(&before, &[step(by_user())], 9_000), Ours::No);
        assert_eq!(whose(&later, &[step(None)], 9_000), Ours::No);
    }

    #[test]
    fn the_programs_own_connections_are_known() {
        assert_eq!(whose(&session(CONTROL_NAME, "x", 0), &[], 0), Ours::Monitor);
    }
}
