use std::os::unix::fs::symlink;
use std::time::Instant;

use super::rotation::{EVERY, SETTLED};
use super::*;

/// A source, the certificates that were installed from it, and a clock.
struct Bed {
    source: Folder,
    rotation: Rotation,
    _private: TempDir,
    began: Instant,
    passed: Duration,
    /// What the calendar says at the beginning.
    today: u64,
}

impl Bed {
    fn with(source: Folder) -> Self {
        let private = in_memory();
        let wanted = wanted(source.folder.path(), None);
        let rotation = Rotation::begin(&wanted, private.path(), at(NOW)).unwrap();
        Self {
            source,
            rotation,
            _private: private,
            began: Instant::now(),
            passed: Duration::ZERO,
            today: NOW,
        }
    }

    fn new() -> Self {
        Self::with(Folder::valid())
    }

    /// The messages of the next half minute.
    fn news(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        for _ in 0..30 {
            self.passed += Duration::from_secs(1);
            news.extend(self.rotation.look(self.began + self.passed, at(self.today)));
        }
        news
    }

    /// The same in words, without the folder's name.
    fn told(&mut self) -> Vec<String> {
        let folder = self.source.folder.path().display().to_string();
        let words = |news| match news {
            News::Taken(text) => format!("taken: {text}"),
            News::Warning(text) => format!("warning: {text}"),
            News::Error(text) => format!("error: {text}"),
        };
        self.news().into_iter().map(|news| words(news).replace(&folder, "SOURCE")).collect()
    }

    fn installed(&self) -> Bundle {
        let installed = read(&self.rotation.files().folder).unwrap();
        check(&installed, at(NOW)).unwrap();
        installed
    }

    fn new_pair(&self, years: Years) {
        self.source.write_leaf(&params("renewed", years), &KeyPair::generate().unwrap());
    }

    fn is_installed(&self) -> bool {
        self.installed().is_same_as(&read(self.source.folder.path()).unwrap())
    }
}

const TAKEN: &str =
    "taken: took the new Mesos certificates in SOURCE: CN=renewed, valid until 2026-12-31 00:00:00 UTC";

/// What is said of a pair that is not taken, before the reason.
const REFUSED: &str =
    "warning: the new Mesos certificates in SOURCE are not taken, and the old ones stay in use: ";

#[test]
fn what_does_not_change_is_not_talked_about() {
    let mut bed = Bed::new();
    assert_eq!(bed.told(), Vec::<String>::new());
    // Another date, and the same in it.
    bed.source.write("mesos.crt", &bed.source.text("mesos.crt"));
    assert_eq!(bed.told(), Vec::<String>::new());
}

#[test]
fn a_new_pair_is_taken_and_told_once() {
    let mut bed = Bed::new();
    bed.new_pair(VALID);
    assert!(!bed.is_installed());
    assert_eq!(bed.told(), [TAKEN]);
    assert!(bed.is_installed());
    assert_eq!(bed.told(), Vec::<String>::new());
}

#[test]
fn mesos_is_told_when_the_certificate_that_is_in_use_is_to_be_renewed() {
    let mut bed = Bed::new();
    assert_eq!(bed.rotation.renewal(), Some("2026-12-17T00:00:00Z/2026-12-31T00:00:00Z"));
    let ((first_year, month, day), _) = VALID;
    bed.new_pair(((first_year, month, day), (2028, 1, 15)));
    bed.news();
    assert_eq!(bed.rotation.renewal(), Some("2028-01-01T00:00:00Z/2028-01-15T00:00:00Z"));
}

#[test]
fn files_that_are_written_one_after_the_other_are_waited_for() {
    let mut bed = Bed::new();
    let key = bed.source.text("mesos.key");
    bed.new_pair(VALID);
    let new_key = bed.source.text("mesos.key");
    bed.source.write("mesos.key", &key);
    assert_eq!(bed.rotation.look(bed.began + EVERY, at(NOW)), []);
    bed.source.write("mesos.key", &new_key);
    assert_eq!(bed.rotation.look(bed.began + EVERY + SETTLED, at(NOW)), []);
    bed.passed = EVERY + SETTLED;
    assert_eq!(bed.told(), [TAKEN]);
}

#[test]
fn a_new_root_comes_with_its_pair() {
    let mut bed = Bed::new();
    let other = Folder::valid();
    for name in ["mesos.crt", "mesos.key", "trustedroot.crt"] {
        bed.source.write(name, &other.text(name));
    }
    assert!(matches!(bed.news()[..], [News::Taken(_)]));
    assert!(bed.is_installed());
}

#[test]
fn a_bad_pair_is_refused_once_for_each_change_and_a_later_good_one_is_taken() {
    let mut bed = Bed::new();
    let before = bed.installed();
    bed.source.write("mesos.key", &KeyPair::generate().unwrap().serialize_pem());
    let mismatch = "the private key SOURCE/mesos.key does not belong to the certificate SOURCE/mesos.crt; they come as a pair";
    assert_eq!(bed.told(), [format!("{REFUSED}{mismatch}")]);
    assert_eq!(bed.told(), Vec::<String>::new());
    bed.source.write("mesos.key", &KeyPair::generate().unwrap().serialize_pem());
    assert_eq!(bed.told(), [format!("{REFUSED}{mismatch}")]);
    assert!(bed.installed().is_same_as(&before));
    bed.new_pair(VALID);
    assert_eq!(bed.told(), [TAKEN]);
    assert!(bed.is_installed());
}

#[test]
fn a_source_that_goes_and_comes_back_as_it_was_takes_nothing_away() {
    let mut bed = Bed::new();
    let key = bed.source.text("mesos.key");
    fs::remove_file(bed.source.folder.path().join("mesos.key")).unwrap();
    let told = bed.told();
    assert!(told.len() == 1 && told[0].starts_with(&format!("{REFUSED}SOURCE lacks mesos.key")), "{told:?}");
    bed.source.write("mesos.key", &key);
    assert_eq!(bed.told(), Vec::<String>::new());
    assert!(bed.is_installed());
}

#[test]
fn a_pair_that_is_not_valid_yet_is_taken_once_it_is() {
    let mut bed = Bed::new();
    bed.new_pair(((2026, 7, 1), (2026, 12, 31)));
    let told = bed.told();
    assert!(told.len() == 1 && told[0].contains("is not valid yet"), "{told:?}");
    assert_eq!(bed.told(), Vec::<String>::new());
    bed.today = NOW + 20 * DAY;
    assert_eq!(bed.told(), [TAKEN]);
}

#[test]
fn the_folder_of_a_secret_is_followed_through_the_kubelets_link() {
    let (secret, private) = (TempDir::new().unwrap(), in_memory());
    let versions = [Folder::valid(), Folder::valid()];
    for name in ["mesos.crt", "mesos.key", "trustedroot.crt"] {
        symlink(format!("..data/{name}"), secret.path().join(name)).unwrap();
    }
    symlink(versions[0].folder.path(), secret.path().join("..data")).unwrap();
    let wanted = wanted(secret.path(), None);
    let mut rotation = Rotation::begin(&wanted, private.path(), at(NOW)).unwrap();
    symlink(versions[1].folder.path(), secret.path().join("..data_tmp")).unwrap();
    fs::rename(secret.path().join("..data_tmp"), secret.path().join("..data")).unwrap();
    let began = Instant::now();
    let news: Vec<_> =
        (0..30).flat_map(|second| rotation.look(began + Duration::from_secs(second), at(NOW))).collect();
    assert!(matches!(news[..], [News::Taken(_)]), "{news:?}");
    assert!(read(&rotation.files().folder).unwrap().is_same_as(&read(secret.path()).unwrap()));
}

#[test]
fn the_end_is_told_while_the_driver_runs_and_each_word_once() {
    let mut bed = Bed::new();
    bed.today = NOW + (199 - 15) * DAY;
    assert_eq!(bed.told(), Vec::<String>::new());
    bed.today = NOW + (199 - 13) * DAY;
    let told = bed.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(
        told[0],
        "warning: the certificate CN=driver in SOURCE/mesos.crt expires at 2026-12-31 00:00:00 UTC; have it renewed"
    );
    assert!(told[1].starts_with("warning: the certificate CN=Test root in SOURCE/trustedroot.crt expires"));
    assert_eq!(bed.told(), Vec::<String>::new());
    bed.today = NOW + 200 * DAY;
    assert_eq!(
        bed.told(),
        ["error: Mesos certificates: the certificate CN=driver in SOURCE/mesos.crt has expired: valid from \
             2026-01-01 00:00:00 UTC to 2026-12-31 00:00:00 UTC; have it renewed; Mesos refuses the driver's next \
             connection until SOURCE holds good ones, which are taken without a restart"]
    );
    assert_eq!(bed.told(), Vec::<String>::new());
}

#[test]
fn a_renewal_ends_the_talk_of_the_end_and_its_own_end_is_told_again() {
    let july: Years = ((2026, 1, 1), (2026, 7, 1));
    let mut bed = Bed::with(Folder::new(july, ((2020, 1, 1), (2030, 1, 1))));
    bed.today = NOW + 10 * DAY;
    assert!(matches!(bed.news()[..], [News::Warning(_)]));
    bed.new_pair(VALID);
    assert_eq!(bed.told(), [TAKEN]);
    bed.today = NOW + 190 * DAY;
    assert!(matches!(bed.news()[..], [News::Warning(_)]));
}

#[test]
fn what_was_warned_of_at_the_start_is_not_repeated() {
    let july: Years = ((2026, 1, 1), (2026, 6, 20));
    let mut bed = Bed::with(Folder::new(july, ((2020, 1, 1), (2030, 1, 1))));
    assert_eq!(bed.rotation.warnings().len(), 1);
    assert_eq!(bed.told(), Vec::<String>::new());
}
