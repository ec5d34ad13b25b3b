//! A history that breaks a law → a shorter one that still does.

use crate::tape::Choices;

/// Leaves out turns, in ever smaller runs, and then makes each choice as plain as it may be.
pub(crate) fn shrunk(mut choices: Choices, breaks: impl Fn(Choices) -> bool) -> Choices {
    loop {
        let before = choices.clone();
        let mut run = choices.len().div_ceil(2).max(1);
        loop {
            let mut end = choices.len();
            while end > 1 {
                let start = end.saturating_sub(run).max(1); // turn 0 sets the scene
                let mut shorter = choices.clone();
                shorter.drain(start..end);
                if breaks(shorter.clone()) {
                    choices = shorter;
                }
                end = start;
            }
            if run == 1 {
                break;
            }
            run = run.div_ceil(2);
        }
        for turn in 0..choices.len() {
            plainer(&mut choices, turn, &breaks);
        }
        if choices == before {
            return choices;
        }
    }
}

fn plainer(choices: &mut Choices, turn: usize, breaks: &impl Fn(Choices) -> bool) {
    for at in (0..choices[turn].len()).rev() {
        let chosen = choices[turn][at];
        let mut tries = vec![0, chosen / 2, chosen.saturating_sub(1)];
        tries.dedup();
        for plain in tries.into_iter().filter(|plain| *plain < chosen) {
            let mut other = choices.clone();
            other[turn][at] = plain;
            if breaks(other.clone()) {
                *choices = other;
                break;
            }
        }
    }
    while choices[turn].last() == Some(&0) {
        choices[turn].pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_is_left_out() {
        let choices: Choices = (0..40u16).map(|turn| vec![turn, 7, 9]).collect();
        let breaks = |choices: Choices| choices.iter().any(|turn| turn.first().is_some_and(|it| *it >= 23));
        assert_eq!(shrunk(choices, breaks), [vec![], vec![23]]);
    }
}
