//! The life of a job in a pretended cluster, thousands of times over, each time another one: drawn from a seed, held
//! to laws that no history may break, and shrunk to its shortest form where one does.
//!
//! `SEEDS=1000000` lives that many histories over all cores; `SEED=17` lives one again and tells it.

#[cfg(test)]
mod cache;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod history;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod mesos;
#[cfg(test)]
mod mesos_laws;
#[cfg(test)]
mod mesos_mutants;
#[cfg(test)]
mod mishaps;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod observer;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod people;
#[cfg(test)]
mod request;
#[cfg(test)]
mod shrink;
#[cfg(test)]
mod tape;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Instant;

    use crate::history::History;
    use crate::shrink::shrunk;
    use crate::tape::Tape;

    /// How many histories are lived unless `SEEDS` says otherwise.
    const FEW: u64 = 2000;

    fn asked(variable: &str) -> Option<u64> {
        std::env::var(variable).ok().map(|text| text.parse().expect("SEED and SEEDS are numbers"))
    }

    /// Lives the history of a seed. One that breaks a law is told in its shortest form.
    fn live(seed: u64) -> Result<(), String> {
        let lived = History::of(Tape::drawn(seed));
        let Some(law) = lived.broken else { return Ok(()) };
        let short = shrunk(lived.choices, |choices| History::of(Tape::played(choices)).broken.is_some());
        let told = History::told(Tape::played(short));
        let story = told.story.join("\n  ");
        let law = told.broken.unwrap_or(law);
        Err(format!("{law}\n  {story}\nLive it again with SEED={seed}."))
    }

    #[test]
    fn no_history_breaks_a_law() {
        if let Some(seed) = asked("SEED") {
            return live(seed).unwrap_or_else(|told| panic!("{told}"));
        }
        let seeds = asked("SEEDS").unwrap_or(FEW);
        let (next, began) = (AtomicU64::new(0), Instant::now());
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let failures: Vec<String> = thread::scope(|scope| {
            let work = || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return None;
                    }
                    if let Err(told) = live(seed) {
                        next.store(seeds, Ordering::Relaxed);
                        return Some(told);
                    }
                }
            };
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            workers.into_iter().filter_map(|worker| worker.join().expect("a worker panicked")).collect()
        });
        if let Some(told) = failures.first() {
            panic!("{told}");
        }
        println!("{seeds} histories in {:.1?}", began.elapsed());
    }

    #[test]
    fn a_seed_gives_the_same_history_each_time() {
        for seed in 0..20 {
            let (one, other) = (History::told(Tape::drawn(seed)), History::told(Tape::drawn(seed)));
            assert_eq!(one.story, other.story);
            assert_eq!(one.story, History::told(Tape::played(one.choices)).story, "played from its tape");
        }
    }
}
