//! Where a document says stop: `STOP`, go/no-go, the point of no return, waiting for something.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::import::mask::pattern;
use crate::domain::import::words;

/// What kind of gate a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Somebody decides whether to go on.
    Decision,
    /// Behind this there is no way back.
    NoReturn,
    /// Something must have happened first.
    Wait,
}

pattern!(
    STOP,
    r"(?:^|[^\w-])(?:STOP|HALT|СТОП|ARRÊT|ALTO|PARE|STOPP)(?:$|[!:.,*–—]*(?:$|\s+[–—-]*\s*(?P<next>\S*)))"
);
pattern!(
    GO,
    r"(?i)\bgo\s*(?:/|-|\bor\b|\bvs\.?)\s*no[\s-]*go\b|\bno-go\b"
);

const STOPS: &[&str] = &[
    "do not continue",
    "do not proceed",
    "don't continue",
    "don't proceed",
    "must not continue",
    "must not proceed",
    "do not go any further",
    "nicht fortfahren",
    "nicht weitermachen",
    "nicht weiter,",
    "nicht fortsetzen",
    "ne pas continuer",
    "ne pas poursuivre",
    "ne continuez pas",
    "no continuar",
    "no continúe",
    "no continues",
    "no prosiga",
    "não continue",
    "não prossiga",
    "não continuar",
    "не продолжать",
    "не продолжайте",
    "不要继续",
    "请勿继续",
    "停止操作",
    "切勿继续",
    "続行しない",
    "進まない",
    "先に進まない",
    "中止する",
];
const NO_RETURN: &[&str] = &[
    "point of no return",
    "no way back after",
    "point de non-retour",
    "point de non retour",
    "punto de no retorno",
    "punto sin retorno",
    "ponto sem retorno",
    "ponto de não retorno",
    "ponto sem volta",
    "точка невозврата",
    "точки невозврата",
    "ab hier kein zurück",
    "kein zurück mehr",
    "不可逆点",
    "不可回退",
    "无法回退",
    "後戻りできない",
    "引き返せない",
    "ポイントオブノーリターン",
];
const WAITS: &[&str] = &[
    "wait until",
    "wait till",
    "warten, bis",
    "warten bis",
    "warte, bis",
    "abwarten, bis",
    "abwarten bis",
    "attendre que",
    "attendre jusqu*",
    "attendez que",
    "esperar hasta",
    "espere hasta",
    "espera hasta",
    "aguarde até",
    "aguardar até",
    "espere até",
    "esperar até",
    "дождаться",
    "дождитесь",
    "подождать, пока",
    "подождите, пока",
    "等待直到",
    "等到",
    "まで待つ",
    "まで待機",
    "まで待ち",
];

/// Says whether a text is a gate.
pub fn gate(text: &str) -> Option<Gate> {
    let lower = text.to_lowercase().replace('’', "'");
    if words::any(&lower, NO_RETURN) {
        return Some(Gate::NoReturn);
    }
    if GO.is_match(text) || words::any(&lower, STOPS) || stops(text) {
        return Some(Gate::Decision);
    }
    words::any(&lower, WAITS).then_some(Gate::Wait)
}

/// Whether `STOP` stands there as an order to people, not as a command (`STOP SLAVE`).
fn stops(text: &str) -> bool {
    if text.contains('`')
        && text
            .split('`')
            .skip(1)
            .step_by(2)
            .any(|code| code.contains("STOP"))
    {
        return false;
    }
    STOP.captures_iter(text).any(|found| {
        let next = found.name("next").map_or("", |m| m.as_str());
        let command = next.len() > 2
            && next
                .chars()
                .all(|c| c.is_ascii_uppercase() || matches!(c, '_' | ';'));
        !command
            || matches!(
                next,
                "AND" | "HERE" | "IF" | "THE" | "DO" | "NOW" | "AT" | "ALL" | "BEFORE"
            )
    })
}

/// The labels of a line with several boxes: `[ ] yes [ ] no`.
pub fn choices(text: &str) -> Option<Vec<String>> {
    let cut = text
        .replace("[x]", "[ ]")
        .replace("[X]", "[ ]")
        .replace(['☐', '⬜', '☑'], "[ ]");
    if cut.matches("[ ]").count() < 2 {
        return None;
    }
    let labels: Vec<String> = cut
        .split("[ ]")
        .skip(1)
        .map(|label| {
            label
                .trim()
                .trim_matches(['/', '|', ',', ';', ' ', '·'])
                .to_owned()
        })
        .collect();
    let mut sorted = labels.clone();
    sorted.sort();
    sorted.dedup();
    (sorted.len() == labels.len() && labels.iter().all(|l| !l.is_empty())).then_some(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_known_and_commands_are_none() {
        for (text, wanted) in [
            ("STOP: check the lag first", Gate::Decision),
            ("🛑 STOP", Gate::Decision),
            ("Go/No-Go decision", Gate::Decision),
            (
                "Do not proceed unless the backup is verified",
                Gate::Decision,
            ),
            ("This is the POINT OF NO RETURN.", Gate::NoReturn),
            ("Wait until the lag is zero", Gate::Wait),
            ("Nicht fortfahren, wenn das Backup fehlt", Gate::Decision),
            ("Дождитесь завершения репликации", Gate::Wait),
            ("请勿继续，除非备份完成", Gate::Decision),
        ] {
            assert_eq!(gate(text), Some(wanted), "{text}");
        }
        for text in [
            "Stop the service",
            "Run `STOP SLAVE`",
            "STOP REPLICA;",
            "non-stop",
            "Ready to go",
            "Wait 5 minutes",
            "ALTO-1 host",
        ] {
            assert_eq!(gate(text), None, "{text}");
        }
    }

    #[test]
    fn several_boxes_in_a_line_are_choices() {
        assert_eq!(
            choices("Result: [ ] good [x] bad"),
            Some(vec!["good".into(), "bad".into()])
        );
        assert_eq!(choices("[ ] one"), None);
        assert_eq!(choices("[ ] [ ] x"), None);
    }
}
