//! The drivers by the numbers that their Java objects hold.
//!
//! A number is looked up, and never used twice: one that is wrong, or stands for a driver that Java has forgotten meanwhile,
//! stands for nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::driver::Driver;

static DRIVERS: Mutex<Table<Driver>> = Mutex::new(Table::new());

/// Keeps a driver, and gives its number.
pub(crate) fn keep(driver: Arc<Driver>) -> i64 {
    drivers().keep(driver)
}

/// The driver with this number.
pub(crate) fn get(handle: i64) -> Option<Arc<Driver>> {
    drivers().kept.get(&handle).cloned()
}

/// Keeps the driver with this number no longer.
pub(crate) fn remove(handle: i64) -> Option<Arc<Driver>> {
    drivers().kept.remove(&handle)
}

fn drivers() -> MutexGuard<'static, Table<Driver>> {
    // Nothing panics while it is held, and the table is whole at each moment.
    DRIVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Table<T> {
    kept: BTreeMap<i64, Arc<T>>,
    /// The last number that was given. Java's zero stands for none.
    last: i64,
}

impl<T> Table<T> {
    const fn new() -> Self {
        Self { kept: BTreeMap::new(), last: 0 }
    }

    fn keep(&mut self, value: Arc<T>) -> i64 {
        self.last += 1;
        self.kept.insert(self.last, value);
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_for_what_was_kept_until_it_is_removed_and_for_nothing_after() {
        let mut table = Table::new();
        let [one, two] = ["one", "two"].map(|name| table.keep(Arc::new(name)));
        assert!(one != 0 && one != two);
        assert_eq!(table.kept.remove(&one).as_deref(), Some(&"one"));
        assert_eq!(table.kept.get(&one), None);
        let three = table.keep(Arc::new("three"));
        assert!(![0, one, two].contains(&three));
        assert_eq!(table.kept.get(&two).map(|kept| **kept), Some("two"));
        assert!(get(0).is_none() && remove(-1).is_none());
    }
}
