//! Connection strings taken apart as libpq does: URLs, `key=value` text, service files.

use crate::engine::database::address::{Address, Settings};

/// Takes a connection string apart. What is said of a fault never holds the string: it may hold a password.
pub(super) fn read(text: &str) -> Result<Settings, String> {
    let text = text.trim();
    let text = text.strip_prefix("jdbc:").unwrap_or(text);
    match text.split_once("://") {
        Some((scheme, rest)) if is_postgres(scheme) => url(rest),
        Some((scheme, _)) if !scheme.contains(['=', ' ']) => Err(format!(
            "`{scheme}://` is no PostgreSQL address: it begins with postgresql://"
        )),
        _ => keywords(text),
    }
}

/// `postgres`, `postgresql`, and what `SQLAlchemy` makes of them: `postgresql+psycopg2`.
fn is_postgres(scheme: &str) -> bool {
    let base = scheme.split('+').next().unwrap_or_default();
    base == "postgres" || base == "postgresql"
}

fn url(rest: &str) -> Result<Settings, String> {
    let mut settings = Address::read(rest)?.settings("dbname");
    if settings.get("ssl").is_some_and(|v| v == "true") {
        settings.insert("sslmode".into(), "require".into());
    }
    Ok(settings)
}

/// `key = value key='va\'lue'`
fn keywords(text: &str) -> Result<Settings, String> {
    let mut settings = Settings::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or(
            "the connection string is neither an address (postgresql://…) nor made of `key=value`",
        )?;
        let key = key.trim();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err("a key in the connection string has no `=`".to_owned());
        }
        let (value, after) = keyword_value(after.trim_start())
            .ok_or_else(|| format!("the quote after `{key}=` is never closed"))?;
        settings.insert(key.to_owned(), value);
        rest = after.trim_start();
    }
    Ok(settings)
}

fn keyword_value(text: &str) -> Option<(String, &str)> {
    let (quoted, body) = match text.strip_prefix('\'') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let mut value = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            '\'' if quoted => return Some((value, &body[at + 1..])),
            c if c.is_whitespace() && !quoted => return Some((value, &body[at..])),
            c => value.push(c),
        }
    }
    (!quoted).then_some((value, ""))
}

/// Returns the settings of `[service]` in the text of a service file.
pub(super) fn service(file: &str, service: &str) -> Option<Settings> {
    let mut found: Option<Settings> = None;
    for line in file.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            if found.is_some() {
                return found;
            }
            found = (name == service).then(Settings::new);
        } else if let (Some(settings), Some((key, value))) = (&mut found, line.split_once('=')) {
            settings.insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }
    found
}

/// Returns the password that the text of a password file has for a connection.
pub(super) fn password(file: &str, wanted: [&str; 4]) -> Option<String> {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(fields).find_map(|fields| {
        let [password, pattern @ ..] = {
            let [host, port, database, user, password] = fields;
            [password, host, port, database, user]
        };
        let fits = pattern.iter().zip(wanted).all(|(p, w)| p == "*" || p == w);
        fits.then_some(password)
    })
}

fn fields(line: &str) -> Option<[String; 5]> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ':' if fields.len() < 5 => fields.push(String::new()),
            '\\' => fields.last_mut()?.extend(chars.next()),
            c => fields.last_mut()?.push(c),
        }
    }
    fields.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let settings = read(text).unwrap();
        let pairs = settings.iter().map(|(k, v)| format!("{k}={v}"));
        pairs.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn addresses_are_taken_apart() {
        for (text, settings) in [
            ("postgres://", ""),
            ("postgresql://db1", "host=db1"),
            (
                "postgresql+psycopg2://a%40b:p%3Aw@db1:5433/shop?sslmode=require&schema=public",
                "dbname=shop host=db1 password=p:w port=5433 schema=public sslmode=require user=a@b",
            ),
            (
                "postgres://u:p@ss@db1/x",
                "dbname=x host=db1 password=p@ss user=u",
            ),
            ("postgres://[::1]:5433/x", "dbname=x host=::1 port=5433"),
            ("postgres://a:1,b/x", "dbname=x host=a,b port=1,"),
            (
                "postgres://u@/x?host=/run/pg",
                "dbname=x host=/run/pg user=u",
            ),
            ("postgres://%2Frun%2Fpg/x", "dbname=x host=/run/pg"),
            (
                "jdbc:postgresql://db1/x?ssl=true",
                "dbname=x host=db1 ssl=true sslmode=require",
            ),
        ] {
            assert_eq!(said(text), settings, "{text}");
        }
    }

    #[test]
    fn keywords_are_taken_apart() {
        assert_eq!(
            said(r"host = db1 password='p w\'x' dbname=a\ b user=u"),
            "dbname=a b host=db1 password=p w'x user=u"
        );
        assert_eq!(said("service=prod"), "service=prod");
    }

    #[test]
    fn faults_are_said_without_the_string() {
        for (text, part) in [
            ("mysql://u:secret@h/x", "no PostgreSQL address"),
            ("secret", "neither an address"),
            ("host=a password='secret", "never closed"),
            ("postgres://u:secret%@h/x", "two hex digits"),
            ("postgres://[::1/x", "no `]`"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(part) && !why.contains("secret"), "{why}");
        }
    }

    #[test]
    fn a_service_is_found_in_its_file() {
        let file = "# x\n[test]\nhost=a\n\n[prod]\nhost = db1\nuser=u\n[other]\nhost=c\n";
        let prod = service(file, "prod").unwrap();
        assert_eq!(prod["host"], "db1");
        assert_eq!(prod.len(), 2);
        assert_eq!(service(file, "nope"), None);
    }

    #[test]
    fn a_password_is_found_by_the_first_line_that_fits() {
        let file = "# c\ndb1:5432:shop:u:one\n*:*:*:u:two\\:x\nbroken\n";
        let found = |host| password(file, [host, "5432", "shop", "u"]);
        assert_eq!(found("db1").as_deref(), Some("one"));
        assert_eq!(found("db2").as_deref(), Some("two:x"));
        assert_eq!(password(file, ["db2", "1", "shop", "v"]), None);
    }
}
