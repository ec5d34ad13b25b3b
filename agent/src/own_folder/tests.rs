use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd::{Uid, chown, geteuid, mkfifo};
use tempfile::TempDir;

use super::*;

const PREFIX: &str = "test-";
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder that everybody may write to, as `/tmp`.
fn shared() -> TempDir {
    let folder = TempDir::new().unwrap();
    set_mode(folder.path(), 0o1777);
    folder
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Gives a file away, which only root can.
fn give_to_nobody(path: &Path) {
    chown(path, Some(Uid::from_raw(65534)), None).unwrap();
}

fn create(parent: &Path) -> OwnFolder {
    OwnFolder::create([Place::Shared(parent.into())], PREFIX, |_| ()).unwrap()
}

/// What a killed process would leave.
fn left(parent: &Path) -> PathBuf {
    let mut folder = create(parent);
    folder.leave();
    folder.path().to_owned()
}

fn found(parent: &Path) -> Vec<Abandoned> {
    abandoned(parent, PREFIX, PATIENCE).collect()
}

#[test]
fn a_folder_is_abandoned_when_its_maker_is_gone() {
    let parent = shared();
    let living = create(parent.path());
    fs::create_dir(parent.path().join("another-programs")).unwrap();
    assert_eq!(found(parent.path()).len(), 0);
    let path = living.path().to_owned();
    drop(living);
    assert!(!path.exists());
    let path = left(parent.path());
    fs::create_dir_all(path.join("a/b")).unwrap();
    let [abandoned] = <[_; 1]>::try_from(found(parent.path())).unwrap();
    assert_eq!(found(parent.path()).len(), 0, "whoever has found it holds its lock");
    abandoned.remove().unwrap();
    assert!(!path.exists());
}

#[test]
fn nothing_that_another_user_may_have_planted_is_taken_for_an_abandoned_folder() {
    type Plant = fn(&Path);
    let mut plants: Vec<(&str, Plant)> = vec![
        ("a pipe", |at| mkfifo(at, Mode::S_IRWXU).unwrap()),
        ("a file", |at| fs::write(at, "").unwrap()),
        ("a link to such a folder", |at| symlink(left(at.parent().unwrap()), at).unwrap()),
        ("a folder that others may read", |at| {
            fs::rename(left(at.parent().unwrap()), at).unwrap();
            set_mode(at, 0o755);
        }),
        ("a folder that others may write", |at| {
            fs::rename(left(at.parent().unwrap()), at).unwrap();
            set_mode(at, 0o720);
        }),
        ("a folder without a lock", |at| fs::DirBuilder::new().mode(0o700).create(at).unwrap()),
        ("a folder with a pipe as its lock", |at| {
            fs::DirBuilder::new().mode(0o700).create(at).unwrap();
            mkfifo(&at.join("lock"), Mode::S_IRWXU).unwrap();
        }),
        ("a folder with a link as its lock", |at| {
            fs::DirBuilder::new().mode(0o700).create(at).unwrap();
            symlink("/etc/passwd", at.join("lock")).unwrap();
        }),
    ];
    if geteuid().is_root() {
        plants.push(("another user's folder", |at| {
            fs::rename(left(at.parent().unwrap()), at).unwrap();
            give_to_nobody(&at.join("lock"));
            give_to_nobody(at);
        }));
        plants.push(("another user's folder with a file of ours as its lock", |at| {
            fs::rename(left(at.parent().unwrap()), at).unwrap();
            give_to_nobody(at);
        }));
    }
    for (what, plant) in plants {
        let parent = shared();
        let at = parent.path().join(format!("{PREFIX}planted"));
        plant(&at);
        let name = |folder: &Abandoned| fs::read_link(folder.path()).unwrap();
        assert!(!found(parent.path()).iter().any(|folder| name(folder) == at), "{what}");
        assert!(remove(&at, PREFIX).is_err() || what.contains("lock") && !what.contains("user"), "{what}");
    }
}

#[test]
fn a_folder_is_removed_and_nothing_that_it_links_to_or_that_took_its_place() {
    let (parent, precious) = (shared(), TempDir::new().unwrap());
    fs::write(precious.path().join("file"), "precious").unwrap();
    let at = left(parent.path());
    symlink(precious.path(), at.join("link")).unwrap();
    fs::write(at.join("secret"), "").unwrap();
    let [abandoned] = <[_; 1]>::try_from(found(parent.path())).unwrap();
    let aside = parent.path().join("aside");
    fs::rename(&at, &aside).unwrap();
    symlink(precious.path(), &at).unwrap();
    assert!(abandoned.remove().is_err());
    assert_eq!(fs::read_dir(aside).unwrap().count(), 0);
    assert_eq!(fs::read_to_string(precious.path().join("file")).unwrap(), "precious");
}

#[test]
fn a_name_that_is_none_of_ours_is_never_removed() {
    let parent = shared();
    for (name, is_removed) in [("test-a", true), ("home", false)] {
        let at = parent.path().join(name);
        fs::DirBuilder::new().mode(0o700).create(&at).unwrap();
        assert_eq!(remove(&at, PREFIX).is_ok(), is_removed, "{name}");
        assert_eq!(at.exists(), !is_removed, "{name}");
    }
    assert!(remove(Path::new("test-a"), PREFIX).is_err());
}

#[test]
fn whatever_is_planted_is_looked_at_only_for_so_long() {
    let parent = shared();
    left(parent.path());
    assert_eq!(abandoned(parent.path(), PREFIX, Duration::ZERO).count(), 0);
}

#[test]
fn a_place_where_others_can_put_something_else_is_none() {
    let (good, other) = (shared(), shared());
    let open = TempDir::new().unwrap();
    set_mode(open.path(), 0o777);
    fs::create_dir(open.path().join("within")).unwrap();
    let group = TempDir::new().unwrap();
    set_mode(group.path(), 0o770);
    symlink(open.path(), good.path().join("link")).unwrap();
    let mut unsafe_ones = vec![
        (open.path().to_owned(), "can be written by others and is not sticky"),
        (open.path().join("within"), "can be written by others and is not sticky"),
        (group.path().to_owned(), "can be written by others and is not sticky"),
        (good.path().join("link"), "can be written by others and is not sticky"),
        (good.path().join("none"), "No such file or directory"),
    ];
    if geteuid().is_root() {
        give_to_nobody(other.path());
        unsafe_ones.push((other.path().to_owned(), "belongs to user id 65534"));
    }
    for (path, why) in unsafe_ones {
        let error = OwnFolder::create([Place::Shared(path.clone())], PREFIX, |_| ()).unwrap_err();
        assert!(error.to_string().contains(why), "{}: {error}", path.display());
        let places = [Place::Shared(path), Place::Shared(good.path().into())];
        let folder = OwnFolder::create(places, PREFIX, |_| ()).unwrap();
        assert_eq!(folder.path().parent(), Some(good.path().canonicalize().unwrap().as_path()));
    }
    assert!(OwnFolder::create([Place::Given(open.path().into())], PREFIX, |_| ()).is_ok());
}

#[test]
fn a_folder_is_for_its_owner_alone_whatever_lies_around_it() {
    let parent = shared();
    set_mode(parent.path(), 0o3777);
    let folder = create(parent.path());
    assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
}
