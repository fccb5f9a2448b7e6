//! Notifications: the bell, and where the terminal is known to show desktop notifications, the escape code for one.
//!
//! OSC 9 is iTerm2's, OSC 777 rxvt's and VTE's heirs', OSC 99 kitty's. What a terminal is not known to understand is
//! never sent to it: it might print it.

use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::domain::tame;

/// The variable that turns notifications off: `off`, or `bell` for the bell alone.
pub const SWITCH: &str = "HOLDPOINT_NOTIFY";
/// What a notification says at most, in characters.
const LONGEST: usize = 200;
/// How long tmux may take to say what it lets pass.
const PATIENCE: Duration = Duration::from_millis(500);

/// How somebody who looks elsewhere is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Voice {
    /// Not at all.
    Silent,
    /// By the bell.
    #[default]
    Bell,
    /// By the bell and a desktop notification.
    Desktop(Code, Way),
}

/// The escape code of a desktop notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// iTerm2's.
    Osc9,
    /// kitty's.
    Osc99,
    /// rxvt's.
    Osc777,
}

/// How it gets to the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As it is.
    Straight,
    /// Through tmux, which lets it pass.
    ThroughTmux,
}

impl Voice {
    /// Returns the voice that this terminal understands; inside tmux, tmux is asked.
    pub fn of_terminal() -> Self {
        Self::find(&|name| std::env::var(name).ok(), ask_tmux)
    }

    /// Returns the voice for an environment; `tmux` answers whether it lets escape codes pass, and to which terminal.
    fn find(lookup: &dyn Fn(&str) -> Option<String>, tmux: impl Fn() -> Option<String>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        match set(SWITCH).as_deref() {
            Some("off" | "no" | "0" | "false") => return Self::Silent,
            Some("bell") => return Self::Bell,
            _ => {}
        }
        let term = set("TERM").unwrap_or_default();
        let plain = set("NO_COLOR").is_some() || term.is_empty() || term == "dumb";
        if plain || set("STY").is_some() {
            return Self::Bell;
        }
        if set("TMUX").is_some() {
            // What the environment says is that of whoever started tmux, perhaps days ago, elsewhere.
            let code = tmux().and_then(|said| passed(&said));
            return code.map_or(Self::Bell, |code| Self::Desktop(code, Way::ThroughTmux));
        }
        let named = [set("TERM_PROGRAM"), set("LC_TERMINAL"), Some(term)];
        let kitty = set("KITTY_WINDOW_ID").map(|_| Code::Osc99);
        let code = named.into_iter().flatten().find_map(|name| known(&name));
        code.or(kitty)
            .map_or(Self::Bell, |code| Self::Desktop(code, Way::Straight))
    }

    /// Returns what is written to the terminal to say `text`.
    pub fn bytes(self, text: &str) -> Vec<u8> {
        let text: String = tame::line(text)
            .chars()
            .map(|c| if c == ';' { ',' } else { c })
            .take(LONGEST)
            .collect();
        match self {
            Self::Silent => Vec::new(),
            Self::Bell => b"\x07".to_vec(),
            Self::Desktop(code, way) => {
                let said = match code {
                    Code::Osc9 => format!("\x1b]9;holdpoint: {text}\x1b\\"),
                    Code::Osc99 => {
                        format!(
                            "\x1b]99;i=holdpoint:d=0;holdpoint\x1b\\\x1b]99;i=holdpoint:p=body;{text}\x1b\\"
                        )
                    }
                    Code::Osc777 => format!("\x1b]777;notify;holdpoint;{text}\x1b\\"),
                };
                let said = match way {
                    Way::Straight => said,
                    Way::ThroughTmux => {
                        format!("\x1bPtmux;{}\x1b\\", said.replace('\x1b', "\x1b\x1b"))
                    }
                };
                format!("\x07{said}").into_bytes()
            }
        }
    }
}

/// The code that the terminal called `name` is known to understand.
fn known(name: &str) -> Option<Code> {
    let name = name.to_lowercase();
    let begins = |with: &[&str]| with.iter().any(|w| name.starts_with(w));
    if begins(&["xterm-kitty", "kitty"]) {
        Some(Code::Osc99)
    } else if begins(&["iterm", "warp"]) {
        Some(Code::Osc9)
    } else if begins(&["wezterm", "ghostty", "xterm-ghostty", "foot", "contour"]) {
        Some(Code::Osc777)
    } else {
        None
    }
}

/// Reads `on WezTerm 2024…`: whether tmux lets escape codes pass, and to which terminal.
fn passed(said: &str) -> Option<Code> {
    let (passes, terminal) = said.trim().split_once(' ')?;
    let passes = matches!(passes, "on" | "all" | "1" | "2");
    known(terminal.trim()).filter(|_| passes)
}

/// Asks tmux; a tmux that does not answer is one that lets nothing pass.
fn ask_tmux() -> Option<String> {
    let (tell, told) = channel();
    thread::spawn(move || {
        let asked = Command::new("tmux")
            .args([
                "display-message",
                "-p",
                "#{allow-passthrough} #{client_termtype} #{client_termname}",
            ])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        let _ = tell.send(asked);
    });
    let answer = told.recv_timeout(PATIENCE).ok()?.ok()?;
    String::from_utf8(answer.stdout).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(set: &[(&str, &str)], tmux: Option<&str>) -> Voice {
        let lookup = |name: &str| {
            let found = set.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Voice::find(&lookup, || tmux.map(str::to_owned))
    }

    #[test]
    fn only_terminals_that_are_known_to_understand_it_get_a_code() {
        let straight = |code| Voice::Desktop(code, Way::Straight);
        for (name, value, expected) in [
            ("TERM", "xterm-kitty", straight(Code::Osc99)),
            ("TERM", "foot-extra", straight(Code::Osc777)),
            ("TERM", "xterm-256color", Voice::Bell),
            ("TERM", "dumb", Voice::Bell),
            ("TERM", "linux", Voice::Bell),
        ] {
            assert_eq!(voice(&[(name, value)], None), expected, "{value}");
        }
        let xterm = ("TERM", "xterm-256color");
        let by = |name, value| voice(&[xterm, (name, value)], None);
        assert_eq!(by("TERM_PROGRAM", "iTerm.app"), straight(Code::Osc9));
        assert_eq!(by("LC_TERMINAL", "iTerm2"), straight(Code::Osc9));
        assert_eq!(by("TERM_PROGRAM", "WezTerm"), straight(Code::Osc777));
        assert_eq!(by("TERM_PROGRAM", "Apple_Terminal"), Voice::Bell);
    }

    #[test]
    fn it_can_be_turned_off_and_colourless_terminals_get_the_bell_alone() {
        let kitty = ("TERM", "xterm-kitty");
        assert_eq!(voice(&[kitty, (SWITCH, "off")], None), Voice::Silent);
        assert_eq!(voice(&[kitty, (SWITCH, "bell")], None), Voice::Bell);
        assert_eq!(voice(&[kitty, ("NO_COLOR", "1")], None), Voice::Bell);
        assert_eq!(voice(&[kitty, ("STY", "1.x")], None), Voice::Bell);
    }

    #[test]
    fn inside_tmux_only_what_it_lets_pass_is_sent_and_wrapped_for_it() {
        let within = [
            ("TERM", "tmux-256color"),
            ("TMUX", "/tmp/tmux-0/default,1,0"),
            ("KITTY_WINDOW_ID", "1"),
        ];
        assert_eq!(voice(&within, None), Voice::Bell);
        assert_eq!(voice(&within, Some("off WezTerm 2024 xterm")), Voice::Bell);
        assert_eq!(voice(&within, Some("on  xterm-256color")), Voice::Bell);
        let passes = voice(&within, Some("on WezTerm 20240203 xterm-256color\n"));
        assert_eq!(passes, Voice::Desktop(Code::Osc777, Way::ThroughTmux));
        assert_eq!(
            passes.bytes("x"),
            b"\x07\x1bPtmux;\x1b\x1b]777;notify;holdpoint;x\x1b\x1b\\\x1b\\"
        );
    }

    #[test]
    fn what_is_said_cannot_end_the_code_or_begin_another() {
        let voice = Voice::Desktop(Code::Osc9, Way::Straight);
        let said = String::from_utf8(voice.bytes("a\x1b\\\x07;b\u{202e}\n")).unwrap();
        let inner = said
            .strip_prefix("\x07\x1b]9;")
            .and_then(|s| s.strip_suffix("\x1b\\"));
        assert!(
            inner.is_some_and(|s| !s.contains(['\x1b', '\x07', ';', '\n', '\u{202e}'])),
            "{said:?}"
        );
        assert!(voice.bytes(&"x".repeat(9_000)).len() < 300);
        assert!(Voice::Silent.bytes("x").is_empty());
        assert_eq!(Voice::Bell.bytes("x"), b"\x07");
    }
}
