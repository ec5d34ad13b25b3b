//! Questions of the operator API, and the forms of older endpoints.

use std::fmt::Write as _;

use crate::{
    error::Error,
    http::Media,
    question::{Answer, Question, ask},
};

use super::Operator;

/// Where operators are served.
const PATH: &str = "/api/v1";

impl Operator {
    /// Asks the operator API.
    pub(super) async fn ask(
        &mut self,
        call: &serde_json::Value,
        name: &'static str,
    ) -> Result<Answer, Error> {
        let body = call.to_string();
        let question = Question { name, path: PATH, media: Media::Json, body: body.as_bytes() };
        let answer = ask(&mut self.detector, &self.settings, question).await?;
        self.answered_by = Some(answer.master.at.clone());
        Ok(answer)
    }

    /// Submits a form to an older endpoint.
    pub(super) async fn submit(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        name: &'static str,
    ) -> Result<Answer, Error> {
        let fields: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        let body = fields.join("&");
        let question = Question { name, path, media: Media::Form, body: body.as_bytes() };
        ask(&mut self.detector, &self.settings, question).await
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
