//! When a part is to begin and how long a step takes, read from the words of its title.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::domain::import::mask::pattern;

pattern!(
    T_MINUS,
    r"(?i)\bT\s*([-–−+])\s*(\d+(?:[.,]\d+)?)\s*(weeks?|wochen?|w|days?|tage?n?|d|hours?|hrs?|stunden?|std|h|minutes?|minuten|mins?|m|s)?\b"
);
pattern!(
    T_ZERO,
    r"\bT\s*(?:[-–−+=]\s*)?0\b|\bT=0\b|\b[DJ][-–−+]0\b|\bD-?[Dd]ay\b|\b[Jj]our J\b"
);
pattern!(
    LATER_UNIT,
    r"(?i)\d\s*(hours?|hrs?|h|minutes?|mins?|m|days?|d)\b"
);
pattern!(
    D_MINUS,
    r"\b[DJ]\s*([-–−+])\s*(\d{1,3})\b(?:\s*(weeks?|h|hours?)\b)?"
);
pattern!(D_CYRILLIC, r"(?:^|[\s(])Д\s*([-–−+])\s*(\d{1,3})\b");
pattern!(
    BEFORE,
    r"(?i)(\d+(?:[.,]\d+)?|\bone\b|\btwo\b|\bthree\b|\ba\b|\ban\b|\beine?n?\b|\bune?\b|\buna?\b|\buma?\b)\s*[-+]?\s*(weeks?|days?|hours?|hrs?|h|minutes?|mins?|min|wochen?|tage?|stunden?|minuten|semaines?|jours?|heures?|semanas?|d[ií]as?|horas?|minutos?|недел[юиь]|дн(?:я|ей)|день|дня|час(?:а|ов)?|минут[уы]?)\s+(before|prior|beforehand|ahead|earlier|vorher|davor|vor|avant|antes|до|after|afterwards|later|nachher|danach|nach|après|apres|después|despues|depois|após|после|спустя)\b"
);
pattern!(CJK, r"(\d+)\s*(天|日|小时|時間|分钟|分|周|週間)(前|后|後)");
pattern!(CJK_AHEAD, r"提前\s*(\d+)\s*(天|小时|分钟|周)");
pattern!(
    FIRST,
    r"(?i)\bfirst\s+(?:\d+\s*|few\s+)?(?:hours?|hrs?|h|days?|minutes?|mins?|week)\b|\bersten?\s+\d+\s*(?:stunden|tage|minuten)|\bpremi[eè]res?\s+(?:\d+\s*)?(?:heures?|minutes?|jours?)|\b\d+\s+premi[eè]r(?:e)?s\b|\bprimeras?\s+(?:\d+\s*)?(?:horas?|minutos?|d[ií]as?)|\bprimeir[ao]s?\s+(?:\d+\s*)?(?:horas?|minutos?|dias?)|перв(?:ые|ый)\s+\d*\s*(?:час|минут|дн|сут)"
);
pattern!(
    TAKES,
    r"(?i)(?:\(|（|\[|duration:?\s*|estimated(?: time)?:?\s*|takes\s+|time:\s*|dauer:?\s*|durée\s*:?\s*|duración:?\s*|duração:?\s*|длительность:?\s*|预计:?\s*|預計:?\s*|所要時間:?\s*)(?:~|≈|ca\.?|circa|approx\.?|approximately|about|est\.?:?|environ|aprox\.?|около|约|約)?\s*(?:(\d+)\s*[-–]\s*)?(\d+(?:[.,]\d+)?)\s*[-+]?(hours?|hrs?|h|stunden?|std\.?|heures?|horas?|час(?:а|ов)?|小时|時間|minutes?|mins?|min\.?|m|minuten|minutos?|мин(?:ут|уты)?\.?|分钟|分|seconds?|secs?|s|sekunden|secondes?|segundos?)(?:\s*\)|\s*）|\s*\]|[\s.,;)]|$)"
);

/// Returns the offset from the planned start, in seconds, that a heading names.
pub fn offset(text: &str) -> Option<i64> {
    if let Some(found) = T_MINUS.captures(text) {
        let later = LATER_UNIT.captures(&text[found.get(0)?.end()..]);
        let unit = found
            .get(3)
            .or(later.as_ref().and_then(|l| l.get(1)))
            .map_or("m", |m| m.as_str());
        return signed(&found[1], amount(&found[2])?, unit);
    }
    if let Some(found) = D_MINUS.captures(text).or_else(|| D_CYRILLIC.captures(text)) {
        let unit = found.get(3).map_or("d", |m| m.as_str());
        return signed(&found[1], amount(&found[2])?, unit);
    }
    if T_ZERO.is_match(text) {
        return Some(0);
    }
    if let Some(found) = BEFORE.captures(text) {
        return before(&found);
    }
    if let Some(found) = CJK.captures(text) {
        let sign = if &found[3] == "前" { "-" } else { "+" };
        return signed(sign, amount(&found[1])?, &found[2]);
    }
    if let Some(found) = CJK_AHEAD.captures(text) {
        return signed("-", amount(&found[1])?, &found[2]);
    }
    FIRST.is_match(text).then_some(0)
}

fn before(found: &Captures) -> Option<i64> {
    const AFTER: &[&str] = &[
        "after",
        "afterwards",
        "later",
        "nachher",
        "danach",
        "nach",
        "après",
        "apres",
        "después",
        "despues",
        "depois",
        "após",
        "после",
        "спустя",
    ];
    let word = found[3].to_lowercase();
    let sign = if AFTER.contains(&word.as_str()) {
        "+"
    } else {
        "-"
    };
    signed(sign, amount(&found[1])?, &found[2])
}

/// Returns how long a step usually takes, as a runbook writes it: `30m`.
pub fn takes(text: &str) -> Option<String> {
    let found = TAKES.captures(text)?;
    let seconds = amount(&found[2])? * unit(&found[3])?;
    #[expect(clippy::cast_possible_truncation, reason = "bounded just below")]
    let seconds = (seconds > 0.5 && seconds < 8_000_000.0).then_some(seconds.round() as i64)?;
    Some(spelled(seconds))
}

/// Writes seconds as a runbook does: `1h30m`.
pub fn spelled(seconds: i64) -> String {
    let mut rest = seconds.unsigned_abs();
    let mut text = String::new();
    for (name, length) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
        if rest >= length {
            text.push_str(&format!("{}{name}", rest / length));
            rest %= length;
        }
    }
    text
}

/// Writes an offset as a runbook does: `T-1h`.
pub fn offset_text(seconds: i64) -> String {
    match seconds {
        0 => "T-0".into(),
        s if s < 0 => format!("T-{}", spelled(s)),
        s => format!("T+{}", spelled(s)),
    }
}

fn amount(text: &str) -> Option<f64> {
    match text.to_lowercase().as_str() {
        "one" | "a" | "an" | "ein" | "eine" | "einen" | "un" | "une" | "una" | "um" | "uma" => {
            Some(1.0)
        }
        "two" => Some(2.0),
        "three" => Some(3.0),
        number => number.replace(',', ".").parse().ok(),
    }
}

fn unit(text: &str) -> Option<f64> {
    let text = text.to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    Some(match text.as_str() {
        "w" | "周" | "週間" => 604_800.0,
        "d" | "天" | "日" => 86_400.0,
        "h" | "小时" | "時間" => 3600.0,
        "m" | "分钟" | "分" => 60.0,
        "s" => 1.0,
        _ if begins(&["week", "woche", "semaine", "semana", "недел"]) => 604_800.0,
        _ if begins(&["day", "tag", "jour", "dia", "día", "дн", "ден"]) => 86_400.0,
        _ if begins(&["hour", "hr", "stunde", "std", "heure", "hora", "час"]) => 3600.0,
        _ if begins(&["min", "мин"]) => 60.0,
        _ if begins(&["sec", "sek", "seg"]) => 1.0,
        _ => return None,
    })
}

fn signed(sign: &str, amount: f64, name: &str) -> Option<i64> {
    let seconds = amount * unit(name)?;
    #[expect(clippy::cast_possible_truncation, reason = "bounded just here")]
    let seconds = (seconds < 300_000_000.0).then_some(seconds.round() as i64)?;
    Some(if sign == "+" { seconds } else { -seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_name_times_in_many_ways() {
        for (text, wanted) in [
            ("Pre-flight (T-1h)", "T-1h"),
            ("T+5 to T+30: watch", "T+5m"),
            ("T - 30 min", "T-30m"),
            ("D-1 preparation", "T-1d"),
            ("J-7 : communication", "T-7d"),
            ("Day of release (T-0)", "T-0"),
            ("10 days before", "T-10d"),
            ("24 hours after the release", "T+1d"),
            ("One week before", "T-7d"),
            ("2 Tage vorher", "T-2d"),
            ("3 jours avant la bascule", "T-3d"),
            ("2 días antes", "T-2d"),
            ("1 hora antes", "T-1h"),
            ("за 2 часа до начала", "T-2h"),
            ("上线前准备 3天前", "T-3d"),
            ("2時間前の確認", "T-2h"),
            ("After (first 24 hours)", "T-0"),
            ("T-90 minutes", "T-1h30m"),
        ] {
            assert_eq!(
                offset(text).map(offset_text).as_deref(),
                Some(wanted),
                "{text}"
            );
        }
        for text in [
            "Deploy",
            "Section D",
            "Run it before noon",
            "Make 3 copies",
            "AT-5 cable x",
            "Option D",
        ] {
            assert_eq!(offset(text), None, "{text}");
        }
    }

    #[test]
    fn titles_say_how_long_a_step_takes() {
        for (text, wanted) in [
            ("Migrate (~30 min)", "30m"),
            ("Copy (10-15 minutes)", "15m"),
            ("Warten, Dauer: 2 Stunden", "2h"),
            ("备份（约 x）(5 分钟)", "5m"),
            ("Swap (90s)", "1m30s"),
        ] {
            assert_eq!(takes(text).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!(takes("Wait 5 minutes"), None);
        assert_eq!(takes("Release (5 people)"), None);
    }
}
