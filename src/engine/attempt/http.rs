//! A request.

use std::env;
use std::error::Error;
use std::fmt::Write as _;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Request, Response, Url};

use crate::domain::attempt::HttpWork;
use crate::domain::expect::Seen;
use crate::engine::attempt::ending::{Ending, How};
use crate::engine::attempt::orders::Orders;
use crate::engine::attempt::output::{Output, Stream};

/// Sends a request and takes the whole response.
pub async fn run(
    work: &HttpWork,
    secrets: &[String],
    output: &mut Output,
    orders: &mut Orders,
) -> Ending {
    let (client, request) =
        match request(work, secrets).and_then(|request| Ok((client(request.url())?, request))) {
            Ok(ready) => ready,
            Err(why) => return Ending::not_started(why),
        };
    let place = place(request.url());
    let mut seen = Seen::default();
    let exchanged = tokio::select! {
        stop = orders.stopped() => Err(How::Stopped(stop)),
        done = exchange(&client, request, output, &mut seen) => done.map_err(|err| How::Failed(sentence(&place, err))),
    };
    output.flush();
    let body = output.kept(Stream::Out);
    if let Err(How::Failed(why)) = &exchanged {
        output.say(why);
    }
    seen.body = exchanged.is_ok().then(|| body.clone());
    Ending {
        how: exchanged.err().unwrap_or(How::Done),
        seen,
        texts: vec![body],
        ..Ending::default()
    }
}

fn client(url: &Url) -> Result<Client, String> {
    // Only the first call can set it, and there is only this one provider.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let agent = concat!("holdpoint/", env!("CARGO_PKG_VERSION"));
    let builder = || Client::builder().user_agent(agent);
    let no_client = |err: reqwest::Error| format!("no request can be made: {}", chain(&err));
    match builder().build() {
        Ok(client) => Ok(client),
        // A machine without any certificate authority can still speak without encryption.
        Err(_) if url.scheme() == "http" => builder().tls_certs_only([]).build().map_err(no_client),
        Err(err) => Err(no_client(err)),
    }
}

fn request(work: &HttpWork, secrets: &[String]) -> Result<Request, String> {
    let url = expanded(&work.url, secrets)?;
    let url = Url::parse(&url).map_err(|err| format!("{} is no address: {err}", work.url))?;
    let method = Method::from_bytes(work.method.as_bytes())
        .map_err(|_| format!("{} is no method", work.method))?;
    let mut request = Request::new(method, url);
    *request.headers_mut() = headers(work, secrets)?;
    if let Some(body) = &work.body {
        *request.body_mut() = Some(expanded(body, secrets)?.into());
    }
    Ok(request)
}

fn headers(work: &HttpWork, secrets: &[String]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &work.headers {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("{name} is no header's name"))?;
        let mut value = HeaderValue::from_str(&expanded(value, secrets)?)
            .map_err(|_| format!("the value of the header {name} holds what no header may hold"))?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok(headers)
}

async fn exchange(
    client: &Client,
    request: Request,
    output: &mut Output,
    seen: &mut Seen,
) -> Result<(), reqwest::Error> {
    let mut response = client.execute(request).await?;
    seen.status = Some(response.status().as_u16());
    output.print(Stream::Out, status_line(&response).as_bytes());
    while let Some(piece) = response.chunk().await? {
        output.take(Stream::Out, &piece);
    }
    Ok(())
}

fn status_line(response: &Response) -> String {
    let status = response.status();
    let mut line = format!("{:?} {}", response.version(), status.as_u16());
    if let Some(reason) = status.canonical_reason() {
        let _ = write!(line, " {reason}");
    }
    if let Some(kind) = response
        .headers()
        .get("content-type")
        .and_then(|v| v.to_str().ok())
    {
        let _ = write!(line, "; {kind}");
    }
    line + "\n"
}

/// Puts in the values of secrets; what else looks like a variable was expanded before and is text.
fn expanded(text: &str, secrets: &[String]) -> Result<String, String> {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        done.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) if secrets.iter().any(|s| s == name) => {
                let value = env::var(name)
                    .map_err(|_| format!("the secret {name} is not set in the environment"))?;
                done.push_str(&value);
                rest = tail;
            }
            Some(_) | None => {
                done.push_str("${");
                rest = after;
            }
        }
    }
    done.push_str(rest);
    Ok(done)
}

/// The address without what may be secret in it.
fn place(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

fn sentence(place: &str, err: reqwest::Error) -> String {
    let what = if err.is_connect() {
        "cannot be reached"
    } else if err.is_redirect() {
        "sends from one place to the next without end"
    } else if err.is_body() || err.is_decode() {
        "broke off in the middle of its answer"
    } else {
        "did not answer"
    };
    format!("{place} {what}: {}", chain(&err.without_url()))
}

/// The causes of an error, the outermost first, each said once; layers that only name themselves are left out.
fn chain(err: &dyn Error) -> String {
    const LAYERS: [&str; 6] = [
        "error sending request",
        "client error (Connect)",
        "tcp connect error",
        "dns error",
        "builder error",
        "error resolving DNS",
    ];
    let mut said = String::new();
    let mut cause = Some(err);
    while let Some(err) = cause {
        let text = err.to_string();
        if !said.contains(&text) && !LAYERS.contains(&text.as_str()) {
            let colon = if said.is_empty() { "" } else { ": " };
            let _ = write!(said, "{colon}{text}");
        }
        cause = err.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_are_put_in() {
        let secrets = ["PATH".to_owned(), "HOLDPOINT_NEVER_SET".to_owned()];
        let path = env::var("PATH").unwrap();
        assert_eq!(
            expanded("a ${PATH} ${HOME} ${", &secrets).unwrap(),
            format!("a {path} ${{HOME}} ${{")
        );
        assert!(
            expanded("${HOLDPOINT_NEVER_SET}", &secrets)
                .unwrap_err()
                .contains("HOLDPOINT_NEVER_SET")
        );
    }
}
