use std::os::unix::fs::PermissionsExt;

use super::*;

fn bundle(folder: &Folder) -> Bundle {
    read(folder.folder.path()).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_files_are_for_the_owner_alone_and_can_be_read_again() {
    let (folder, target) = (Folder::valid(), in_memory());
    let private = in_memory();
    let wanted = wanted(folder.folder.path(), Some(target.path()));
    let installed = install(&bundle(&folder), &wanted, private.path()).unwrap();
    let files = installed.files().clone();
    assert_eq!(files.folder, target.path());
    for (file, name) in
        [(&files.certificate, "mesos.crt"), (&files.key, "mesos.key"), (&files.roots, "trustedroot.crt")]
    {
        assert_eq!(file, &target.path().join(name));
        assert_eq!(mode(file), 0o400);
    }
    let again = read(target.path()).unwrap();
    assert_eq!(check(&again, at(NOW)).unwrap(), Vec::<String>::new());
}

#[test]
fn a_target_that_is_the_source_or_on_a_disk_is_left_alone() {
    let folder = Folder::valid();
    let source = folder.folder.path();
    let on_disk = TempDir::new_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    for target in [None, Some(source), Some(on_disk.path()), Some(Path::new("/nonexistent"))] {
        let private = in_memory();
        let installed = install(&bundle(&folder), &wanted(source, target), private.path()).unwrap();
        assert_eq!(installed.files().folder, private.path().join("certs"));
        assert_eq!(mode(&installed.files().folder), 0o700);
    }
    assert_eq!(fs::read_dir(on_disk.path()).unwrap().count(), 0);
}

/// How many pairs lie in a folder of installed certificates.
fn pairs(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.file_type().unwrap().is_dir()).count()
}

#[test]
fn an_exchange_swaps_the_pair_and_leaves_nothing_of_the_old_one_for_long() {
    let (folder, private) = (Folder::valid(), in_memory());
    let mut installed =
        install(&bundle(&folder), &wanted(folder.folder.path(), None), private.path()).unwrap();
    let target = installed.files().folder.clone();
    let before = fs::read(&installed.files().key).unwrap();
    for _ in 0..3 {
        installed.exchange(&bundle(&Folder::valid())).unwrap();
        assert_ne!(fs::read(&installed.files().key).unwrap(), before);
        check(&read(&target).unwrap(), at(NOW)).unwrap();
        assert_eq!(pairs(&target), 2);
    }
    installed.drop_replaced().unwrap();
    assert_eq!(pairs(&target), 1);
    installed.exchange(&bundle(&Folder::valid())).unwrap();
    drop(installed);
    assert_eq!(fs::read_dir(target).unwrap().count(), 0);
}

#[test]
fn a_reader_that_followed_the_link_before_an_exchange_still_finds_its_pair() {
    let (folder, private) = (Folder::valid(), in_memory());
    let mut installed =
        install(&bundle(&folder), &wanted(folder.folder.path(), None), private.path()).unwrap();
    let target = installed.files().folder.clone();
    let followed = target.join(fs::read_link(target.join("..data")).unwrap());
    installed.exchange(&bundle(&Folder::valid())).unwrap();
    assert!(read(&followed).unwrap().is_same_as(&bundle(&folder)));
    installed.drop_replaced().unwrap();
    assert!(!followed.exists());
}

#[test]
fn an_exchange_without_room_leaves_the_old_pair_and_no_half_of_the_new_one() {
    let (folder, private) = (Folder::valid(), in_memory());
    let mut installed =
        install(&bundle(&folder), &wanted(folder.folder.path(), None), private.path()).unwrap();
    let target = installed.files().folder.clone();
    let before = fs::read(&installed.files().key).unwrap();
    // No link can be put where a folder is that is not empty.
    fs::create_dir_all(target.join("..next/in-the-way")).unwrap();
    installed.exchange(&bundle(&Folder::valid())).unwrap_err();
    assert_eq!(fs::read(&installed.files().key).unwrap(), before);
    fs::remove_dir_all(target.join("..next")).unwrap();
    assert_eq!(pairs(&target), 1);
}

#[test]
fn nothing_is_left_at_the_end() {
    let (folder, target, private) = (Folder::valid(), in_memory(), in_memory());
    let wanted = wanted(folder.folder.path(), Some(target.path()));
    drop(install(&bundle(&folder), &wanted, private.path()).unwrap());
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
}

#[test]
fn what_a_planted_link_leads_to_is_not_taken_for_the_pair_before() {
    let (folder, target, precious) = (Folder::valid(), in_memory(), in_memory());
    fs::write(precious.path().join("file"), "").unwrap();
    let planted = Path::new("..").join(precious.path().file_name().unwrap());
    for planted in [&planted, precious.path(), Path::new(".."), Path::new(".")] {
        std::os::unix::fs::symlink(planted, target.path().join("..data")).unwrap();
        let wanted = wanted(folder.folder.path(), Some(target.path()));
        let mut installed = install(&bundle(&folder), &wanted, in_memory().path()).unwrap();
        installed.exchange(&bundle(&folder)).unwrap();
        drop(installed);
        assert!(precious.path().join("file").exists(), "{}", planted.display());
        assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
    }
}

#[test]
fn what_a_killed_agent_left_is_no_obstacle() {
    let (folder, private) = (Folder::valid(), in_memory());
    let wanted = wanted(folder.folder.path(), None);
    std::mem::forget(install(&bundle(&folder), &wanted, private.path()).unwrap());
    std::os::unix::fs::symlink("x", private.path().join("certs/..next")).unwrap();
    drop(install(&bundle(&folder), &wanted, private.path()).unwrap());
    assert_eq!(fs::read_dir(private.path().join("certs")).unwrap().count(), 0);
}
