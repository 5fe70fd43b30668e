//! Requests to servers and what their answers mean (`PVE::Network::SDN::api_request`).

use pve_sdn::{Value, perl};

use crate::{Error, Host};

/// A request to a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// GET, POST, PATCH or DELETE.
    pub method: &'static str,
    /// The whole URL.
    pub url: String,
    /// Headers beside those that any request has.
    pub headers: Vec<(&'static str, String)>,
    /// The body: JSON, if any.
    pub body: Option<String>,
    /// The SHA-256 fingerprint that the server's certificate must have, `AB:CD:…`; without one, the certificate must be
    /// signed for the host's name by an authority that this host trusts.
    pub fingerprint: Option<String>,
}

impl Request {
    /// A request with JSON for a body, or none, and `secret`, the header by which the server knows the caller.
    pub(crate) fn json(
        method: &'static str,
        url: String,
        secret: (&'static str, String),
        body: Option<&Value>,
        fingerprint: Option<&str>,
    ) -> Request {
        let kind = ("Content-Type", "application/json; charset=UTF-8".to_owned());
        Request {
            method,
            url,
            headers: vec![kind, secret],
            body: body.map(Value::to_string),
            fingerprint: fingerprint.map(str::to_owned),
        }
    }
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The status' text; empty where the server sent none.
    pub reason: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A server's JSON; null where it sent nothing.
///
/// # Errors
/// [`Error::Refused`] for any status but success, [`Error::NotJson`].
pub fn answer(response: &Response) -> Result<Value, Error> {
    if !(200..300).contains(&response.status) {
        let message = match response.reason.as_str() {
            "" | "0" => "unknown".to_owned(),
            reason => reason.to_owned(),
        };
        return Err(Error::Refused { code: response.status, message });
    }
    if response.body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&response.body).map_err(|_| Error::NotJson)
}

/// Sends a request and takes the answer apart.
///
/// # Errors
/// As [`answer`] and [`Host::send`].
pub(crate) fn call(host: &mut dyn Host, request: &Request) -> Result<Value, Error> {
    let response = host.send(request)?;
    answer(&response)
}

/// What an answer has below a key, null where it has nothing (`$answer->{$key}`).
///
/// # Errors
/// Perl's own where the answer is no hash.
pub(crate) fn member<'a>(answer: &'a Value, key: &str) -> Result<&'a Value, Error> {
    match answer {
        Value::Null => Ok(&Value::Null),
        Value::Object(members) => Ok(members.get(key).unwrap_or(&Value::Null)),
        other => Err(not_a("HASH", other)),
    }
}

/// The elements of a list, none where there is nothing (`@{ $list }`).
///
/// # Errors
/// Perl's own where it is no list.
pub(crate) fn elements(list: &Value) -> Result<&[Value], Error> {
    match list {
        Value::Null => Ok(&[]),
        Value::Array(elements) => Ok(elements),
        other => Err(not_a("ARRAY", other)),
    }
}

/// What Perl says to a value that is not the reference it should be (perldiag(1)).
fn not_a(kind: &str, value: &Value) -> Error {
    let article = if kind == "ARRAY" { "an" } else { "a" };
    Error::Answer(match value {
        Value::String(_) | Value::Number(_) => {
            let text = perl::text(Some(value));
            let start: String = text.chars().take(32).collect();
            let dots = if start.len() < text.len() { "\"..." } else { "\"" };
            format!(
                "Can't use string (\"{start}{dots}) as {article} {kind} ref while \"strict refs\" in use"
            )
        }
        _ => format!("Not {article} {kind} reference"),
    })
}

/// What the first element of a list in an answer has below a key (`@{ $answer->{$list} }[0]->{$key}`).
///
/// # Errors
/// As [`member`] and [`elements`].
pub(crate) fn of_first<'a>(answer: &'a Value, list: &str, key: &str) -> Result<&'a Value, Error> {
    let first = elements(member(answer, list)?)?.first();
    member(first.unwrap_or(&Value::Null), key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(status: u16, reason: &str, body: &str) -> Result<Value, String> {
        let response = Response { status, reason: reason.into(), body: body.into() };
        answer(&response).map_err(|error| error.to_perl())
    }

    #[test]
    fn answers_are_told_from_refusals() {
        assert_eq!(text(200, "OK", r#"{"a":1}"#), Ok(serde_json::json!({ "a": 1 })));
        assert_eq!(text(204, "No Content", ""), Ok(Value::Null));
        let refused = "Invalid response from server: 404 Not Found\n";
        assert_eq!(text(404, "Not Found", "{}"), Err(refused.into()));
        assert_eq!(text(302, "", ""), Err("Invalid response from server: 302 unknown\n".into()));
        assert_eq!(text(200, "OK", "<html>"), Err("api response is not a json".into()));
    }
}
