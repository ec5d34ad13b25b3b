use std::fmt::{self, Display, Formatter};
use std::ops::RangeInclusive;

/// The ports of one or several agents: sorted, each range once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortRanges(Vec<RangeInclusive<u64>>);

impl PortRanges {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a port is in one of them.
    pub fn contains(&self, port: u64) -> bool {
        self.0.iter().any(|range| range.contains(&port))
    }

    /// Each range, in order.
    pub fn iter(&self) -> impl Iterator<Item = &RangeInclusive<u64>> {
        self.0.iter()
    }
}

impl FromIterator<RangeInclusive<u64>> for PortRanges {
    fn from_iter<T: IntoIterator<Item = RangeInclusive<u64>>>(ranges: T) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().collect();
        ranges.sort_by_key(|range| (*range.start(), *range.end()));
        ranges.dedup();
        Self(ranges)
    }
}

/// `31000-32000, 40000-40010`: four ranges, and how many more there are.
impl Display for PortRanges {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const MOST: usize = 4;
        let first: Vec<String> =
            self.0.iter().take(MOST).map(|range| format!("{}-{}", range.start(), range.end())).collect();
        match self.0.len() {
            0 => f.write_str("none"),
            1..=MOST => f.write_str(&first.join(", ")),
            all => write!(f, "{} and {} ranges more", first.join(", "), all - MOST),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(count: u64) -> PortRanges {
        (0..count).rev().map(|at| 10 * at..=10 * at + 5).collect()
    }

    #[test]
    fn ranges_are_sorted_and_each_stands_once() {
        let twice: PortRanges = [20..=25, 0..=5, 20..=25].into_iter().collect();
        assert_eq!(twice.to_string(), "0-5, 20-25");
    }

    #[test]
    fn a_port_is_in_one_of_the_ranges_or_in_none() {
        for (port, is_in) in [(0, true), (5, true), (6, false), (10, true), (16, false)] {
            assert_eq!(ranges(2).contains(port), is_in, "{port}");
        }
    }

    #[test]
    fn of_many_ranges_the_first_are_written_out() {
        for (count, text) in [
            (0, "none"),
            (1, "0-5"),
            (4, "0-5, 10-15, 20-25, 30-35"),
            (6, "0-5, 10-15, 20-25, 30-35 and 2 ranges more"),
        ] {
            assert_eq!(ranges(count).to_string(), text);
        }
    }
}
