//! What the user of a session may do in its database, roles that are switched on included: read off `SHOW GRANTS`, as
//! no table tells it to everybody.

use regex::Regex;

/// What `ALL PRIVILEGES` on a schema is made of.
const OF_SCHEMA: &[&str] = &[
    "ALTER",
    "ALTER ROUTINE",
    "CREATE",
    "CREATE ROUTINE",
    "CREATE TEMPORARY TABLES",
    "CREATE VIEW",
    "DELETE",
    "DROP",
    "EVENT",
    "EXECUTE",
    "INDEX",
    "INSERT",
    "LOCK TABLES",
    "REFERENCES",
    "SELECT",
    "SHOW VIEW",
    "TRIGGER",
    "UPDATE",
];
/// What comes to it on the whole server.
const OF_SERVER: &[&str] = &[
    "CREATE TABLESPACE",
    "CREATE USER",
    "FILE",
    "PROCESS",
    "RELOAD",
    "REPLICATION CLIENT",
    "REPLICATION SLAVE",
    "SHOW DATABASES",
    "SHUTDOWN",
    "SUPER",
];

/// Returns the rights that the lines of `SHOW GRANTS` give on the whole of `database`; those on single tables do not count.
pub(super) fn held(lines: &[String], database: &str) -> Vec<String> {
    let mut held: Vec<String> = Vec::new();
    for line in lines {
        if let Some(names) = names(line, "GRANT ", " TO ", database) {
            held.extend(names);
        }
    }
    // MySQL's partial revokes.
    for line in lines {
        if let Some(gone) = names(line, "REVOKE ", " FROM ", database) {
            held.retain(|name| !gone.contains(name));
        }
    }
    held.sort();
    held.dedup();
    held
}

/// Returns the names of rights that servers of the family know on a schema or the whole server.
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    OF_SCHEMA.iter().chain(OF_SERVER).copied()
}

fn names(line: &str, verb: &str, whom: &str, database: &str) -> Option<Vec<String>> {
    let (names, rest) = line.strip_prefix(verb)?.split_once(" ON ")?;
    let (object, _) = rest.split_once(whom)?;
    let server = object == "*.*";
    if !server && !covers(object.strip_suffix(".*")?, database) {
        return None;
    }
    let all = || known().take(if server { usize::MAX } else { OF_SCHEMA.len() });
    Some(if names.starts_with("ALL PRIVILEGES") {
        all().map(str::to_owned).collect()
    } else {
        names.split(',').map(|n| n.trim().to_owned()).collect()
    })
}

/// Whether a grant's schema, which may hold `_` and `%` for any character and any text, means `database`.
fn covers(schema: &str, database: &str) -> bool {
    let schema = schema.trim_matches(['`', '"']).replace("``", "`");
    let mut pattern = String::from("(?s)^");
    let mut chars = schema.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => pattern.push_str(".*"),
            '_' => pattern.push('.'),
            '\\' => {
                let next = chars.next().unwrap_or(c);
                pattern.push_str(&regex::escape(next.encode_utf8(&mut [0; 4])));
            }
            c => pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push('$');
    Regex::new(&pattern).is_ok_and(|schema| schema.is_match(database))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_on_the_whole_database_are_read_off_the_grants() {
        let lines = [
            "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*1' WITH GRANT OPTION",
            "GRANT SELECT, CREATE VIEW ON `sh\\_p%`.* TO `u`@`%`",
            "GRANT ALTER ON `other`.* TO `u`@`%`",
            "GRANT DROP ON `sh_ps`.`t` TO `u`@`%`",
            "GRANT EXECUTE ON PROCEDURE `sh_ps`.`p` TO `u`@`%`",
            "GRANT `r`@`%` TO `u`@`%`",
            "GRANT INDEX ON *.* TO `r`",
            "REVOKE SELECT ON `sh_ps`.* FROM `u`@`%`",
        ]
        .map(str::to_owned);
        assert_eq!(held(&lines, "sh_ps"), ["CREATE VIEW", "INDEX", "USAGE"]);
        let all = held(
            &["GRANT ALL PRIVILEGES ON `a`.* TO `u`@`%`".to_owned()],
            "a",
        );
        assert!(all.contains(&"DROP".to_owned()) && !all.contains(&"SUPER".to_owned()));
        assert!(
            held(&["GRANT ALL PRIVILEGES ON *.* TO `u`@`%`".to_owned()], "a")
                .contains(&"SUPER".to_owned())
        );
    }
}
