//! Kubernetes' quantities: `500m`, `2Gi`, `1e3`.

/// The number that a quantity stands for. None if it is none.
///
/// Source: `parseQuantityString` and `suffixer` in `k8s.io/apimachinery/pkg/api/resource`, which take `.5`, `1.` and `+1`.
pub fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let (sign, unsigned) = match text.bytes().next()? {
        b'-' => (-1.0, text.get(1..)?),
        b'+' => (1.0, text.get(1..)?),
        _ => (1.0, text),
    };
    let (whole, rest) = digits(unsigned);
    let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), digits);
    let number: f64 = format!("0{whole}.{fraction}0").parse().ok()?;
    Some(sign * number * factor(suffix)?)
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn factor(suffix: &str) -> Option<f64> {
    Some(match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024.0_f64.powi(2),
        "Gi" => 1024.0_f64.powi(3),
        "Ti" => 1024.0_f64.powi(4),
        "Pi" => 1024.0_f64.powi(5),
        "Ei" => 1024.0_f64.powi(6),
        _ => 10.0_f64.powi(suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        for (text, number) in [
            ("2", Some(2.0)),
            ("500m", Some(0.5)),
            ("1.5Gi", Some(1_610_612_736.0)),
            ("1e3", Some(1000.0)),
            ("1E-1", Some(0.1)),
            ("1E", Some(1e18)),
            ("-1k", Some(-1000.0)),
            ("+.5", Some(0.5)),
            ("1.", Some(1.0)),
            (" 1 ", Some(1.0)),
            ("m", Some(0.0)),
            ("", None),
            ("2g", None),
            ("512MB", None),
            ("1 Gi", None),
            ("1,5", None),
            ("1.5.5", None),
            ("0x10", None),
            ("many", None),
            ("1e", None),
        ] {
            assert_eq!(quantity(text), number, "{text:?}");
        }
    }
}
