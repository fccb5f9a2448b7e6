//! What the family's own programs read before anything else: `[client]` in their option files.

use std::collections::BTreeMap;
use std::path::Path;

/// Sections that every client reads.
const SECTIONS: [&str; 3] = ["client", "client-server", "client-mariadb"];

/// Adds what the option file `text` gives clients; the last of a key wins. Keys have hyphens: `ssl-ca`.
pub(super) fn add(text: &str, settings: &mut BTreeMap<String, String>) {
    let mut ours = false;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.split(']').next()) {
            ours = SECTIONS.contains(&name.trim());
        } else if ours && !line.starts_with(['#', ';', '!']) {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            let key = key.trim().replace('_', "-").to_ascii_lowercase();
            if !key.is_empty() {
                settings.insert(key, unquoted(value.trim()));
            }
        }
    }
}

fn unquoted(value: &str) -> String {
    let inner = ['"', '\''].iter().find_map(|quote| {
        value
            .strip_prefix(*quote)
            .and_then(|rest| rest.split_once(*quote))
    });
    match inner {
        Some((inner, _)) => inner.to_owned(),
        // Outside of quotes a `#` begins a comment, as the programs have it.
        None => value.split(" #").next().unwrap_or(value).trim().to_owned(),
    }
}

/// A file that everybody may write is passed over, as the family's own programs do.
pub(super) fn is_trustworthy(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o002 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_clients_sections_are_read() {
        let mut found = BTreeMap::new();
        let text = "[mysqld]\nport=1\n[client]\nuser = me # who\npassword=\"a # b\"\n!include x\n[mysqldump]\nuser=you\n[client-server]\nsocket=/s";
        add(text, &mut found);
        let wanted = [("password", "a # b"), ("socket", "/s"), ("user", "me")];
        assert!(
            found
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .eq(wanted)
        );
    }
}
