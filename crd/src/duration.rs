//! Lengths of time, written as people say them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use kube::core::Rule;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What a [`Duration`] looks like. Read by [`Duration::from_str`] and by the schema's CEL rule alike.
pub(crate) const PATTERN: &str = "^([0-9]{1,5}(h|m|s|ms)){1,4}$";

/// The units, longest first, in milliseconds.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// The longest duration, in milliseconds: 99,999 hours, eleven years. What is longer is cut to it.
const LONGEST: u64 = 99_999 * 3_600_000;

/// A positive length of time in hours, minutes, seconds and milliseconds, such as `90s` or `1h30m`.
///
/// Days are refused: a day is not always 24 hours, and other programs differ on what they accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Duration(u64);

/// A text is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a length of time; write hours, minutes and seconds, such as 90s or 1h30m (a day is 24h)"
)]
pub struct DurationError(String);

impl Duration {
    /// So many seconds. Zero becomes one millisecond, since a duration is positive.
    pub const fn from_secs(seconds: u32) -> Self {
        Self::from_millis(seconds as u64 * 1_000)
    }

    /// The time from `start` to `end`; one millisecond at least.
    ///
    /// Whole seconds where there are any: what took an hour is not told to the millisecond.
    pub fn between(start: Timestamp, end: Timestamp) -> Self {
        let millis = end.duration_since(start).as_millis();
        let millis = u64::try_from(millis.max(0)).unwrap_or(u64::MAX);
        Self::from_millis(if millis < 1_000 { millis } else { millis / 1_000 * 1_000 })
    }

    /// So many milliseconds, held between one and [`LONGEST`].
    const fn from_millis(millis: u64) -> Self {
        match millis {
            0 => Self(1),
            1..=LONGEST => Self(millis),
            _ => Self(LONGEST),
        }
    }

    /// The length in milliseconds.
    pub fn as_millis(self) -> u64 {
        self.0
    }

    /// The length in seconds, rounded up.
    pub fn as_secs(self) -> u64 {
        self.0.div_ceil(1_000)
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        Self::from_millis(duration.0)
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || DurationError(text.to_owned());
        let (mut rest, mut millis, mut parts) = (text, 0, 0);
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, after) = rest.split_at(digits);
            let letters = after.bytes().take_while(u8::is_ascii_lowercase).count();
            let (name, after) = after.split_at(letters);
            let (_, unit) = UNITS.iter().find(|(unit, _)| *unit == name).ok_or_else(refused)?;
            if !(1..=5).contains(&digits) {
                return Err(refused());
            }
            millis += number.parse::<u64>().map_err(|_| refused())? * unit;
            parts += 1;
            rest = after;
        }
        if millis == 0 || parts > 4 {
            return Err(refused());
        }
        Ok(Self::from_millis(millis))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        for (name, unit) in UNITS {
            if rest >= unit {
                write!(f, "{}{name}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}

impl From<Duration> for String {
    fn from(duration: Duration) -> Self {
        duration.to_string()
    }
}

impl TryFrom<String> for Duration {
    type Error = DurationError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl JsonSchema for Duration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let shape = Rule::new(format!("self.matches('{PATTERN}')"))
            .message("write hours, minutes and seconds, such as 90s or 1h30m (a day is 24h)");
        let positive = Rule::new("self.matches('^$|[^0-9hms]|[1-9]')").message("must be longer than zero");
        json_schema!({"title": "duration", "type": "string", "maxLength": 32, "x-kubernetes-validations": [shape, positive]})
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    #[test]
    fn hours_minutes_seconds_and_milliseconds_add_up() {
        for (text, millis) in [
            ("1ms", 1),
            ("10s", 10_000),
            ("2m", 120_000),
            ("90s", 90_000),
            ("1h30m", 5_400_000),
            ("30m1h", 5_400_000),
            ("1h1h", 7_200_000),
            ("0h5s", 5_000),
            ("1h2m3s4ms", 3_723_004),
            ("00001s", 1_000),
            ("99999h", LONGEST),
            ("99999h99999h", LONGEST),
        ] {
            assert_eq!(text.parse(), Ok(Duration(millis)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "1",
            "0s",
            "0h0m",
            "1d",
            "1 day",
            "3w",
            "1h 30m",
            " 1s",
            "1s ",
            "-1s",
            "+1s",
            "1.5h",
            "1H",
            "1S",
            "s",
            "100000s",
            "1h1h1h1h1h",
            "1us",
            "1µs",
            "1sm",
            "1s\n",
            "PT1H",
            "1e3s",
            "٣s",
        ] {
            assert_eq!(text.parse::<Duration>(), Err(DurationError(text.into())), "{text:?}");
        }
    }

    #[test]
    fn it_is_written_in_the_largest_units() {
        for (text, written) in [("90s", "1m30s"), ("60m", "1h"), ("60000ms", "1m"), ("1500ms", "1s500ms")] {
            let written = written.to_owned();
            assert_eq!(text.parse::<Duration>().map(|duration| duration.to_string()), Ok(written), "{text}");
        }
    }

    #[test]
    fn the_time_between_two_instants_is_never_zero_and_in_whole_seconds() {
        let start = Timestamp::UNIX_EPOCH;
        for (millis, written) in
            [(0, "1ms"), (-5_000, "1ms"), (350, "350ms"), (1_999, "1s"), (252_300, "4m12s")]
        {
            let end = start + jiff::SignedDuration::from_millis(millis);
            assert_eq!(Duration::between(start, end).to_string(), written);
        }
    }

    proptest! {
        #[test]
        fn parsing_agrees_with_the_pattern(text in "([0-9]{0,6}(h|m|s|ms|d)){0,5}|.{0,8}") {
            let pattern = Regex::new(PATTERN).expect("the pattern is a regular expression");
            let positive = text.contains(|digit| ('1'..='9').contains(&digit));
            prop_assert_eq!(text.parse::<Duration>().is_ok(), pattern.is_match(&text) && positive);
        }

        #[test]
        fn what_is_written_is_read_back(text in PATTERN.trim_matches(['^', '$'])) {
            if let Ok(duration) = text.parse::<Duration>() {
                prop_assert_eq!(duration.to_string().parse(), Ok(duration));
            }
        }
    }
}
