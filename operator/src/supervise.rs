//! What must not stand still: it begins anew after a panic.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio::time::{Instant, sleep};

/// How long until what broke down begins anew, at first and at most.
const ANEW: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How long something must have gone on for its next breakdown to count as its first.
const LONG: Duration = Duration::from_secs(600);

/// Does something until it ends by itself. After a panic, which the panic hook has told of and `broke_down` passes on, it begins
/// anew: after twice as long each time.
pub(crate) async fn supervised<T, F: Future<Output = T>>(
    mut begin: impl FnMut() -> F,
    mut broke_down: impl FnMut(),
) -> T {
    let mut breakdowns = 0;
    loop {
        let since = Instant::now();
        if let Ok(done) = AssertUnwindSafe(begin()).catch_unwind().await {
            return done;
        }
        broke_down();
        breakdowns = if since.elapsed() >= LONG { 0 } else { breakdowns };
        sleep(ANEW.0.saturating_mul(1 << breakdowns.min(10)).min(ANEW.1)).await;
        breakdowns += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_breaks_down_begins_anew_ever_later_until_it_ends_by_itself() {
        let mut begun = Vec::new();
        let start = Instant::now();
        let mut told = 0;
        let done = supervised(
            || {
                begun.push(start.elapsed().as_secs());
                let count = begun.len();
                async move {
                    assert!(count > 4, "a fault");
                    count
                }
            },
            || told += 1,
        );
        assert_eq!(done.await, 5);
        assert_eq!(begun, [0, 1, 3, 7, 15]);
        assert_eq!(told, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn what_went_on_for_long_begins_anew_soon() {
        let mut begun = 0;
        let start = Instant::now();
        let done = supervised(
            || {
                begun += 1;
                let count = begun;
                async move {
                    sleep(LONG).await;
                    assert!(count > 3, "a fault");
                }
            },
            || {},
        );
        done.await;
        assert_eq!(start.elapsed(), LONG * 4 + Duration::from_secs(3));
    }
}
