//! Parts of the documentation that are made from the program's tables.

use std::path::Path;

/// The text between `<!-- NAME:begin … -->` and `<!-- NAME:end` of a file of this repository must be `expected`.
/// With UPDATE_DOCS set it is written instead.
pub fn assert_section(file: &str, name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).expect(file);
    let mark = text.find(&format!("<!-- {name}:begin")).unwrap_or_else(|| panic!("{file} has no section {name}"));
    let start = mark + text[mark..].find("-->\n").expect("the mark ends with its line") + "-->\n".len();
    let end = start + text[start..].find(&format!("<!-- {name}:end")).expect("the section ends");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let updated = format!("{}{expected}{}", &text[..start], &text[end..]);
        std::fs::write(&path, updated).expect(file);
        return;
    }
    assert!(
        text[start..end] == *expected,
        "section {name} of {file} is not what the program says; run the tests once with UPDATE_DOCS=1\n{expected}"
    );
}
