//! Words by which a checklist says what a part of it is, in eight languages.
//!
//! A `*` behind a word stands for any ending. Words of Chinese and Japanese are found anywhere, others at word borders.

mod back;
mod find;
mod headings;
mod reference;
mod said;

use back::{NO_RESTORE, NO_ROLLBACK, RESTORE, ROLLBACK, WHEN_BACK};
use reference::{REFERENCE, REFERENCE_ANYWHERE};
use said::{CONTACTS, OR, OUTPUT, SIGN_OFF};

use crate::domain::import::words::find::is_or_begins;

pub use find::any;
pub use headings::{is_numbered_step, option_label, plain};

/// What a part of a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something to be done.
    Forward,
    /// A way back.
    Rollback,
    /// Text to be read.
    Reference,
    /// Who approves.
    SignOff,
    /// Whom to call.
    Contacts,
}

/// What kind of part a heading begins; `about` is the document's title.
pub fn kind(heading: &str, about: &str) -> Kind {
    let text = plain(heading);
    if any(&text, ROLLBACK) {
        // Who prepares, tests or talks of the way back does not go it.
        return if any(&text, NO_ROLLBACK) {
            Kind::Forward
        } else {
            Kind::Rollback
        };
    }
    if is_or_begins(&text, SIGN_OFF) || any(&text, &["sign-off", "signoff", "sign off"]) {
        return Kind::SignOff;
    }
    if is_or_begins(&text, CONTACTS) && !text.contains("contact form") {
        return Kind::Contacts;
    }
    if any(&text, REFERENCE_ANYWHERE) || is_reference(&text) {
        return Kind::Reference;
    }
    let about = plain(about);
    let whole = [
        "backup",
        "recover*",
        "disaster*",
        "wiederherstell*",
        "sauvegarde",
        "notfall*",
        "respaldo",
        "восстановлен*",
        "备份",
        "恢复",
        "復旧",
        "バックアップ",
    ];
    if any(&text, RESTORE)
        && !any(&text, NO_RESTORE)
        && !any(&about, RESTORE)
        && !any(&about, &whole)
    {
        return Kind::Rollback;
    }
    Kind::Forward
}

/// Whether a heading says that a document, or a part with steps of its own, is about going back.
pub fn is_rollback(text: &str) -> bool {
    any(&plain(text), ROLLBACK)
}

/// Whether the words before a block say that it is what comes out.
pub fn announces_output(text: &str) -> bool {
    let text = text.to_lowercase();
    OUTPUT.iter().any(|word| text.contains(word))
}

/// Whether a heading or sentence announces reasons to go back.
pub fn tells_when_back(text: &str) -> bool {
    let text = plain(text).replace('-', " ");
    is_or_begins(&text, WHEN_BACK)
        || any(
            &text,
            &[
                "rollback trigger*",
                "rollback criteria",
                "rollback condition*",
                "rollback decision matrix",
                "back out criteria",
                "when to rollback",
                "when to roll back",
                "rückfallkriterien",
                "abbruchkriterien",
                "rollback kriterien",
                "critères de retour*",
                "critères de rollback",
                "criterios de rollback",
                "criterios de reversión",
                "critérios de rollback",
                "critérios para rollback",
                "критерии отката",
                "условия отката",
                "когда откат*",
                "触发条件",
                "回滚条件",
                "回滚标准",
                "判断基準",
                "判定基準",
                "切り戻し基準",
                "ロールバック条件",
            ],
        )
}

/// Whether a line ends in a word that wants reasons behind it: `Roll back if:`.
pub fn ends_open(text: &str) -> bool {
    const OPEN: &[&str] = &[
        "if",
        "when",
        "wenn",
        "falls",
        "si",
        "se",
        "quando",
        "cuando",
        "если",
        "когда",
    ];
    let text = text
        .trim_end_matches([':', '：', ' ', '.', '…'])
        .to_lowercase();
    text.split_whitespace()
        .next_back()
        .is_some_and(|word| OPEN.contains(&word))
}

/// Whether a line only says that what follows is another way.
pub fn says_or(text: &str) -> bool {
    let text = text
        .trim()
        .trim_matches(['*', '_', '-', '—', ' '])
        .to_lowercase();
    OR.contains(&text.as_str())
}

fn is_reference(text: &str) -> bool {
    REFERENCE.iter().any(|word| {
        text == *word
            || text.strip_prefix(word).is_some_and(|rest| {
                // Behind a colon stands what the part is about.
                rest.starts_with(['(', '/', '&', '–', '—', '（'])
                    || rest.starts_with(' ')
                        && rest
                            .trim_start()
                            .starts_with(['&', '/', '(', '–', '—', '-'])
                    || rest.starts_with(" and ")
                    || rest.starts_with(" und ")
                    || rest.starts_with(" et ")
                    || rest.starts_with(" y ")
                    || rest.starts_with(" e ")
                    || matches!(
                        *word,
                        "what is"
                            | "how it works"
                            | "about this"
                            | "why"
                            | "weiterführende"
                            | "参考"
                            | "关于"
                    ) && !rest.is_empty()
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_says_what_its_part_is_in_eight_languages() {
        let headings: &[(Kind, &[&str])] = &[
            (
                Kind::Rollback,
                &[
                    "5. Rollback plan",
                    "Back-out procedure",
                    "Rückfallplan",
                    "Plan de retour arrière",
                    "Plan de reversión",
                    "Plano de reversão (rollback)",
                    "План отката",
                    "回滚方案",
                    "ロールバック手順",
                    "If something goes wrong",
                ],
            ),
            (
                Kind::Reference,
                &[
                    "Overview",
                    "Troubleshooting",
                    "Appendix A: commands",
                    "Übersicht",
                    "FAQ",
                    "Références",
                    "Visión general",
                    "Visão geral",
                    "Обзор",
                    "常见问题",
                    "はじめに",
                    "7. References & links",
                ],
            ),
            (
                Kind::SignOff,
                &[
                    "Sign-off",
                    "Freigabe",
                    "Approbation",
                    "Aprobación",
                    "Aprovação",
                    "Подписи",
                    "审批",
                    "承認",
                ],
            ),
            (
                Kind::Contacts,
                &[
                    "Contacts",
                    "Ansprechpartner",
                    "Escalation path",
                    "Contatos",
                    "Контакты",
                    "联系人",
                    "連絡先",
                ],
            ),
            (
                Kind::Forward,
                &[
                    "Deployment",
                    "Backup",
                    "Prerequisites",
                    "Vorbereitung",
                    "Migration der Daten",
                    "References check",
                    "About to deploy",
                    "数据库迁移",
                    "Background jobs",
                ],
            ),
        ];
        for (part, headings) in headings {
            for heading in *headings {
                assert_eq!(kind(heading, "Deployment"), *part, "{heading}");
            }
        }
        assert_eq!(
            kind("Restore the database", "Disaster recovery"),
            Kind::Forward
        );
        assert_eq!(kind("Restore the database", "Upgrade"), Kind::Rollback);
    }

    #[test]
    fn options_and_numbered_headings_are_known() {
        assert_eq!(option_label("Option A: in place").as_deref(), Some("a"));
        assert_eq!(option_label("Method 2 - dump").as_deref(), Some("2"));
        assert_eq!(option_label("Options"), None);
        assert_eq!(option_label("Option flags"), None);
        for yes in [
            "Step 3: stop",
            "2. Stop",
            "Schritt 1 – Stopp",
            "第一步：停机",
            "1.2 Stop",
            "手順1 停止",
        ] {
            assert!(is_numbered_step(yes), "{yes}");
        }
        for no in ["Stop", "2024 plan", "1password", "Steps"] {
            assert!(!is_numbered_step(no), "{no}");
        }
    }
}
