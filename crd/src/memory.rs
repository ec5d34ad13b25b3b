//! Amounts of memory, written as Spark writes them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use kube::core::Rule;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What a [`Memory`] looks like. Read by [`Memory::from_str`] and by the schema's CEL rule alike; the bounds on
/// the digits keep every amount below 2^63 bytes.
const PATTERN: &str = "^([1-9][0-9]{0,8}([kKmMgG][bB]?|[KMG]i)|[1-9][0-9]{0,5}([tT][bB]?|Ti))$";

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

/// An amount of memory: a positive whole number and a unit, always binary.
///
/// Units are Spark's `k m g t`, in either case and with an optional `b` (`JavaUtils.byteStringAs`), or
/// Kubernetes' `Ki Mi Gi Ti`; `512m`, `512MB` and `512Mi` are the same. A bare number is refused, since Spark
/// reads it as MiB in one place and as bytes in another. Kubernetes itself would read `512m` as half a byte,
/// which is why this is not a Kubernetes quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Memory(u64);

/// A text is not an amount of memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an amount of memory; write a whole number and a unit, such as 512m, 2g or 4Gi")]
pub struct MemoryError(String);

impl Memory {
    /// So many MiB; none for zero and for more than nine digits, which [`Memory`] cannot be written with.
    pub fn from_mib(mib: u64) -> Option<Self> {
        (1..1_000_000_000).contains(&mib).then_some(Self(mib * MIB))
    }

    /// The amount in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// The amount in MiB, rounded up.
    pub fn mib(self) -> u64 {
        self.0.div_ceil(MIB)
    }

    /// The amount as a Spark property or a JVM's `-Xmx` takes it: whole MiB, such as `512m`.
    pub fn spark(self) -> String {
        format!("{}m", self.mib())
    }
}

impl FromStr for Memory {
    type Err = MemoryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || MemoryError(text.to_owned());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let (unit, longest) = match unit {
            "Ki" => (KIB, 9),
            "Mi" => (MIB, 9),
            "Gi" => (GIB, 9),
            "Ti" => (TIB, 6),
            _ => match unit.to_ascii_lowercase().as_str() {
                "k" | "kb" => (KIB, 9),
                "m" | "mb" => (MIB, 9),
                "g" | "gb" => (GIB, 9),
                "t" | "tb" => (TIB, 6),
                _ => return Err(refused()),
            },
        };
        if number.starts_with('0') || digits > longest {
            return Err(refused());
        }
        let number: u64 = number.parse().map_err(|_| refused())?;
        number.checked_mul(unit).map(Self).ok_or_else(refused)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes % GIB == 0 && bytes / GIB < 1_000_000_000 => write!(f, "{}g", bytes / GIB),
            bytes if bytes % GIB == 0 => write!(f, "{}t", bytes / TIB),
            bytes if bytes % MIB == 0 => write!(f, "{}m", bytes / MIB),
            bytes => write!(f, "{}k", bytes / KIB),
        }
    }
}

impl From<Memory> for String {
    fn from(memory: Memory) -> Self {
        memory.to_string()
    }
}

impl TryFrom<String> for Memory {
    type Error = MemoryError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl JsonSchema for Memory {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Memory".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let rule = Rule::new(format!("self.matches('{PATTERN}')")).message(
            "write a whole number and a unit, such as 512m, 2g or 4Gi (binary; a bare number is refused)",
        );
        json_schema!({"title": "memory", "type": "string", "maxLength": 16, "x-kubernetes-validations": [rule]})
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    #[test]
    fn sparks_and_kubernetes_units_are_binary() {
        for (text, bytes) in [
            ("1k", KIB),
            ("1K", KIB),
            ("1kb", KIB),
            ("1Ki", KIB),
            ("1024m", GIB),
            ("512MB", 512 * MIB),
            ("512Mi", 512 * MIB),
            ("2g", 2 * GIB),
            ("2G", 2 * GIB),
            ("2gB", 2 * GIB),
            ("4Gi", 4 * GIB),
            ("1t", TIB),
            ("999999Ti", 999_999 * TIB),
            ("999999999g", 999_999_999 * GIB),
        ] {
            assert_eq!(text.parse(), Ok(Memory(bytes)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "1",
            "1024",
            "m",
            "g1",
            "0m",
            "01g",
            "-1g",
            "+1g",
            "1.5g",
            "1 g",
            " 1g",
            "1g ",
            "1g\n",
            "1ki",
            "1kib",
            "1KiB",
            "1p",
            "1b",
            "1024b",
            "1gg",
            "1000000000g",
            "1000000t",
            "1e3m",
            "٣g",
            "1g\0",
            "99999999999999999999999999g",
            "1½g",
        ] {
            assert_eq!(text.parse::<Memory>(), Err(MemoryError(text.into())), "{text:?}");
        }
    }

    #[test]
    fn spark_is_told_whole_mebibytes() {
        let spark = |text: &str| text.parse::<Memory>().map(Memory::spark);
        assert_eq!(spark("2g"), Ok("2048m".into()));
        assert_eq!(spark("1536Mi"), Ok("1536m".into()));
        assert_eq!(spark("1k"), Ok("1m".into()), "rounded up");
    }

    proptest! {
        #[test]
        fn parsing_agrees_with_the_pattern(text in "[0-9]{0,11}[kmgtKMGTbBip]{0,3}|.{0,8}") {
            let pattern = Regex::new(PATTERN).expect("the pattern is a regular expression");
            prop_assert_eq!(text.parse::<Memory>().is_ok(), pattern.is_match(&text));
        }

        #[test]
        fn what_is_written_is_read_back(text in PATTERN.trim_matches(['^', '$'])) {
            let memory: Memory = text.parse().expect("the text has the pattern");
            prop_assert!(memory.bytes() < 1 << 63);
            prop_assert_eq!(memory.to_string().parse(), Ok(memory));
        }

        #[test]
        fn mebibytes_are_kept(mib in 1_u64..1_000_000_000) {
            let memory = Memory::from_mib(mib).expect("in bounds");
            prop_assert_eq!(memory.mib(), mib);
            prop_assert_eq!(memory.to_string().parse(), Ok(memory));
        }
    }
}
