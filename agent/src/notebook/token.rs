//! The token that opens a notebook: one maker for the agent, for `run` and for the operator.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};

use crate::configuration::{ConfigurationError, write_private};

/// How many random bytes a token is made of. Jupyter's own are made of 24.
const BYTES: usize = 32;

/// The kernel gave no randomness, and a token that can be guessed is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the kernel gives no random numbers (getrandom), so there is no token that nobody can guess")]
pub struct NoRandomness;

/// A new token: random bytes as text that a person can copy into a browser.
pub fn random() -> Result<String, NoRandomness> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes.iter().fold(String::new(), |token, byte| format!("{token}{byte:02x}")))
}

/// A token as it stands in a URL's query (RFC 3986, section 2.3).
pub fn in_url(token: &str) -> String {
    token.bytes().fold(String::new(), |url, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            url + &char::from(byte).to_string()
        }
        byte => format!("{url}%{byte:02X}"),
    })
}

/// A token and the file that Jupyter reads it from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// The token itself.
    pub text: String,
    /// The given file, or one in the private folder.
    pub file: PathBuf,
}

impl Token {
    /// The given token, else a new one.
    ///
    /// Jupyter takes a line end at the end of the file for a part of the token, and then refuses every request with
    /// 403: such a file is copied without it.
    pub(crate) fn choose(given: Option<&Path>, private: &Path) -> Result<Self, ConfigurationError> {
        let own = private.join("token");
        let Some(given) = given else {
            let text = random()?;
            write_private(&own, text.as_bytes())?;
            return Ok(Self { text, file: own });
        };
        let unreadable = |source| ConfigurationError::Unreadable { path: given.to_owned(), source };
        let content = fs::read(given).map_err(unreadable)?;
        let content = String::from_utf8(content)
            .map_err(|error| unreadable(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        let token = content.trim_ascii();
        if token.is_empty() {
            return Err(ConfigurationError::EmptyToken { path: given.to_owned() });
        }
        if token.len() == content.len() {
            return Ok(Self { text: content, file: given.to_owned() });
        }
        write_private(&own, token.as_bytes())?;
        Ok(Self { text: token.to_owned(), file: own })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert!(one.len() == 64 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
        assert_ne!(one, other);
    }

    #[test]
    fn a_token_of_ones_own_survives_its_way_through_a_url() {
        for (token, url) in [("aZ0-._~", "aZ0-._~"), ("a b&c#d+e", "a%20b%26c%23d%2Be"), ("ü", "%C3%BC")] {
            assert_eq!(in_url(token), url);
        }
    }
}
