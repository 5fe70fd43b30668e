//! Requests over HTTP/1.1, as LWP::UserAgent makes them for the reference (`PVE::Network::SDN::api_request`): redirects of
//! GET followed, through a proxy where there is one.

use std::error::Error as _;
use std::future::Future;
use std::io::ErrorKind;
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::pin;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::ext::ReasonPhrase;
use hyper::header::{CONTENT_LENGTH, HOST, LOCATION, USER_AGENT};
use hyper::{Method, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::api::{Request, Response};
use crate::proxy::Proxies;
use crate::{Error, Interrupted, tls};

/// How long the reference waits for the next sign of life.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Longest time between two calls of the caller's check.
const SLICE: Duration = Duration::from_millis(50);

/// How many redirects LWP::UserAgent follows.
const REDIRECTS: usize = 7;

/// More than any answer of these servers.
const BODY_LIMIT: usize = 64 << 20;

/// Sends a request and waits for the answer.
pub(crate) fn send(
    request: &Request,
    proxies: &Proxies,
    interrupt: &mut dyn FnMut() -> Result<(), Interrupted>,
) -> Result<Response, Error> {
    let mut url = request.url.clone();
    let mut redirects = 0;
    loop {
        let target = Target::parse(&url)?;
        // Looked up here, as the runtime would start a thread for it.
        let proxy = proxies.of(&target.scheme, &target.host);
        let proxy = proxy.map(Target::parse).transpose()?;
        let peer = proxy.as_ref().unwrap_or(&target);
        let addresses = peer.addresses()?;
        let exchange = exchange(request, &target, proxy.as_ref(), addresses);
        let (response, location) = block_on(exchange, interrupt)??;
        let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
        match location {
            Some(location) if is_redirect && request.method == "GET" && redirects < REDIRECTS => {
                redirects += 1;
                url = target.resolve(&location);
            }
            _ => return Ok(response),
        }
    }
}

/// Runs a future on this thread, leaving the runtime every 50 ms at least for the caller's check: a Perl signal handler
/// may need a runtime of its own.
fn block_on<T>(
    future: impl Future<Output = T>,
    interrupt: &mut dyn FnMut() -> Result<(), Interrupted>,
) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| refused(&error.to_string()))?;
    let mut future = pin!(future);
    loop {
        let slice = async { timeout(SLICE, future.as_mut()).await };
        if let Ok(result) = runtime.block_on(slice) {
            return Ok(result);
        }
        interrupt().map_err(|Interrupted| Error::Interrupted)?;
    }
}

fn refused(message: &str) -> Error {
    Error::Refused { code: 500, message: message.to_owned() }
}

/// What LWP says where the time is up.
async fn in_time<T>(future: impl Future<Output = T>, else_say: &str) -> Result<T, Error> {
    timeout(TIMEOUT, future).await.map_err(|_| refused(else_say))
}

/// The parts of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    scheme: String,
    host: String,
    port: u16,
    path: String,
}

impl Target {
    fn parse(url: impl AsRef<str>) -> Result<Target, Error> {
        let url = escape(url.as_ref());
        let unusable = |code, message: &str| Error::Refused { code, message: message.to_owned() };
        if url.is_empty() {
            return Err(unusable(400, "URL missing"));
        }
        let uri: Option<Uri> = url.parse().ok();
        let parts = uri.as_ref().and_then(|uri| Some((uri, uri.scheme_str()?, uri.host()?)));
        let (uri, scheme, host) = parts.ok_or_else(|| unusable(400, "URL must be absolute"))?;
        let port = match (scheme, uri.port_u16()) {
            ("http" | "https", Some(port)) => port,
            ("http", None) => 80,
            ("https", None) => 443,
            _ => {
                let text = format!("Access to '{scheme}' URIs has been disabled");
                return Err(unusable(500, &text));
            }
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Target {
            scheme: scheme.to_owned(),
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            path: path.to_owned(),
        })
    }

    fn is_tls(&self) -> bool {
        self.scheme == "https"
    }

    /// Host and port as they stand in a URL, the port always.
    fn authority(&self) -> String {
        let (host, port) = (&self.host, self.port);
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    fn url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority(), self.path)
    }

    /// Where a redirect leads.
    fn resolve(&self, location: &str) -> String {
        let (scheme, authority) = (&self.scheme, self.authority());
        if location.contains("://") {
            location.to_owned()
        } else if location.starts_with("//") {
            format!("{scheme}:{location}")
        } else if location.starts_with('/') {
            format!("{scheme}://{authority}{location}")
        } else {
            let path = self.path.split('?').next().unwrap_or_default();
            let folder = path.rfind('/').map_or("/", |end| &path[..=end]);
            format!("{scheme}://{authority}{folder}{location}")
        }
    }

    fn cannot_connect(&self, why: &str) -> Error {
        refused(&format!("Can't connect to {} ({why})", self.authority()))
    }

    fn addresses(&self) -> Result<Vec<SocketAddr>, Error> {
        let found = (self.host.as_str(), self.port).to_socket_addrs();
        found.map(Iterator::collect).map_err(|error| {
            let text = error.to_string();
            let why = text.rsplit(": ").next().unwrap_or_default();
            self.cannot_connect(why)
        })
    }
}

/// Escapes what may not stand in a URL, as URI.pm does.
fn escape(url: &str) -> String {
    let mut escaped = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~!*'();:@&=+$,/?#[]%".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// One request and its answer, with where it redirects to.
async fn exchange(
    request: &Request,
    target: &Target,
    proxy: Option<&Target>,
    addresses: Vec<SocketAddr>,
) -> Result<(Response, Option<String>), Error> {
    let peer = proxy.unwrap_or(target);
    let mut stream = connect(peer, &addresses).await?;
    if !target.is_tls() {
        return converse(stream, request, target, proxy.is_some()).await;
    }
    if proxy.is_some() {
        open_tunnel(&mut stream, target).await?;
    }
    let fingerprint = request.fingerprint.as_deref();
    let secured = tls::connect(stream, &target.host, fingerprint);
    let secured = timeout(TIMEOUT, secured).await;
    let secured = secured.unwrap_or_else(|_| Err("SSL connect attempt timed out".to_owned()));
    let secured = secured.map_err(|why| target.cannot_connect(&why))?;
    converse(secured, request, target, false).await
}

async fn connect(peer: &Target, addresses: &[SocketAddr]) -> Result<TcpStream, Error> {
    let mut why = "no address".to_owned();
    for address in addresses {
        match timeout(TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => why = system_text(&error),
            Err(_) => why = "Connection timed out".to_owned(),
        }
    }
    Err(peer.cannot_connect(&why))
}

fn system_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error ").next().unwrap_or_default().to_owned()
}

/// Has a proxy connect to the server.
async fn open_tunnel(stream: &mut TcpStream, target: &Target) -> Result<(), Error> {
    let authority = target.authority();
    let greeting = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    let lost = |error: std::io::Error| target.cannot_connect(&system_text(&error));
    in_time(stream.write_all(greeting.as_bytes()), "write timeout").await?.map_err(lost)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = in_time(stream.read_u8(), "read timeout").await?.map_err(lost)?;
        head.push(byte);
        if head.len() > 16_384 {
            return Err(lost(ErrorKind::InvalidData.into()));
        }
    }
    let head = String::from_utf8_lossy(&head);
    let status = head.lines().next().unwrap_or_default();
    let mut words = status.splitn(3, ' ').skip(1);
    match (words.next().and_then(|code| code.parse().ok()), words.next()) {
        (Some(200..=299), _) => Ok(()),
        (Some(code), message) => {
            Err(Error::Refused { code, message: message.unwrap_or_default().to_owned() })
        }
        (None, _) => Err(lost(ErrorKind::InvalidData.into())),
    }
}

async fn converse<S>(
    stream: S,
    request: &Request,
    target: &Target,
    whole_url: bool,
) -> Result<(Response, Option<String>), Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    const NO_DATA: &str = "Server closed connection without sending any data back";
    let (mut sender, connection) = http1::Builder::new()
        .title_case_headers(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| refused(&error.to_string()))?;
    // Its errors reach the sender.
    tokio::spawn(async { drop(connection.await) });
    let message = message(request, target, whole_url)?;
    let answered = in_time(sender.send_request(message), "read timeout").await?;
    let answer = answered.map_err(|error| match error.is_incomplete_message() {
        true => refused(NO_DATA),
        false => refused(&error.to_string()),
    })?;
    let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.map(str::to_owned);
    let status = answer.status();
    let reason = match answer.extensions().get::<ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => status.canonical_reason().unwrap_or_default().to_owned(),
    };
    let body = body(answer.into_body()).await?;
    Ok((Response { status: status.as_u16(), reason, body }, location))
}

fn message(
    request: &Request,
    target: &Target,
    whole_url: bool,
) -> Result<hyper::Request<Full<Bytes>>, Error> {
    let unusable = |why: &str| Error::Refused { code: 400, message: why.to_owned() };
    let method: Method = request.method.parse().map_err(|_| unusable("bad method"))?;
    let uri = if whole_url { target.url() } else { target.path.clone() };
    let is_default = matches!((target.scheme.as_str(), target.port), ("http", 80) | ("https", 443));
    let authority = target.authority();
    let host = match authority.rsplit_once(':') {
        Some((host, _)) if is_default => host,
        _ => &authority,
    };
    let mut builder = hyper::Request::builder()
        .method(method)
        .uri(uri)
        .header(HOST, host)
        .header(USER_AGENT, concat!("pve-network-rust/", env!("CARGO_PKG_VERSION")));
    for (name, value) in &request.headers {
        builder = builder.header(*name, value);
    }
    let body = request.body.clone().unwrap_or_default();
    if request.body.is_some() {
        builder = builder.header(CONTENT_LENGTH, body.len());
    }
    let message = builder.body(Full::new(Bytes::from(body)));
    // What is wrong with a header is not said: it may be a secret.
    message.map_err(|_| unusable("a header or the URL holds characters that it must not"))
}

async fn body(mut incoming: Incoming) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    // As for LWP, what has come is the answer, also where the server stops in the middle.
    while let Ok(Some(frame)) = timeout(TIMEOUT, incoming.frame()).await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) if has_ended(&error) => break,
            Err(error) => return Err(refused(&error.to_string())),
        };
        if let Ok(data) = frame.into_data() {
            body.extend_from_slice(&data);
        }
        if body.len() > BODY_LIMIT {
            return Err(refused("the answer is too long"));
        }
    }
    Ok(body)
}

/// Whether the server has closed the connection before the end of its answer.
fn has_ended(error: &hyper::Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|source| source.kind() == ErrorKind::UnexpectedEof)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let target = Target::parse("https://[fd00::1]/api/x y?q=10.0.0.0").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("fd00::1", 443));
        assert_eq!(target.path, "/api/x%20y?q=10.0.0.0");
        assert_eq!(target.authority(), "[fd00::1]:443");
        for url in ["", "/api", "ftp://host/", "http://"] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }

    /// What comes of a request to a server that says this and then nothing more. Time is skipped while nothing happens.
    fn ask_slow(says: &'static [u8]) -> Result<Response, Error> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = server.local_addr().unwrap();
            let target = Target::parse(format!("http://{address}/x")).unwrap();
            let secret = ("Token", "t".to_owned());
            let request = Request::json("GET", target.url(), secret, None, None);
            tokio::spawn(async move {
                let (mut client, _) = server.accept().await.unwrap();
                client.write_all(says).await.unwrap();
                std::future::pending::<()>().await;
            });
            exchange(&request, &target, None, vec![address]).await.map(|(answer, _)| answer)
        })
    }

    #[test]
    fn a_server_that_says_nothing_is_waited_for_so_long() {
        let error = ask_slow(b"").unwrap_err();
        assert_eq!(error.to_string(), "Invalid response from server: 500 read timeout");
        let error = ask_slow(b"HTTP/1.1 200 OK\r\nContent-").unwrap_err();
        assert_eq!(error.to_string(), "Invalid response from server: 500 read timeout");
    }

    #[test]
    fn what_a_server_has_said_when_the_time_is_up_is_its_answer() {
        let answer = ask_slow(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":1}").unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, br#"{"a":1}"#.as_slice()));
    }

    #[test]
    fn redirects_may_be_relative() {
        let target = Target::parse("http://host:81/a/b?c=/d").unwrap();
        for (location, wanted) in [
            ("https://other/x", "https://other/x"),
            ("//other/x", "http://other/x"),
            ("/x", "http://host:81/x"),
            ("x", "http://host:81/a/x"),
        ] {
            assert_eq!(target.resolve(location), wanted);
        }
    }
}
