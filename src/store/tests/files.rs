//! The file of a store: whose it is, its layout, and what cannot be opened.

use super::*;

#[test]
fn a_newer_store_and_a_foreign_file_are_refused_with_words() {
    for place in places() {
        drop(Store::open(&place.location).unwrap());
        let mut database = match &place.location {
            Location::File(path) => database::open_file(path, false).unwrap(),
            Location::Server(url) => database::connect(url).unwrap(),
        };
        database.batch("UPDATE sidetone_store SET layout = 99").unwrap();
        drop(database);
        let error = Store::open(&place.location).unwrap_err();
        assert!(
            matches!(error, StoreError::Newer { found: 99, .. }) && error.to_string().contains("newer version"),
            "{error}"
        );
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notes.txt");
    std::fs::write(&path, "this is a list of things to buy, and certainly not a database at all").unwrap();
    let error = Store::open(&Location::File(path)).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    let error = Store::open_existing(&Location::File(dir.path().join("none"))).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = places().remove(0);
    drop(Store::open(&place.location).unwrap());
    let Location::File(path) = &place.location else { panic!("a file") };
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_file_that_was_there_is_made_private_and_one_of_others_is_left_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let open = |mode| std::fs::Permissions::from_mode(mode);
    let path = dir.path().join("empty.sqlite");
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, open(0o644)).unwrap();
    let location = Location::File(path.clone());
    let store = Store::open(&location).unwrap();
    for end in ["", "-wal", "-shm"] {
        assert_eq!(mode(format!("{}{end}", path.display()).as_ref()), 0o600, "{end}");
    }
    drop(store);
    std::fs::set_permissions(&path, open(0o664)).unwrap();
    drop(Store::open_existing(&location).unwrap());
    assert_eq!(mode(&path), 0o600);
    let theirs = dir.path().join("theirs.sqlite");
    rusqlite::Connection::open(&theirs).unwrap().execute_batch("CREATE TABLE x (a)").unwrap();
    let before = std::fs::read(&theirs).unwrap();
    for opened in [Store::open(&Location::File(theirs.clone())), Store::open_existing(&Location::File(theirs.clone()))]
    {
        assert!(matches!(opened, Err(StoreError::Foreign { .. })));
    }
    assert_eq!(std::fs::read(&theirs).unwrap(), before);
}

#[test]
fn a_store_of_the_first_layout_is_brought_up_to_date() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        store.ingest(&batch(story())).unwrap();
        let older =
            "DROP TABLE sidetone_organization; DROP TABLE sidetone_forgotten; UPDATE sidetone_store SET layout = 1";
        store.database.batch(older).unwrap();
        drop(store);
        let mut store = Store::open_existing(&place.location).unwrap();
        assert_eq!(ask(&mut store, |_| ()).unwrap().total, 150);
        assert!(store.forget(&story()[3].conversation, DAY_ONE).unwrap());
        assert_eq!(store.info().unwrap().layout, 2);
    }
}

/// Why a file cannot be opened, where the system or the database only says that it cannot.
#[cfg(unix)]
#[test]
fn a_link_and_a_directory_that_is_not_there_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let (file, link) = (dir.path().join("history.sqlite"), dir.path().join("link.sqlite"));
    drop(Store::open(&Location::File(file.clone())).unwrap());
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let Err(error) = Store::open_existing(&Location::File(link)) else { panic!("a link was followed") };
    assert!(error.to_string().contains("link.sqlite is a symbolic link"), "{error}");
    let Err(error) = database::lock_file(&dir.path().join("missing/history.sqlite")) else { panic!("locked") };
    assert!(error.to_string().contains("there is no directory") && error.to_string().contains("missing"), "{error}");
    // What is written through one name is not seen through the other, and each has a lock of its own.
    let other = dir.path().join("other.sqlite");
    std::fs::hard_link(&file, &other).unwrap();
    for name in [file, other] {
        let Err(error) = Store::open(&Location::File(name)) else { panic!("a file of two names was opened") };
        assert!(error.to_string().contains("2 names (hard links)"), "{error}");
    }
}
