use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_mins(1), "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn server_process(sandbox: &Sandbox) -> PathBuf {
    let file = sandbox.dir().join("data/postmaster.pid");
    let text = std::fs::read_to_string(file).unwrap();
    PathBuf::from("/proc").join(text.lines().next().unwrap())
}

#[test]
fn a_sandbox_answers_over_its_socket_and_leaves_nothing_behind() {
    let server = any_server().unwrap();
    let sandbox = Sandbox::start(&server, Options::default()).unwrap();
    sandbox.create_database("odd \"name\"").unwrap();
    sandbox
        .execute(
            "odd \"name\"",
            "create table t (n int); insert into t values (1)",
        )
        .unwrap();
    let refused = sandbox
        .execute("postgres", "select * from missing")
        .unwrap_err();
    assert!(refused.to_string().contains("missing"), "{refused}");
    let (dir, process) = (sandbox.dir().to_owned(), server_process(&sandbox));
    sandbox.stop();
    assert!(!dir.exists() && !process.exists());
}

#[test]
fn over_tcp_a_wrong_password_is_refused() {
    let options = Options {
        password: Some("secret".to_owned()),
        listen: Listen::Loopback,
        ..Options::default()
    };
    let sandbox = Sandbox::start(&any_server().unwrap(), options).unwrap();
    sandbox.execute("postgres", "select 1").unwrap();
    let right = sandbox.url("postgres");
    assert!(
        right.starts_with("postgresql://postgres:secret@127.0.0.1:"),
        "{right}"
    );
    let Some(psql) = sandbox.binaries().tool("psql") else {
        return; // npm's package brings the server alone
    };
    let wrong = sandbox.url_as("postgres", "postgres", Some("guess"));
    let output = Command::new(psql)
        .args(["-c", "select 1", &wrong])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("password authentication failed"), "{said}");
}

#[test]
fn a_setting_the_server_refuses_is_told_from_its_log() {
    let options = Options::default().setting("shared_buffers", "plenty");
    let error = Sandbox::start(&any_server().unwrap(), options).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("it ended with") && text.contains("shared_buffers"),
        "{text}"
    );
}

/// Not a test of its own: the process that the next test kills.
#[test]
fn holder_of_a_sandbox() {
    if std::env::var_os("HOLDPOINT_TEST_HOLD_SANDBOX").is_none() {
        return;
    }
    let sandbox = Sandbox::start(&any_server().unwrap(), Options::default()).unwrap();
    let told = format!(
        "\nsandbox={}={}\n",
        sandbox.dir().display(),
        server_process(&sandbox).display()
    );
    std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn a_killed_owner_takes_its_server_along() {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "engine::sandbox::tests::holder_of_a_sandbox",
            "--nocapture",
        ])
        .env("HOLDPOINT_TEST_HOLD_SANDBOX", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let line = BufReader::new(holder.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .find(|line| line.starts_with("sandbox="))
        .unwrap();
    let mut parts = line.split('=').skip(1).map(PathBuf::from);
    let (dir, process) = (parts.next().unwrap(), parts.next().unwrap());
    assert!(dir.is_dir() && process.is_dir());
    holder.kill().unwrap();
    holder.wait().unwrap();
    wait_for("the server ends", || !process.exists());
    wait_for("its directory goes", || !dir.exists());
}

#[test]
fn a_shop_answers_and_its_forgotten_report_holds_the_invoices() {
    let shop = shop::Shop::open(&any_server().unwrap()).unwrap();
    let holders =
        "do $$ begin if (select count(*) from pg_locks l join pg_stat_activity a using (pid)
        where a.application_name = 'reporting' and a.state = 'idle in transaction'
          and l.relation = 'invoices'::regclass) <> 1 then raise 'no holder'; end if; end $$";
    shop.sandbox().execute("shop", holders).unwrap();
    let health = || {
        let address = shop.address().strip_prefix("http://").unwrap();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let request = b"GET /health HTTP/1.1\r\nHost: shop\r\n\r\n";
        std::io::Write::write_all(&mut stream, request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(health().contains(r#"{"status":"UP","newest_invoice":100000}"#));
    shop.sandbox()
        .execute("shop", "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'reporting'; alter table invoices rename to gone")
        .unwrap();
    let down = health();
    assert!(
        down.starts_with("HTTP/1.1 503 ") && down.contains("invoices"),
        "{down}"
    );
}
