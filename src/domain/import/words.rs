//! Words by which a checklist says what a part of it is, in eight languages.
//!
//! A `*` behind a word stands for any ending. Words of Chinese and Japanese are found anywhere, others at word borders.

mod back;
mod reference;
mod said;

use back::{NO_RESTORE, NO_ROLLBACK, RESTORE, ROLLBACK, WHEN_BACK};
use reference::{REFERENCE, REFERENCE_ANYWHERE};
use said::{CONTACTS, OR, OUTPUT, SIGN_OFF};

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

/// The letter or number of `Option A`, `Method 2`, `Variante B`.
pub fn option_label(heading: &str) -> Option<String> {
    const NAMES: &[&str] = &[
        "option",
        "method",
        "approach",
        "alternative",
        "variant",
        "methode",
        "variante",
        "méthode",
        "opción",
        "método",
        "opção",
        "alternativa",
        "вариант",
        "способ",
        "方案",
        "方法",
        "オプション",
        "方式",
    ];
    let text = plain(heading);
    let name = NAMES.iter().find(|name| text.starts_with(**name))?;
    let rest = &text[name.len()..];
    // `Options` is no label, `方案一` is one.
    if rest.starts_with(|c: char| c.is_alphabetic() && !"一二三四五甲乙".contains(c)) {
        return None;
    }
    let rest = rest.trim_start_matches([' ', '#', '-']);
    let label: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
    let cjk = "一二三四五甲乙";
    let short = label.chars().count() == 1
        && label
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || cjk.contains(c));
    let word = rest.starts_with(label.as_str())
        && (short
            || !label.is_empty() && label.len() < 3 && label.bytes().all(|b| b.is_ascii_digit()));
    word.then_some(label)
}

/// Whether a heading is numbered as a step is: `Step 3`, `3. Foo`, `Schritt 2`, `第一步`.
pub fn is_numbered_step(heading: &str) -> bool {
    const NAMES: &[&str] = &[
        "step",
        "schritt",
        "étape",
        "paso",
        "passo",
        "etapa",
        "шаг",
        "步骤",
        "手順",
        "ステップ",
        "task",
    ];
    let text = heading
        .trim()
        .trim_start_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase();
    if text.starts_with('第') && text.chars().take(4).any(|c| c == '步') {
        return true;
    }
    if NAMES.iter().any(|name| {
        text.strip_prefix(name).is_some_and(|rest| {
            rest.trim_start_matches([' ', '#', ':'])
                .starts_with(|c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c))
        })
    }) {
        return true;
    }
    let digits = text.len()
        - text
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
            .len();
    let rest = &text[digits..];
    digits > 0
        && digits < 8
        && text.starts_with(|c: char| c.is_ascii_digit())
        && (text[..digits].contains('.') || rest.starts_with([')', ':', '、']))
        && !rest.trim_start_matches([')', ':', ' ', '、']).is_empty()
        && !rest.starts_with(char::is_alphabetic)
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

/// Lower case, without what stands in front of the first word: numbers, `Phase 3:`, signs.
pub fn plain(heading: &str) -> String {
    const FRONT: &[&str] = &[
        "phase",
        "step",
        "part",
        "section",
        "stage",
        "schritt",
        "teil",
        "abschnitt",
        "étape",
        "partie",
        "paso",
        "fase",
        "parte",
        "passo",
        "etapa",
        "этап",
        "шаг",
        "часть",
        "раздел",
    ];
    let mut text = heading
        .to_lowercase()
        .replace('\u{a0}', " ")
        .replace('’', "'");
    loop {
        let cut = text.trim_start_matches(|c: char| !c.is_alphabetic());
        let front = FRONT.iter().find_map(|word| {
            let rest = cut.strip_prefix(word)?.trim_start_matches([' ', '#']);
            let number: usize = rest
                .chars()
                .take_while(|c| {
                    c.is_ascii_digit() || "ivx.".contains(*c) && rest.starts_with(['i', 'v', 'x'])
                })
                .map(char::len_utf8)
                .sum();
            let rest = &rest[number..];
            (number > 0 && rest.starts_with([':', '.', ' ', '-', '–', '—', ')']))
                .then(|| rest.to_owned())
        });
        let single = cut.chars().nth(1).is_some_and(|c| matches!(c, '.' | ')'))
            && cut.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
        match front {
            Some(rest) => text = rest,
            None if single => text = cut[2..].to_owned(),
            None => {
                return cut
                    .trim_end_matches([':', ' ', '：', '.', '!', '*', '#'])
                    .to_owned();
            }
        }
    }
}

fn is_or_begins(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        let (stem, open) = word
            .strip_suffix('*')
            .map_or((*word, false), |stem| (stem, true));
        text.strip_prefix(stem).is_some_and(|rest| {
            open || rest.is_empty()
                || is_cjk(stem)
                || !rest.starts_with(char::is_alphanumeric) && rest.split_whitespace().count() <= 3
        })
    })
}

/// Whether one of the words stands in `text`, which is lower case.
pub fn any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| contains(text, word))
}

fn contains(text: &str, word: &str) -> bool {
    let (stem, open) = word
        .strip_suffix('*')
        .map_or((word, false), |stem| (stem, true));
    if is_cjk(stem) {
        return text.contains(stem);
    }
    text.match_indices(stem).any(|(at, _)| {
        let before = text[..at]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric());
        let behind = open
            || text[at + stem.len()..]
                .chars()
                .next()
                .is_none_or(|c| !c.is_alphanumeric());
        before && behind
    })
}

fn is_cjk(text: &str) -> bool {
    text.chars().any(|c| ('\u{3040}'..='\u{9fff}').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_says_what_its_part_is_in_eight_languages() {
        for heading in [
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
        ] {
            assert_eq!(kind(heading, "Deployment"), Kind::Rollback, "{heading}");
        }
        for heading in [
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
        ] {
            assert_eq!(kind(heading, ""), Kind::Reference, "{heading}");
        }
        for heading in [
            "Sign-off",
            "Freigabe",
            "Approbation",
            "Aprobación",
            "Aprovação",
            "Подписи",
            "审批",
            "承認",
        ] {
            assert_eq!(kind(heading, ""), Kind::SignOff, "{heading}");
        }
        for heading in [
            "Contacts",
            "Ansprechpartner",
            "Escalation path",
            "Contatos",
            "Контакты",
            "联系人",
            "連絡先",
        ] {
            assert_eq!(kind(heading, ""), Kind::Contacts, "{heading}");
        }
        for heading in [
            "Deployment",
            "Backup",
            "Prerequisites",
            "Vorbereitung",
            "Migration der Daten",
            "References check",
            "About to deploy",
            "数据库迁移",
            "Background jobs",
        ] {
            assert_eq!(kind(heading, ""), Kind::Forward, "{heading}");
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
