//! The choices that make a history: drawn from a seed and kept, or played again with some of them left out.

/// The choices of each turn. Where none is left, 0 is chosen, which always stands for the plainest.
pub(crate) type Choices = Vec<Vec<u16>>;

/// How many turns a history has at least, and at most.
const TURNS: (u64, u64) = (20, 160);

/// Where choices come from.
pub(crate) struct Tape {
    choices: Choices,
    turn: usize,
    at: usize,
    source: Source,
}

enum Source {
    Drawn { state: u64, turns: usize },
    Played,
}

impl Tape {
    /// A history by its seed.
    pub(crate) fn drawn(seed: u64) -> Self {
        let mut state = seed;
        let turns = TURNS.0 + random(&mut state) % (TURNS.1 - TURNS.0);
        let turns = usize::try_from(turns).unwrap_or_default();
        Self { choices: vec![vec![]], turn: 0, at: 0, source: Source::Drawn { state, turns } }
    }

    /// A history by its choices.
    pub(crate) fn played(choices: Choices) -> Self {
        Self { choices, turn: 0, at: 0, source: Source::Played }
    }

    /// Goes on to the next turn, if there is one.
    pub(crate) fn turn(&mut self) -> bool {
        (self.turn, self.at) = (self.turn + 1, 0);
        match self.source {
            Source::Drawn { turns, .. } if self.turn < turns => self.choices.push(vec![]),
            _ => {}
        }
        self.turn < self.choices.len()
    }

    /// One of `count` choices.
    pub(crate) fn below(&mut self, count: u16) -> u16 {
        let Some(turn) = self.choices.get_mut(self.turn) else { return 0 };
        if let Source::Drawn { state, .. } = &mut self.source {
            let drawn = random(state) % u64::from(count);
            turn.push(u16::try_from(drawn).unwrap_or_default());
        }
        let choice = turn.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        choice % count
    }

    /// Whether something happens that happens once in `count` times.
    pub(crate) fn once_in(&mut self, count: u16) -> bool {
        self.below(count) + 1 == count
    }

    /// One of several things, the plainest first.
    pub(crate) fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        let count = u16::try_from(things.len()).unwrap_or(u16::MAX);
        things[usize::from(self.below(count))]
    }

    /// One of several things, each as often as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, things: &[(u16, T)]) -> T {
        let mut drawn = self.below(things.iter().map(|(weight, _)| weight).sum());
        for (weight, thing) in things {
            if drawn < *weight {
                return *thing;
            }
            drawn -= weight;
        }
        things[0].1
    }

    /// The choices made.
    pub(crate) fn into_choices(self) -> Choices {
        self.choices
    }
}

/// The next number of `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
