//! What an answer that is no success means.

use bytes::Bytes;

use crate::{credential::Credential, error::Error, transport::Master};

/// As much of what a server says as anyone will read.
const LONGEST_REASON: usize = 500;

/// Sorts an answer by its status; `body` is the server's own reason.
pub(crate) fn refusal(
    master: &Master,
    what: &'static str,
    status: u16,
    credential: Option<&Credential>,
    body: &Bytes,
) -> Error {
    let at = master.at.clone();
    let principal = credential.map(|credential| credential.principal.clone());
    let why: String = String::from_utf8_lossy(body).trim().chars().take(LONGEST_REASON).collect();
    match status {
        401 => Error::Unauthenticated { at, principal },
        403 => Error::Forbidden { at, what, principal, why },
        404 => Error::NotMesos { at, why: "it knows no such path (HTTP 404)".to_owned() },
        503 => Error::NoLeader { at, why: format!("HTTP 503 {why}").trim().to_owned() },
        500..=599 => Error::NoLeader { at, why: format!("HTTP {status} {why}").trim().to_owned() },
        _ => Error::Rejected { at, what, status, why },
    }
}
