//! Requests, against a small server of the test's own.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use holdpoint::domain::attempt::{Assignment, Ended, HttpWork, Work};
use holdpoint::domain::expect::{Expectation, Test};

use crate::workshop::{Workshop, assignment};

/// Answers each connection with the next of `answers`, and returns its address and what it was sent.
fn server(answers: Vec<&'static str>) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = String::new();
            let mut buffer = [0; 4096];
            while !request.contains("\r\n\r\n")
                || request.contains("POST") && !request.contains("BODY-END")
            {
                let read = stream.read(&mut buffer).unwrap();
                request += &String::from_utf8_lossy(&buffer[..read]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            asked.push(request);
        }
        asked
    });
    (address, asked)
}

fn get(url: String) -> Assignment {
    assignment(Work::Http(HttpWork {
        method: "GET".into(),
        url,
        headers: BTreeMap::new(),
        body: None,
    }))
}

#[test]
fn a_request_is_sent_and_its_answer_stored_and_judged() {
    let (address, asked) = server(vec![
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"UP\"}",
    ]);
    let shop = Workshop::new();
    let mut work = assignment(Work::Http(HttpWork {
        method: "POST".into(),
        url: format!("{address}/health?q=1"),
        headers: BTreeMap::from([("Authorization".into(), "Bearer ${MY_TOKEN}".into())]),
        body: Some("x=${MY_TOKEN}&y=${NOT_MINE} BODY-END".into()),
    }));
    work.secrets = vec!["MY_TOKEN".into()];
    work.expect = Some(Expectation {
        json: BTreeMap::from([("/status".into(), Test::Contains { text: "UP".into() })]),
        ..Expectation::default()
    });
    // A machine without certificate authorities can still speak without encryption.
    let env = [
        ("MY_TOKEN", "very-secret-token"),
        ("SSL_CERT_FILE", "/none"),
        ("SSL_CERT_DIR", "/none"),
    ];
    shop.launch_env("01.1", &work, &env);
    let outcome = shop.outcome("01.1");
    assert_eq!(outcome.ended, Ended::Passed, "{outcome:?}");
    assert_eq!(
        shop.output("01.1"),
        "HTTP/1.1 200 OK; application/json\n{\"status\":\"UP\"}"
    );
    let request = asked.join().unwrap().remove(0);
    assert!(request.starts_with("POST /health?q=1 HTTP/1.1\r\n"));
    assert!(
        request
            .to_lowercase()
            .contains("authorization: bearer very-secret-token\r\n")
    );
    assert!(request.ends_with("x=very-secret-token&y=${NOT_MINE} BODY-END"));
    assert!(!shop.everything("01.1").contains("very-secret-token"));
}

#[test]
fn an_answer_of_another_class_fails_and_polling_goes_on_until_it_holds() {
    let down =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwait";
    let up = "HTTP/1.1 204 No Content\r\n\r\n";
    let (address, _asked) = server(vec![down, down, up]);
    let shop = Workshop::new();
    let mut work = get(address);
    let outcome = shop.run(&work);
    assert_eq!(outcome.summary, "expected status 2xx, got 503");
    work.until_ms = Some(60_000);
    shop.launch("01.2", &work).unwrap();
    assert_eq!(shop.outcome("01.2").ended, Ended::Passed);
}

#[test]
fn who_does_not_answer_is_named() {
    let address = "127.0.0.1:1";
    let shop = Workshop::new();
    let outcome = shop.run(&get(format!("http://{address}/x")));
    assert!(
        outcome
            .summary
            .starts_with(&format!("http://{address}/x cannot be reached: ")),
        "{}",
        outcome.summary
    );
    assert!(
        outcome.summary.contains("Connection refused"),
        "{}",
        outcome.summary
    );

    shop.launch("01.2", &get("not an address".into())).unwrap();
    let outcome = shop.outcome("01.2");
    assert_eq!(outcome.ended, Ended::NotStarted);

    // It accepts, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut silent = get(format!("http://{}", listener.local_addr().unwrap()));
    silent.timeout_ms = Some(300);
    shop.launch("01.3", &silent).unwrap();
    assert_eq!(shop.outcome("01.3").ended, Ended::TimedOut);
}
