//! One question to the leading master, wherever that turns out to be.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::{
    error::Error,
    http::{Connection, Media, Request, refusal},
    leader::redirect_target,
    transport::Master,
};

use super::Operator;

/// How often in a row a master may send us to another.
const MOST_REDIRECTS: u32 = 5;
/// Where operators are served.
const PATH: &str = "/api/v1";

impl Operator {
    /// Asks the operator API.
    pub(super) async fn ask(
        &mut self,
        call: &serde_json::Value,
        what: &'static str,
    ) -> Result<(Master, Bytes), Error> {
        self.post(PATH, Media::Json, call.to_string().as_bytes(), what).await
    }

    /// Submits a form to an older endpoint.
    pub(super) async fn submit(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        what: &'static str,
    ) -> Result<(Master, Bytes), Error> {
        let fields: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        self.post(path, Media::Form, fields.join("&").as_bytes(), what).await
    }

    async fn post(
        &mut self,
        path: &str,
        media: Media,
        body: &[u8],
        what: &'static str,
    ) -> Result<(Master, Bytes), Error> {
        let mut redirects = 0;
        loop {
            let master = self.detector.leader().await?;
            let credential = self.settings.credential.read()?;
            let credential = credential.as_ref();
            let mut connection = Connection::open(&master, &self.settings.security).await?;
            let head = connection.ask(&Request { path, media, credential, stream_id: None, body }).await?;
            let answer = connection.reader.body(&head).await?;
            match (head.status, head.location.as_deref().and_then(redirect_target)) {
                (200..=299, _) => return Ok((master, answer)),
                (301 | 302 | 307 | 308, Some(target)) if redirects < MOST_REDIRECTS => {
                    redirects += 1;
                    self.detector.redirected(target);
                }
                (301 | 302 | 307 | 308, Some(target)) => return Err(Error::RedirectLoop { at: target.at }),
                (status, _) => return Err(refusal(&master, what, status, credential, &answer)),
            }
        }
    }
}

/// As forms want it.
fn escape(value: &str) -> String {
    value.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_what_it_is_given() {
        assert_eq!(escape("a1-b.c_d~e&f=g h/é"), "a1-b.c_d~e%26f%3Dg%20h%2F%C3%A9");
    }
}
