//! Ids of steps, in any language: spelled from the title, else from its digest, so that they stay when steps are added.

use std::collections::BTreeSet;

use crate::domain::digest::sha256_hex;
use crate::domain::runbook::slug;

/// The longest id.
const LONGEST: usize = 40;

/// The ids that are given.
#[derive(Debug, Default)]
pub struct Ids {
    taken: BTreeSet<String>,
    /// The last number that was given to a name.
    last: std::collections::BTreeMap<String, usize>,
}

impl Ids {
    /// Returns an id for a title that no other has, and whether it must be written because a reader would make another.
    pub fn of(&mut self, title: &str) -> String {
        let title = title.replace("${", " ");
        let latin = transliterated(&title);
        let letters = title.chars().filter(|c| c.is_alphanumeric()).count();
        let kept = latin.chars().filter(char::is_ascii_alphanumeric).count();
        let base = slug(&latin).filter(|_| kept * 2 >= letters);
        let base = base.unwrap_or_else(|| format!("step-{}", &sha256_hex(title.as_bytes())[..8]));
        let mut id = base.clone();
        // All numbers up to the last one are taken: thousands of equal titles are counted once.
        let mut n = self.last.get(&base).copied().unwrap_or(1);
        while !self.taken.insert(id.clone()) {
            n += 1;
            let suffix = format!("-{n}");
            id = format!(
                "{}{suffix}",
                base[..base.len().min(LONGEST - suffix.len())].trim_end_matches('-')
            );
        }
        self.last.insert(base, n);
        id
    }
}

/// Returns `text` with Latin and Cyrillic letters spelled in ASCII; others stay.
pub fn transliterated(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match letter(c.to_lowercase().next().unwrap_or(c)) {
            Some(spelled) => out.push_str(spelled),
            None => out.push(c),
        }
    }
    out
}

fn letter(c: char) -> Option<&'static str> {
    Some(match c {
        'ä' | 'æ' => "ae",
        'ö' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' | 'а' => "a",
        'ç' | 'ć' | 'č' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' | 'е' | 'ё' | 'э' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' | 'и' => "i",
        'ñ' | 'ń' | 'ň' | 'н' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' | 'ő' | 'о' => "o",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'ų' | 'у' => "u",
        'ý' | 'ÿ' | 'й' | 'ы' => "y",
        'š' | 'ś' | 'ş' | 'с' => "s",
        'ž' | 'ź' | 'ż' | 'з' => "z",
        'ł' | 'л' => "l",
        'ř' | 'р' => "r",
        'ť' | 'ţ' | 'т' => "t",
        'ď' | 'đ' | 'д' => "d",
        'ğ' | 'г' | 'ґ' => "g",
        'б' => "b",
        'в' => "v",
        'ж' => "zh",
        'к' => "k",
        'м' => "m",
        'п' => "p",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ю' => "yu",
        'я' => "ya",
        'і' => "i",
        'ї' => "yi",
        'є' => "ye",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_readable_unique_and_independent_of_their_place() {
        let mut ids = Ids::default();
        assert_eq!(ids.of("Stop the writers"), "stop-the-writers");
        assert_eq!(ids.of("Stop the writers"), "stop-the-writers-2");
        assert_eq!(ids.of("Übergabe prüfen"), "uebergabe-pruefen");
        assert_eq!(ids.of("Остановить сервис"), "ostanovit-servis");
        let first = ids.of("停止服务");
        assert!(first.starts_with("step-") && first.len() == 13, "{first}");
        assert_eq!(Ids::default().of("停止服务"), first);
        assert_ne!(ids.of("停止服务"), first);
        assert!(ids.of(&"word ".repeat(30)).len() <= 40);
    }
}
