//! Which words name a role that signs, and which do not.

use crate::domain::import::words;

/// Words of a sign-off that are no role.
const SIGNED: &[&str] = &[
    "sign-off",
    "signoff",
    "sign off",
    "signed off by",
    "signed off",
    "signs off",
    "approval",
    "approved by",
    "approved",
    "approves",
    "approve",
    "signature",
    "signed",
    "freigabe durch",
    "freigabe",
    "freigegeben",
    "genehmigt",
    "unterschrift",
    "abnahme durch",
    "abnahme",
    "approbation",
    "approuvé par",
    "approuvé",
    "validation",
    "validé par",
    "visa",
    "aprobación de",
    "aprobación",
    "aprobado por",
    "aprobado",
    "firma de",
    "firma",
    "aprovação de",
    "aprovação",
    "aprovado por",
    "aprovado",
    "assinatura",
    "подпись",
    "утверждено",
    "согласовано",
    "签字",
    "签名",
    "审批",
    "批准",
    "確認",
    "承認",
    "署名",
];

/// Words around a role that are no part of it.
const FILLERS: &[&str] = &[
    "du", "de", "la", "le", "el", "do", "da", "o", "a", "by", "from", "the", "has", "have",
    "given", "obtained", "received", "is", "durch", "von", "par", "por", "des", "der", "die",
];

/// Words of which a role is made, where nothing else says that it is one.
const ROLE_WORDS: &[&str] = &[
    "owner*",
    "lead*",
    "manager*",
    "dba*",
    "engineer*",
    "admin*",
    "architect*",
    "director*",
    "officer*",
    "head",
    "team",
    "qa",
    "security",
    "product",
    "operations",
    "operator*",
    "ops",
    "devops",
    "sre",
    "dev",
    "developer*",
    "tester*",
    "sponsor*",
    "stakeholder*",
    "support",
    "business",
    "legal",
    "compliance",
    "reviewer*",
    "approver*",
    "coordinator*",
    "commander*",
    "cto",
    "ceo",
    "cio",
    "ciso",
    "cfo",
    "vp",
    "analyst*",
    "customer*",
    "release",
    "management",
    "executor*",
    "on-call",
    "leiter*",
    "leitung",
    "betrieb",
    "verantwortlich*",
    "entwickl*",
    "fachbereich",
    "datenschutz*",
    "projektleit*",
    "auftraggeber*",
    "prüfer*",
    "administrator*",
    "responsable*",
    "chef*",
    "directeur*",
    "directrice",
    "équipe",
    "exploitation",
    "métier",
    "ingénieur*",
    "exploitant*",
    "director*",
    "jefe*",
    "jefa",
    "equipo",
    "líder*",
    "gerente*",
    "ingenier*",
    "operaciones",
    "desarroll*",
    "negocio",
    "seguridad",
    "responsável",
    "gestor*",
    "engenheir*",
    "equipe",
    "operações",
    "coordenador*",
    "desenvolv*",
    "segurança",
    "negócio",
    "руковод*",
    "менеджер*",
    "инженер*",
    "администратор*",
    "владелец*",
    "директор*",
    "тимлид*",
    "дба",
    "ответственн*",
    "начальник*",
    "разработ*",
    "тестир*",
    "负责人",
    "经理",
    "主管",
    "工程师",
    "运维",
    "测试",
    "产品",
    "总监",
    "管理员",
    "开发",
    "责任人",
    "責任者",
    "担当",
    "マネージャ",
    "リーダー",
    "部長",
    "課長",
    "管理者",
    "承認者",
    "運用",
    "開発",
];

/// Words that say who signs: `by`, `durch`.
const BY: &[&str] = &[" by ", " durch ", " par ", " por ", " von "];

/// Words beside a signature that are no role.
const FIELDS: &[&str] = &[
    "date",
    "time",
    "name",
    "comments",
    "comment",
    "notes",
    "note",
    "remarks",
    "signature",
    "status",
    "decision",
    "reason",
    "result",
    "results",
    "conditions",
    "version",
    "type",
    "value",
    "purpose",
    "duration",
    "rationale",
    "location",
    "place",
    "title",
    "email",
    "print name",
    "approved",
    "rejected",
    "datum",
    "uhrzeit",
    "ort",
    "unterschrift",
    "bemerkung",
    "bemerkungen",
    "kommentar",
    "entscheidung",
    "grund",
    "heure",
    "nom",
    "lieu",
    "commentaire",
    "commentaires",
    "décision",
    "fecha",
    "hora",
    "nombre",
    "lugar",
    "comentarios",
    "observaciones",
    "decisión",
    "firma",
    "data",
    "nome",
    "local",
    "comentários",
    "observações",
    "decisão",
    "assinatura",
    "дата",
    "время",
    "имя",
    "фио",
    "подпись",
    "комментарий",
    "комментарии",
    "примечание",
    "примечания",
    "решение",
    "место",
    "日期",
    "时间",
    "姓名",
    "备注",
    "签名",
    "签字",
    "意见",
    "日付",
    "日時",
    "氏名",
    "備考",
    "署名",
    "コメント",
];

/// Whether a word beside a signature is a field of it: date, name, remarks.
pub fn is_date(role: &str) -> bool {
    let lower = role.to_lowercase();
    let mut parts = lower.split([',', '/', '&']).map(str::trim);
    parts.all(|part| FIELDS.contains(&part) || part.is_empty())
}

/// Whether a text can be the role of a signature in a table.
pub fn may_sign(role: &str) -> bool {
    role.chars().any(char::is_alphabetic)
        && role.chars().count() <= 60
        && !role.starts_with(['[', '(', '<', '{'])
        && !is_date(role)
}

/// Whether a name stands behind it in brackets: `Release manager (Anna)`.
fn names_somebody(title: &str) -> bool {
    let name = title.trim_end().strip_suffix([')', '）']);
    let name = name.and_then(|t| t.rsplit_once(['(', '（']));
    name.is_some_and(|(_, who)| {
        let words = who.split(' ');
        words.clone().count() <= 3 && words.into_iter().all(|w| w.starts_with(char::is_uppercase))
    })
}

/// The role that a box in a list of approvals is: `QA lead`, `Database Administrator`.
pub fn bare_role(title: &str) -> Option<String> {
    let words_of: Vec<&str> = title.split_whitespace().collect();
    let named = |word: &str| words::any(&word.to_lowercase(), ROLE_WORDS);
    let last = words_of.last()?;
    let titled = words_of.iter().all(|w| w.starts_with(char::is_uppercase));
    let good = words_of.len() <= 4
        && named(last)
        && (words_of.iter().all(|w| named(w)) || titled && words_of.len() > 1);
    (good && may_sign(title)).then(|| title.to_owned())
}

/// The role in `DBA: ____`, `QA sign-off`, `Approved by the product owner`, `Approved: head of finance`.
pub fn role_in(title: &str) -> Option<String> {
    let parts = title.split(['_', ':', '：', '(', '（', '@']);
    let mut signed = false;
    let mut role = String::new();
    for part in parts.filter(|part| part.chars().any(char::is_alphanumeric)) {
        let part = [" – ", " — ", " - "]
            .iter()
            .fold(part, |part, dash| part.split(dash).next().unwrap_or(part));
        let (left, found) = unsigned(part);
        signed |= found;
        role = left;
        if !role.is_empty() {
            break;
        }
    }
    let lower = format!(" {} ", title.to_lowercase());
    let named = title.contains("___")
        || names_somebody(title)
        || (signed || title.contains([':', '：']))
            && (BY.iter().any(|by| lower.contains(by))
                || words::any(&role.to_lowercase(), ROLE_WORDS));
    let good =
        named && may_sign(&role) && role.split(' ').count() <= 5 && role.chars().count() <= 48;
    good.then_some(role)
}

/// Takes the words of a sign-off and what joins them out of a text; says whether there were any.
fn unsigned(text: &str) -> (String, bool) {
    let mut role = format!(" {} ", text.trim());
    let mut found = false;
    for word in SIGNED {
        let lower = role.to_lowercase();
        let padded = if word.chars().all(|c| c < '\u{3000}') {
            format!(" {word} ")
        } else {
            (*word).to_owned()
        };
        if lower.len() == role.len()
            && let Some(at) = lower.find(&padded)
        {
            role.replace_range(at..at + padded.len(), " ");
            found |= padded.chars().count() > 3;
        }
    }
    let filler = |word: &&str| FILLERS.contains(&word.to_lowercase().as_str());
    let mut left: Vec<&str> = role.split_whitespace().skip_while(filler).collect();
    while left.last().is_some_and(filler) {
        left.pop();
    }
    let role = left.join(" ");
    let role = role.trim_matches(['-', '–', '*', ',', '.', '[', ']', ' ']);
    (role.to_owned(), found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_found_in_lines_of_sign_offs() {
        for (text, wanted) in [
            ("DBA: ________", "DBA"),
            ("QA sign-off", "QA"),
            ("Approved by the product owner", "product owner"),
            ("Freigabe durch Betrieb", "Betrieb"),
            ("Release manager (Anna)", "Release manager"),
            ("技術責任者：____", "技術責任者"),
            ("Утверждено: руководитель смены", "руководитель смены"),
            ("Aprobado por el jefe de turno", "jefe de turno"),
            ("Gerente de operações: ____", "Gerente de operações"),
            (
                "Responsable d'exploitation : ____",
                "Responsable d'exploitation",
            ),
        ] {
            assert_eq!(role_in(text).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "All of the people who were in the meeting on Tuesday agree",
            "Known issues: none",
            "Date: ____",
            "Place, Date: ____",
            "Unit tests: all green",
            "Code review approved",
        ] {
            assert_eq!(role_in(text), None, "{text}");
        }
        for text in ["QA lead", "Database Administrator", "DBA", "产品经理"] {
            assert!(bare_role(text).is_some(), "{text}");
        }
        for text in [
            "Notify support",
            "Tests are green",
            "Team is informed of it all",
        ] {
            assert_eq!(bare_role(text), None, "{text}");
        }
    }
}
