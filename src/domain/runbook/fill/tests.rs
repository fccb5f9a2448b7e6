use super::*;
use crate::domain::runbook::sql::Quoting;

fn fills() -> Vec<(String, String)> {
    [("<host>", "host"), ("<id>", "id"), ("YOUR_DB", "your_db")]
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .into()
}

#[test]
fn a_placeholder_becomes_a_quoted_variable_wherever_it_stands() {
    for (script, wanted) in [
        ("ssh <host> uptime", "ssh \"${host}\" uptime"),
        (
            "echo \"on <host>\" '<id>'",
            "echo \"on ${host}\" ''\"${id}\"''",
        ),
        (
            "a=$(dig \"<host>\") # <host>\n",
            "a=$(dig \"${host}\") # <host>\n",
        ),
        (
            "psql user@<host>/YOUR_DB",
            "psql user@\"${host}\"/\"${your_db}\"",
        ),
        (
            "cat <<EOF\n<host>\nEOF\necho <id>",
            "cat <<EOF\n${host}\nEOF\necho \"${id}\"",
        ),
        (
            "echo \"$(echo ')' <id>)\" <id>",
            "echo \"$(echo ')' \"${id}\")\" \"${id}\"",
        ),
    ] {
        assert_eq!(
            shell(script, Dialect::Posix, &fills()).unwrap(),
            wanted,
            "{script}"
        );
    }
    for script in [
        "cat <<'EOF'\n<host>\nEOF",
        "echo `<host>`",
        "echo ${x:-<host>}",
        "echo $<host>",
    ] {
        assert!(shell(script, Dialect::Posix, &fills()).is_err(), "{script}");
    }
    assert_eq!(
        shell("Get-Item <host>", Dialect::Power, &fills()).unwrap(),
        "Get-Item ${env:host}"
    );
    assert!(shell("x '<host>'", Dialect::Power, &fills()).is_err());
    assert!(shell("x <host>", Dialect::Unknown, &fills()).is_err());
}

#[test]
fn in_sql_it_becomes_a_literal_or_a_name() {
    for (text, wanted) in [
        (
            "select * from <host> where id = <id>",
            "select * from ${host:ident} where id = ${id}",
        ),
        (
            "select '<id>', \"<host>\" -- <id>",
            "select ${id}, ${host:ident} -- <id>",
        ),
        (
            "grant all on a.<host> to b",
            "grant all on a.${host:ident} to b",
        ),
    ] {
        assert_eq!(
            statements(text, Quoting::Postgres, &fills()).unwrap(),
            wanted,
            "{text}"
        );
    }
    let mysql = Quoting::of(crate::domain::ready::Family::MySql);
    for (text, wanted) in [
        (
            "select \"<id>\", `<host>` # <id>",
            "select ${id}, ${host:ident} # <id>",
        ),
        ("select 'it\\'s', '<id>'", "select 'it\\'s', ${id}"),
        (
            "update <host> set a = <id>",
            "update ${host:ident} set a = ${id}",
        ),
    ] {
        assert_eq!(statements(text, mysql, &fills()).unwrap(), wanted, "{text}");
    }
    assert!(statements("select 'it\\' <id>'", mysql, &fills()).is_err());
    for text in ["select '%<id>%'", "select idx_<id>", "do $$ <id> $$"] {
        assert!(
            statements(text, Quoting::Postgres, &fills()).is_err(),
            "{text}"
        );
    }
}

#[test]
fn sql_that_needs_psql_is_known() {
    assert!(is_plain_sql("select 1; select 2", Quoting::Postgres));
    for text in [
        "\\d x",
        "-- only",
        "select 'x",
        "copy a from stdin",
        "select '${x}'",
    ] {
        assert!(!is_plain_sql(text, Quoting::Postgres), "{text}");
    }
}
