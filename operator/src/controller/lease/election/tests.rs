use super::*;

const DURATION: Duration = Duration::from_secs(15);
const JITTER: Duration = Duration::from_millis(500);

fn at(seconds: f64) -> Moment {
    Moment::at(Duration::from_secs_f64(seconds))
}

fn candidate() -> Election {
    Election::new("me".to_owned(), Terms(DURATION), JITTER)
}

fn held_by(holder: &str, renewal: i64) -> LeaseRecord {
    LeaseRecord {
        holder: Some(holder.to_owned()),
        duration: Some(DURATION),
        renewed: Timestamp::from_second(renewal).ok(),
        transitions: 0,
    }
}

fn released() -> LeaseRecord {
    LeaseRecord { holder: None, ..held_by("", 0) }
}

/// A candidate whose claim, sent at 0 s, was answered at 1 s.
fn leader() -> Election {
    let mut election = candidate();
    election.see(at(0.0), None);
    assert_eq!(election.next(at(0.0)), Step::Claim);
    election.claimed(at(0.0), at(1.0), held_by("me", 0));
    election
}

#[test]
fn nothing_is_claimed_before_the_lease_was_looked_at() {
    assert_eq!(candidate().next(at(1000.0)), Step::Wait(None));
}

#[test]
fn a_lease_that_never_was_and_one_that_was_released_are_claimed_at_once() {
    for record in [None, Some(released())] {
        let mut election = candidate();
        election.see(at(7.0), record);
        assert_eq!(election.next(at(7.0)), Step::Claim);
    }
}

#[test]
fn a_held_lease_is_claimed_when_it_has_not_changed_for_its_whole_duration_here() {
    let mut election = candidate();
    election.see(at(3.0), Some(held_by("other", 0)));
    election.see(at(9.0), Some(held_by("other", 0)));
    assert_eq!(election.next(at(18.4)), Step::Wait(Some(at(18.5))));
    assert_eq!(election.next(at(18.5)), Step::Claim);
}

#[test]
fn each_renewal_starts_the_wait_anew_whatever_the_holders_clock_says() {
    let mut election = candidate();
    election.see(at(3.0), Some(held_by("other", 1_000_000)));
    election.see(at(9.0), Some(held_by("other", -1_000_000)));
    assert_eq!(election.next(at(20.0)), Step::Wait(Some(at(24.5))));
}

#[test]
fn a_release_ends_the_wait() {
    let mut election = candidate();
    election.see(at(3.0), Some(held_by("other", 0)));
    election.see(at(4.0), Some(released()));
    assert_eq!(election.next(at(4.0)), Step::Claim);
}

#[test]
fn the_holder_says_how_long_to_wait_for_him() {
    let mut election = candidate();
    let patient = LeaseRecord { duration: Some(Duration::from_mins(1)), ..held_by("other", 0) };
    election.see(at(0.0), Some(patient));
    assert_eq!(election.next(at(0.0)), Step::Wait(Some(at(60.5))));
}

#[test]
fn a_lease_that_was_deleted_is_waited_for_since_its_holder_may_have_renewed_it_just_before() {
    let mut election = candidate();
    election.see(at(0.0), Some(held_by("other", 0)));
    election.see(at(14.0), None);
    election.see(at(15.0), None);
    assert_eq!(election.next(at(15.0)), Step::Wait(Some(at(29.5))));
    assert_eq!(election.next(at(29.5)), Step::Claim);
}

#[test]
fn a_holder_whose_lead_is_over_waits_like_anybody_for_a_lease_that_was_deleted() {
    let mut election = leader();
    election.see(at(12.0), None);
    assert_eq!(election.next(at(12.0)), Step::Wait(Some(at(27.5))));
}

#[test]
fn the_lead_counts_from_when_the_claim_was_sent() {
    let election = leader();
    assert_eq!(election.leads_until(), Some(at(10.0)));
}

#[test]
fn a_holder_renews_after_a_fifth_and_leads_on_by_it() {
    let mut election = leader();
    assert_eq!(election.next(at(1.0)), Step::Wait(Some(at(3.0))));
    assert_eq!(election.next(at(3.0)), Step::Claim);
    election.claimed(at(3.0), at(3.1), held_by("me", 1));
    assert_eq!(election.leads_until(), Some(at(13.0)));
}

#[test]
fn a_renewal_that_got_no_answer_is_sent_again_but_does_not_prolong_the_lead() {
    let mut election = leader();
    assert_eq!(election.next(at(3.0)), Step::Claim);
    assert_eq!(election.next(at(3.5)), Step::Wait(Some(at(4.0))));
    assert_eq!(election.next(at(4.0)), Step::Claim);
    // The watch shows that one of them was stored. Which, it does not show.
    election.see(at(4.1), Some(held_by("me", 1)));
    assert_eq!(election.leads_until(), Some(at(10.0)));
    assert_eq!(election.next(at(5.0)), Step::Claim);
}

#[test]
fn a_holder_follows_at_once_when_it_sees_another_or_a_release() {
    for record in [held_by("other", 1), released()] {
        let mut election = leader();
        election.see(at(2.0), Some(record));
        assert_eq!(election.leads_until(), None);
    }
}

#[test]
fn a_holder_whose_lease_is_deleted_leads_on_and_writes_it_again_at_once() {
    let mut election = leader();
    election.see(at(2.0), None);
    assert_eq!(election.leads_until(), Some(at(10.0)));
    assert_eq!(election.next(at(2.0)), Step::Claim);
}

#[test]
fn a_lease_that_bears_the_own_name_without_an_answer_is_claimed_before_anything_is_done() {
    let mut election = candidate();
    election.see(at(0.0), Some(held_by("me", 0)));
    assert_eq!(election.leads_until(), None);
    assert_eq!(election.next(at(0.0)), Step::Claim);
}

#[test]
fn a_creation_that_arrived_late_is_waited_for_since_somebody_may_have_led_meanwhile() {
    let mut election = candidate();
    election.see(at(0.0), None);
    assert_eq!(election.next(at(0.0)), Step::Claim);
    election.see(at(5.0), Some(held_by("me", 0)));
    assert_eq!(election.leads_until(), None);
    assert_eq!(election.next(at(5.0)), Step::Wait(Some(at(20.5))));
}

#[test]
fn an_answer_that_comes_after_the_watch_told_of_it_leads_at_once() {
    let mut election = candidate();
    election.see(at(0.0), None);
    election.next(at(0.0));
    election.see(at(0.5), Some(held_by("me", 0)));
    election.claimed(at(0.0), at(1.0), held_by("me", 0));
    assert_eq!(election.leads_until(), Some(at(10.0)));
    assert_eq!(election.next(at(3.0)), Step::Claim);
}

#[test]
fn claims_that_fail_are_not_repeated_faster_than_the_pace() {
    let mut election = candidate();
    election.see(at(0.0), None);
    assert_eq!(election.next(at(0.0)), Step::Claim);
    assert_eq!(election.next(at(0.2)), Step::Wait(Some(at(1.0))));
    assert_eq!(election.next(at(1.0)), Step::Claim);
}

#[test]
fn there_is_time_to_try_a_renewal_again_after_one_that_hung() {
    for seconds in [3, 15, 60] {
        let terms = Terms(Duration::from_secs(seconds));
        let second_answer = terms.renew_after() + terms.answer_within() * 2;
        assert!(second_answer < terms.leads_for());
        assert!(terms.leads_for() < terms.0);
    }
}
