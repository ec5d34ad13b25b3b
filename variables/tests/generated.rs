//! The table for readers is generated, and must be as the table is.

use std::path::Path;

#[test]
fn the_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/variables.md");
    let expected = lcmap_spark_variables::markdown();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        assert!(std::fs::write(&path, &expected).is_ok(), "{} cannot be written", path.display());
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} is out of date; run with UPDATE_GENERATED=1", path.display());
}
