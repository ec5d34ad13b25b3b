//! Quantities in a template: those that are none, and those that cannot be meant.

use serde_json::Value;

use super::PodVerdict;
use crate::admission::violation::{Violation, ViolationKind, excerpt};
use crate::quantity;

/// Checks one, which is text or a number.
pub(super) fn check(value: &Value, path: &str, verdict: &mut PodVerdict) {
    let text = text(value);
    let kind = Measure::of(path);
    let Some(number) = quantity(&text) else {
        let problem = format!("{} is no quantity", excerpt(value));
        let violation = Violation::new(path, ViolationKind::Invalid, problem);
        verdict.unreadable.push(violation.with_remedy(Some(kind.remedy(&text))));
        return;
    };
    if number < 0.0 {
        let problem = format!("is {}, and must not be negative", excerpt(value));
        verdict.refused.push(Violation::new(path, ViolationKind::Invalid, problem));
    } else if kind == Measure::Bytes && text.ends_with('m') {
        let problem = format!("{} is thousandths of a byte in Kubernetes", excerpt(value));
        let violation = Violation::new(path, ViolationKind::Invalid, problem);
        verdict.doubtful.push(violation.with_remedy(Some(kind.remedy(&text))));
    }
}

/// A quantity as it is written.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a quantity counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Measure {
    Cores,
    Bytes,
    Pieces,
}

impl Measure {
    /// By the last name in a field's path.
    fn of(path: &str) -> Self {
        let is = |name: &str| path.ends_with(name);
        if is(".cpu") {
            Self::Cores
        } else if is(".memory") || is("storage") || is(".sizeLimit") || path.contains(".hugepages-") {
            Self::Bytes
        } else {
            Self::Pieces
        }
    }

    fn remedy(self, text: &str) -> String {
        match (self, self.repaired(text)) {
            (_, Some(repaired)) => format!("write {repaired}"),
            (Self::Cores, None) => "write cores, such as 2 or 500m".to_owned(),
            (Self::Bytes, None) => "write bytes, such as 512Mi or 2Gi".to_owned(),
            (Self::Pieces, None) => "write a number, such as 1".to_owned(),
        }
    }

    /// What somebody may have meant who writes units in another way.
    fn repaired(self, text: &str) -> Option<String> {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let end = compact.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ','))?;
        let (number, unit) = compact.split_at(end);
        let number = number.replace(',', ".");
        number.parse::<f64>().ok()?;
        let unit = unit.to_ascii_lowercase();
        let unit = match (self, unit.as_str()) {
            (Self::Cores, "m" | "milli" | "millicores") => "m",
            (Self::Cores, "c" | "core" | "cores" | "cpu" | "cpus" | "vcpu" | "vcpus")
            | (Self::Bytes, "b" | "bytes") => "",
            (Self::Bytes, "k" | "kb" | "kib" | "ki") => "Ki",
            (Self::Bytes, "m" | "mb" | "mib" | "mi") => "Mi",
            (Self::Bytes, "g" | "gb" | "gib" | "gi") => "Gi",
            (Self::Bytes, "t" | "tb" | "tib" | "ti") => "Ti",
            _ => return None,
        };
        Some(format!("{number}{unit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_may_have_meant_is_proposed() {
        for (path, text, remedy) in [
            ("limits.memory", "2g", "write 2Gi"),
            ("limits.memory", "512 MB", "write 512Mi"),
            ("limits.memory", "1,5GiB", "write 1.5Gi"),
            ("requests.ephemeral-storage", "10GB", "write 10Gi"),
            ("emptyDir.sizeLimit", "1tb", "write 1Ti"),
            ("limits.memory", "lots", "write bytes, such as 512Mi or 2Gi"),
            ("limits.cpu", "2 cores", "write 2"),
            ("limits.cpu", "500M ", "write 500m"),
            ("limits.cpu", "1,5", "write cores, such as 2 or 500m"),
            ("limits.cpu", "two", "write cores, such as 2 or 500m"),
            ("limits.nvidia.com/gpu", "all", "write a number, such as 1"),
        ] {
            assert_eq!(Measure::of(path).remedy(text), remedy, "{path} {text:?}");
        }
    }
}
