use super::*;
use proptest::prelude::*;
use regex::Regex;
use std::sync::LazyLock;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What may never come out. Written apart from the tables of the code.
static FORBIDDEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]").unwrap());

const CHARSETS: [Charset; 3] = [Charset::Unicode, Charset::AsciiMarks, Charset::AsciiOnly];

/// As a terminal counts that adds up characters.
fn by_characters(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// As a terminal counts that knows clusters.
fn by_clusters(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Text with what hurts in it.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ -~]{0,6}",
        2 => any::<char>().prop_map(String::from),
        2 => prop::sample::select(vec![
            "\u{1b}[31m", "\n", "\t", "\r", "\0", "\u{7f}", "\u{85}", "\u{9b}", "\u{202e}", "\u{2066}", "\u{200b}", "\u{200d}", "\u{feff}",
            "\u{ad}", "\u{e0041}", "\u{fe0f}", "\u{fe0e}", "\u{e0100}", "\u{34f}", "\u{3164}", "\u{115f}", "\u{a0}", "\u{2028}", "\u{e000}",
            "👩\u{200d}👩\u{200d}👧", "👍🏽", "❤️", "1️⃣", "🇩🇪", "🇩", "漢字", "e\u{301}", "\u{301}", "a\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}",
            "각", "\u{1100}\u{1161}\u{11a8}", "\u{1161}", "क्षि", "का", "لا", "ำ", "กำ", "🏽", "\u{600}1", "ﷺ", "한", "ｶﾞ", "\u{20e3}", "�",
        ]).prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|p| p.concat())
}

proptest! {
    #[test]
    fn nothing_harmful_comes_out_and_terminals_agree_on_the_width(text in nasty()) {
        for charset in CHARSETS {
            let out = visible_in(&text, charset);
            prop_assert!(!FORBIDDEN.is_match(&out), "{out:?}");
            prop_assert_eq!(width_in(&text, charset), by_characters(&out), "{:?}", out);
            prop_assert_eq!(by_clusters(&out), by_characters(&out), "{:?}", out);
            prop_assert!(charset != Charset::AsciiOnly || out.is_ascii());
        }
    }

    #[test]
    fn what_was_made_harmless_stays_as_it_is(text in nasty()) {
        let once = visible(&text).into_owned();
        prop_assert_eq!(visible(&once), &*once);
    }

    #[test]
    fn a_cut_fits_and_begins_as_the_whole_does(text in nasty(), columns in 0usize..24) {
        for charset in CHARSETS {
            let out = cut_in(&text, columns, charset);
            prop_assert!(by_clusters(&out) <= columns, "{out:?}");
            let whole = visible_in(&text, charset);
            if width_in(&text, charset) <= columns {
                prop_assert_eq!(out, whole);
            } else if columns > 0 {
                let shown = out.strip_suffix(charset.ellipsis());
                prop_assert!(shown.is_some_and(|s| whole.starts_with(s)), "{out:?} of {whole:?}");
            }
        }
    }

    #[test]
    fn a_fit_is_exact_on_both_kinds_of_terminal(text in nasty(), columns in 0usize..24) {
        for charset in CHARSETS {
            for align in [Align::Left, Align::Right] {
                let out = fit_in(&text, columns, align, charset);
                prop_assert_eq!(by_clusters(&out), columns, "{:?}", out);
                prop_assert_eq!(by_characters(&out), columns, "{:?}", out);
                prop_assert!(!FORBIDDEN.is_match(&out), "{out:?}");
            }
        }
    }
}

#[test]
fn controls_are_drawn() {
    assert_eq!(visible("\u{1b}[31mred"), "␛[31mred");
    assert_eq!(visible("a\nb\tc\r\0\u{7f}"), "a⏎b⇥c␍␀␡");
    assert_eq!(visible("\u{9b}31m\u{85}"), "‹U+009B›31m‹U+0085›");
    assert_eq!(visible("gold\u{202e}dlog\u{2066}\u{200b}\u{feff}"), "gold‹U+202E›dlog‹U+2066›‹U+200B›‹U+FEFF›");
    assert_eq!(visible("a\u{e0041}\u{ad}"), "a‹U+E0041›‹U+00AD›");
    assert_eq!(visible("1\u{a0}000"), "1⍽000");
    assert_eq!(visible("\u{e000}\u{378}�"), "‹U+E000›‹U+0378›�");
}

#[test]
fn ascii_marks_stay_ascii() {
    assert_eq!(visible_in("\u{1b}[31m é\n\u{202e}", Charset::AsciiMarks), "^[[31m é^J<U+202E>");
    assert_eq!(visible_in("é漢", Charset::AsciiOnly), "<U+00E9><U+6F22>");
    assert_eq!(cut_in("customer_tier", 6, Charset::AsciiMarks), "custo~");
}

#[test]
fn ordinary_text_is_left_alone() {
    for text in [
        "",
        "gold",
        "Müller, José",
        "山田　太郎",
        "🇩🇪 🎉",
        "e\u{301}t\u{e9}",
        "각하",
        "हिन्दी",
        "ภาษาไทย",
        "العربية",
        "עברית",
        "Ω≈ç√",
    ] {
        assert_eq!(visible(text), text);
        assert!(matches!(visible(text), Cow::Borrowed(_)), "{text}");
    }
}

#[test]
fn clusters_on_which_terminals_disagree_are_taken_apart() {
    assert_eq!(visible("👩\u{200d}💻"), "👩‹U+200D›💻");
    assert_eq!(visible("👍🏽"), "👍‹U+1F3FD›");
    assert_eq!(visible("❤️"), "❤");
    // A selector in a key is not ordinary, and must be seen.
    assert_eq!(visible("tier\u{fe0f}"), "tier‹U+FE0F›");
    assert_eq!(visible("\u{301}x"), "‹U+0301›x");
    assert_eq!(visible("🇩"), "‹U+1F1E9›");
}

#[test]
fn cutting_and_padding() {
    assert_eq!(cut("customer_tier", 13), "customer_tier");
    assert_eq!(cut("customer_tier", 6), "custo…");
    assert_eq!(cut("漢字漢字", 4), "漢…");
    assert_eq!(cut("漢字漢字", 5), "漢字…");
    assert_eq!(cut("ab\u{1b}cd", 4), "ab␛…");
    assert_eq!(cut("anything", 0), "");
    assert_eq!(cut("anything", 1), "…");
}

#[test]
fn ids_are_cut_in_the_middle() {
    let id = "7c1e0c55-3c2d-4e57-8a55-1d2c3b4a5f42";
    assert_eq!(shorten_id(id, 7), "7c1e…42");
    assert_eq!(shorten_id(id, 36), id);
    assert_eq!(shorten_id(id, 1), "…");
    assert_eq!(shorten_id("a\u{1b}bcdefgh", 4), "a␛b…");
}

#[test]
fn several_lines_stay_several_lines() {
    assert_eq!(visible_lines("one\n\u{1b}two"), "one\n␛two");
    assert!(matches!(visible_lines("one\ntwo"), Cow::Borrowed(_)));
}

/// The cost of a cut depends on what is shown: a value of megabytes is not walked through. The shortest time counts: whatever else
/// the machine does only adds to it.
#[test]
fn a_long_value_costs_what_is_shown() {
    for piece in ["x", "\u{301}", "\u{200d}", "👩\u{200d}", "漢"] {
        let long = piece.repeat(3_000_000 / piece.len());
        let once = |_| {
            let started = std::time::Instant::now();
            assert!(by_clusters(&cut(&long, 40)) <= 40);
            started.elapsed()
        };
        let shortest = (0..100).map(once).min().unwrap();
        assert!(shortest.as_millis() < 10, "{piece:?} took {shortest:?}");
    }
}

#[test]
fn json_is_made_harmless_and_stays_the_same_json() {
    let value = serde_json::json!({ "k\u{202e}": "a\u{7f}\u{9b}31m\u{e0001}\nb\u{1b}", "plain": "é" });
    let raw = serde_json::to_string_pretty(&value).unwrap();
    let safe = harmless_json(&raw);
    assert!(safe.chars().all(|c| c == '\n' || !is_hidden(c)), "{safe:?}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    assert!(matches!(harmless_json("{\n \"a\": 1\n}"), Cow::Borrowed(_)));
}

#[test]
fn keys_that_look_the_same_and_are_two_are_shown_apart() {
    let (composed, decomposed) = ("pr\u{e9}nom", "pre\u{301}nom");
    assert_eq!(visible(composed), visible(&decomposed.nfc().collect::<String>()));
    assert_eq!(key_label(composed), composed);
    assert_eq!(key_label(decomposed), "pre\u{25cc}\u{301}nom");
    assert_eq!(width(&key_label(decomposed)), width(composed) + 1);
    // A mark that no letter is made of with its base stays where it is.
    assert_eq!(key_label("x\u{301}"), "x\u{301}");
    assert_eq!(key_label("call type "), "call type␠");
    assert_eq!(key_label("call\u{2013}type"), "call‹U+2013›type");
    assert_eq!(key_label("\u{441}\u{43e}\u{440}_1"), "‹U+0441›‹U+043E›‹U+0440›_1");
    for of_people in ["10\u{2013}12", "\u{412}\u{435}\u{440}\u{430}"] {
        assert_eq!(marked(of_people, Charset::Unicode), of_people);
    }
}

#[test]
fn values_that_look_the_same_are_marked() {
    for (value, shown) in
        [("gold", "gold"), ("gold ", "gold␠"), (" a b  ", "␠a b␠␠"), ("  ", "␠␠"), ("", ""), ("caf\u{e9}", "caf\u{e9}")]
    {
        assert_eq!(marked(value, Charset::Unicode), shown);
    }
    assert_eq!(marked("gold ", Charset::AsciiMarks), "gold<U+0020>");
    assert_ne!(marked("cafe\u{301}", Charset::Unicode), marked("caf\u{e9}", Charset::Unicode));
}

/// Told by their code points, and only where nothing else tells them; in keys and values alike.
#[test]
fn letters_that_look_like_others_are_told() {
    let told = [
        ("g\u{43e}ld", "g‹U+043E›ld"),
        ("\u{3bf}ne", "‹U+03BF›ne"),
        ("\u{fb01}bre", "‹U+FB01›bre"),
        ("non\u{2011}stop", "non‹U+2011›stop"),
        ("\u{1d400}", "‹U+1D400›"),
        ("-\u{2212}1", "-‹U+2212›1"),
        // One Latin letter in a Russian word.
        ("\u{43c}\u{43e}c\u{43a}\u{432}\u{430}", "\u{43c}\u{43e}‹U+0063›\u{43a}\u{432}\u{430}"),
    ];
    for (text, shown) in told {
        assert_eq!((marked(text, Charset::Unicode), key_label(text)), (shown.into(), shown.into()));
    }
    assert_eq!(marked("g\u{43e}ld", Charset::AsciiMarks), "g<U+043E>ld");
    let own = [
        "Москва",
        "Αθήνα",
        "10 kΩ",
        "12 µm",
        "nº 5",
        "ＡＢＣ",
        "日本 Tokyo",
        "Łódź",
        "naïve",
        "Jürgen",
        "tier: да",
        "он сор",
        "А и В",
    ];
    for text in own {
        assert_eq!((marked(text, Charset::Unicode), key_label(text)), (text.into(), text.into()));
    }
}

#[test]
fn what_is_written_as_it_is_ends_before_the_first_byte_that_is_not() {
    for length in 0..50 {
        let plain = vec![b'~'; length];
        assert_eq!(plain_run(&plain), length);
        for (at, odd) in (0..length).flat_map(|at| [b'"', b'\\', 0x1f, 0x7f, 0x80, 0xff].map(|odd| (at, odd))) {
            let mut text = plain.clone();
            text[at] = odd;
            // What stands behind it does not matter.
            text[length - 1] = if at + 1 < length { b'"' } else { odd };
            assert_eq!(plain_run(&text), at, "{text:?}");
        }
    }
}
