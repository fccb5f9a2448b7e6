use std::collections::BTreeMap;

use super::*;

fn dsn(text: &str, env: &[(&str, &str)], files: &[(&str, &str)]) -> Result<Dsn, DatabaseError> {
    let find = |list: &[(&str, &str)], key: &str| {
        let found = list.iter().find(|(k, _)| *k == key);
        found.map(|(_, v)| (*v).to_owned())
    };
    Dsn::resolve(
        text,
        &Surroundings {
            env: &|key| find(env, key),
            file: &|path| find(files, path.to_str().unwrap()),
            socket: &|| Some("/run/s".into()),
        },
    )
}

#[test]
fn printing_tells_everything_but_the_password() {
    let dsn = dsn("mysql://u:se%40cret@db1:3307/shop", &[], &[]).unwrap();
    assert_eq!(dsn.to_string(), "u@db1:3307/shop");
    assert_eq!(format!("{dsn:?}"), "Dsn(u@db1:3307/shop)");
    assert_eq!(dsn.password.as_deref(), Some("se@cret"));
}

#[test]
fn the_spellings_of_drivers_are_read() {
    for (text, wanted) in [
        ("mariadb://u@h/d", "u@h:3306/d"),
        (
            "jdbc:mysql://h:1/d?user=u&password=p&useSSL=false",
            "u@h:1/d",
        ),
        ("mysql+pymysql://u:p@h/d?charset=utf8mb4", "u@h:3306/d"),
        ("mysql2://u@[::1]:7/d", "u@[::1]:7/d"),
        ("mysql://u@/d?socket=%2Ftmp%2Fs", "u@/tmp/s/d"),
        ("mysql://u@localhost/d", "u@localhost:3306/d"),
        ("mysql://u@/d", "u@/run/s/d"),
    ] {
        assert_eq!(dsn(text, &[], &[]).unwrap().to_string(), wanted, "{text}");
    }
}

#[test]
fn what_is_not_given_comes_from_the_environment_then_from_the_option_files() {
    let env = [("HOME", "/h"), ("MYSQL_PWD", "x"), ("MYSQL_TCP_PORT", "7")];
    let files = [
        ("/etc/my.cnf", "[client]\nhost=db9\nuser=them\n"),
        ("/h/.my.cnf", "[client]\nuser=me\npassword=y\n"),
    ];
    let both = dsn("mysql:///shop", &env, &files).unwrap();
    assert_eq!(both.to_string(), "me@db9:7/shop");
    assert_eq!(both.password.as_deref(), Some("x"));
    let files_alone = dsn("mysql://db1/shop", &env[..1], &files).unwrap();
    assert_eq!(files_alone.to_string(), "me@db1:3306/shop");
    assert_eq!(files_alone.password.as_deref(), Some("y"));
}

#[test]
fn encryption_is_read_in_each_of_its_spellings() {
    let mode = |query: &str| {
        let text = format!("mysql://h/d?{query}");
        dsn(&text, &[], &[]).map(|dsn| dsn.ssl.mode)
    };
    assert_eq!(
        mode("sslMode=VERIFY_IDENTITY").unwrap(),
        Mode::VerifyIdentity
    );
    assert_eq!(mode("ssl-mode=verify-ca").unwrap(), Mode::VerifyCa);
    assert_eq!(mode("useSSL=false").unwrap(), Mode::Disabled);
    assert_eq!(mode("").unwrap(), Mode::Preferred);
    assert!(mode("sslmode=maybe").unwrap_err().said.contains("maybe"));
}

#[test]
fn what_means_nothing_here_is_named_and_what_is_wrong_is_refused() {
    let odd = dsn("mysql://h/d?serverTimezone=UTC", &[], &[]).unwrap();
    assert_eq!(odd.ignored(), ["servertimezone"]);
    for (text, why) in [
        ("mysql://h:99999/d", "99999"),
        ("mysql://a,b/d", "several hosts"),
        ("oracle://h/d", "no MySQL"),
    ] {
        let error = dsn(text, &[], &[]).unwrap_err();
        assert!(error.said.contains(why), "{text}: {}", error.said);
    }
}

#[test]
fn the_familys_programs_find_the_same_server() {
    let dsn = dsn("mysql://u:p@h:7/d", &[], &[]).unwrap();
    let env: BTreeMap<_, _> = dsn.environment().into_iter().collect();
    assert_eq!(env["MYSQL_HOST"], "h");
    assert_eq!(env["MYSQL_TCP_PORT"], "7");
    assert_eq!(env["MYSQL_PWD"], "p");
    assert_eq!(env["HOLDPOINT_DB_USER"], "u");
}
