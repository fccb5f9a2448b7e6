//! The page that tells whether the shop is up: a real question to its database for every request.

use std::io;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::engine::sandbox::shop::programs::connect;

/// How long a customer waits for the invoices before they give up.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many bytes of a request are read.
const REQUEST_CAP: usize = 8 * 1024;

/// Listens on a free port of 127.0.0.1 and returns its address, `http://127.0.0.1:PORT`.
pub(super) async fn listen(url: &str, tasks: &mut JoinSet<()>) -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = format!("http://{}", listener.local_addr()?);
    tasks.spawn(serve(listener, url.to_owned()));
    Ok(address)
}

/// Answers one request after the other until it is dropped.
async fn serve(listener: TcpListener, url: String) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            // A customer who hangs up early is nobody's fault.
            let _ = timeout(PATIENCE * 3, answer(stream, &url)).await;
        }
    }
}

async fn answer(mut stream: TcpStream, url: &str) -> io::Result<()> {
    let request = read_request(&mut stream).await?;
    let (status, body) = if request.starts_with("GET /health ") {
        health(url).await
    } else {
        (
            "404 Not Found",
            r#"{"error":"there is only GET /health"}"#.to_owned(),
        )
    };
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}

/// Reads until the empty line after the headers, the end, or the cap.
async fn read_request(stream: &mut TcpStream) -> io::Result<String> {
    let mut request = Vec::new();
    let mut part = [0; 1024];
    while request.len() < REQUEST_CAP && !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream.read(&mut part).await?;
        if count == 0 {
            break;
        }
        request.extend_from_slice(&part[..count]);
    }
    Ok(String::from_utf8_lossy(&request).into_owned())
}

async fn health(url: &str) -> (&'static str, String) {
    let answer = timeout(PATIENCE, newest_invoice(url)).await;
    let told = match answer {
        Ok(Ok(invoice)) => {
            return (
                "200 OK",
                serde_json::json!({"status": "UP", "newest_invoice": invoice}).to_string(),
            );
        }
        Ok(Err(e)) => e.to_string(),
        Err(_) => format!(
            "the invoices did not answer within {} s",
            PATIENCE.as_secs()
        ),
    };
    let body = serde_json::json!({"status": "DOWN", "why": told});
    ("503 Service Unavailable", body.to_string())
}

async fn newest_invoice(url: &str) -> Result<i64, sqlx::Error> {
    let mut session = connect(url, "web health").await?;
    // Without it the server would go on waiting for us after we have given up.
    let limit = format!("set statement_timeout = {}", PATIENCE.as_millis());
    session.execute(sqlx::raw_sql(AssertSqlSafe(limit))).await?;
    let row = sqlx::query("select max(id) from invoices")
        .fetch_one(&mut session)
        .await?;
    row.try_get(0)
}
