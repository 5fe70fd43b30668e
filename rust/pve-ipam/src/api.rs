//! Requests to servers and what their answers mean (`PVE::Network::SDN::api_request`).

use pve_sdn::Value;

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

/// The first element of a list in an answer (`@{ $result->{$key} }[0]`); null where there is none.
pub(crate) fn first<'a>(answer: &'a Value, key: &str) -> &'a Value {
    answer.get(key).and_then(|list| list.get(0)).unwrap_or(&Value::Null)
}

/// JSON's content type, in every request.
pub(crate) const CONTENT_TYPE: (&str, &str) = ("Content-Type", "application/json; charset=UTF-8");

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
