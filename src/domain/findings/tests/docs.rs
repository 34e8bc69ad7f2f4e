use super::*;
use std::path::Path;

/// The page and the table are one. After a change of a rule: `UPDATE_DOCS=1 cargo test findings`.
#[test]
fn the_page_is_printed_from_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, document()).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(page, document(), "run UPDATE_DOCS=1 cargo test findings");
}

#[test]
fn the_table_is_in_order_and_complete() {
    for (i, rule) in RULES.iter().enumerate() {
        assert_eq!(rule.id as usize, i);
        assert_eq!(RuleId::named(rule.name), Some(rule.id));
        assert!(rule.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", rule.name);
        for text in [rule.title, rule.what, rule.why, rule.remedy, rule.source] {
            assert!(!text.is_empty() && !text.contains('|') && !text.ends_with(' '), "{}: {text}", rule.name);
        }
        for sentence in [rule.what, rule.why, rule.remedy] {
            assert!(sentence.ends_with('.'), "{}: {sentence}", rule.name);
        }
    }
    assert_eq!(RULES.len(), 24);
}
