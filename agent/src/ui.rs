//! Spark's web UI: a port of its own for each driver, so that nobody else's is ever asked.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;

use crate::configuration::Properties;

/// How often Spark tries the next port when one is taken (`spark.port.maxRetries`, Spark 3.5).
const MAX_RETRIES: u16 = 16;

/// A port that nothing listens on now, to be proposed as `spark.ui.port`.
pub(crate) fn free_port() -> Option<u16> {
    Some(TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?.local_addr().ok()?.port())
}

/// PURE: the ports that the UI may come up on; `None` if there is to be none, or on a port that Spark picks.
pub(crate) fn ports(properties: &Properties) -> Option<RangeInclusive<u16>> {
    if properties.get("spark.ui.enabled").is_some_and(|enabled| enabled.trim().eq_ignore_ascii_case("false"))
    {
        return None;
    }
    let number = |name: &str| properties.get(name)?.trim().parse::<u16>().ok();
    let first = number("spark.ui.port").filter(|port| *port != 0)?;
    Some(first..=first.saturating_add(number("spark.port.maxRetries").unwrap_or(MAX_RETRIES)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ui_is_looked_for_where_spark_would_put_it() {
        for (properties, ports_expected) in [
            (vec![("spark.ui.port", "4040")], Some(4040..=4056)),
            (vec![("spark.ui.port", "4040"), ("spark.port.maxRetries", "2")], Some(4040..=4042)),
            (vec![("spark.ui.port", "65530")], Some(65530..=65535)),
            (vec![("spark.ui.port", "4040"), ("spark.ui.enabled", "False")], None),
            (vec![("spark.ui.port", "0")], None),
            (vec![("spark.ui.port", "x")], None),
            (vec![], None),
        ] {
            let properties =
                properties.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            assert_eq!(ports(&properties), ports_expected, "{properties:?}");
        }
    }
}
