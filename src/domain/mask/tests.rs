use super::*;
use proptest::prelude::*;

#[test]
fn what_looks_personal() {
    // Test numbers of the card schemes, and the samples that authorities publish.
    for (value, kind) in [
        ("4242424242424242", PersonalKind::Card),
        ("4242 4242 4242 4242", PersonalKind::Card),
        ("5555-5555-5555-4444", PersonalKind::Card),
        ("3782 822463 10005", PersonalKind::Card),
        ("378282246310005", PersonalKind::Card),
        ("30569309025904", PersonalKind::Card),
        ("6011111111111117", PersonalKind::Card),
        ("2223003122003222", PersonalKind::Card),
        ("card 4111 1111 1111 1111, exp 12/29", PersonalKind::Card),
        (r#"{"pan":"4111111111111111"}"#, PersonalKind::Card),
        ("pan=4111111111111111", PersonalKind::Card),
        ("4111111111111111.", PersonalKind::Card),
        ("219-09-9998", PersonalKind::NationalId),
        ("SSN: 219-09-9998", PersonalKind::NationalId),
        ("AB123456C", PersonalKind::NationalId),
        (" AB 12 34 56 C", PersonalKind::NationalId),
        ("130 692 544", PersonalKind::NationalId),
        ("12345678Z", PersonalKind::NationalId),
        ("RSSMRA85T10A562S", PersonalKind::NationalId),
        ("2 55 08 14 168 025 38", PersonalKind::NationalId),
        ("255081416802538", PersonalKind::NationalId),
        ("dana@example.com", PersonalKind::Email),
        ("Dana <dana.w+ivr@mail.example.co.uk>", PersonalKind::Email),
        ("mailto:dana@example.com", PersonalKind::Email),
        ("a@example.com.", PersonalKind::Email),
        ("+15550108861", PersonalKind::Phone),
        ("tel:+1 555 010 8861", PersonalKind::Phone),
        ("+44 (20) 7946 0123", PersonalKind::Phone),
        ("+49-30-901820", PersonalKind::Phone),
        ("(555) 010-8861", PersonalKind::Phone),
        ("555-234-8861", PersonalKind::Phone),
        ("sip:+15550108861@10.0.0.1", PersonalKind::Phone),
        // In groups and with separators that hide it from a simpler search.
        ("4242 4242 42424242", PersonalKind::Card),
        ("4242 4242-4242 4242", PersonalKind::Card),
        ("4242.4242.4242.4242", PersonalKind::Card),
        ("4242_4242_4242_4242", PersonalKind::Card),
        ("42 42 42 42 42 42 42 42", PersonalKind::Card),
        ("4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2", PersonalKind::Card),
        ("4242  4242 - 4242 . 4242", PersonalKind::Card),
        ("4242\u{a0}4242\u{2009}4242\u{3000}4242", PersonalKind::Card),
        ("4242\u{2013}4242\u{2011}4242\u{2212}4242", PersonalKind::Card),
        ("4242\u{200b}4242\u{ad}4242\u{2060}4242", PersonalKind::Card),
        ("4\u{200d}2424242\u{feff}42424242", PersonalKind::Card),
        ("4242%204242%204242%204242", PersonalKind::Card),
        ("4242%E2%80%934242%2D4242%2e4242", PersonalKind::Card),
        ("%34%32%34%32424242424242", PersonalKind::Card),
        ("４２４２４２４２４２４２４２４２", PersonalKind::Card),
        ("４２４２－４２４２ 4242 4242", PersonalKind::Card),
        ("\u{664}\u{662}\u{664}\u{662}424242424242", PersonalKind::Card),
        ("4242\t4242\n4242 4242", PersonalKind::Card),
        ("4242\u{0}4242\u{1b}4242\u{7f}4242", PersonalKind::Card),
        ("219 09 9998", PersonalKind::NationalId),
        ("219.09.9998", PersonalKind::NationalId),
        ("219\u{2011}09\u{2011}9998", PersonalKind::NationalId),
        ("130.692.544", PersonalKind::NationalId),
        ("AB-12-34-56-C", PersonalKind::NationalId),
        ("AB\u{a0}123456\u{a0}C", PersonalKind::NationalId),
        ("12345678-Z", PersonalKind::NationalId),
        ("12.345.678-Z", PersonalKind::NationalId),
        ("2-55-08-14-168-025-38", PersonalKind::NationalId),
        ("dana%40example.com", PersonalKind::Email),
        ("dana＠example．com", PersonalKind::Email),
        ("dana @ example.com", PersonalKind::Email),
        ("dana\u{200b}@exam\u{ad}ple.com", PersonalKind::Email),
        ("dana@exämple.com", PersonalKind::Email),
        ("%64ana@example%2Ecom", PersonalKind::Email),
        ("+1\u{2011}555\u{2011}010\u{2011}8861", PersonalKind::Phone),
        ("%2B1%20555%20010%208861", PersonalKind::Phone),
        ("＋１５５５０１０８８６１", PersonalKind::Phone),
        ("+49_30_901820", PersonalKind::Phone),
        ("555.234.8861", PersonalKind::Phone),
        ("555\u{a0}234\u{a0}8861", PersonalKind::Phone),
        ("(555)\u{a0}010\u{2013}8861", PersonalKind::Phone),
        // What a second look found: other pluses, one group more, other encodings.
        ("+ 44 20 7946 0018", PersonalKind::Phone),
        ("tel: + 44 20 7946 0018", PersonalKind::Phone),
        ("\u{fe62}44 20 7946 0018", PersonalKind::Phone),
        ("%2B44+20+7946+0018", PersonalKind::Phone),
        ("1-555-234-8861", PersonalKind::Phone),
        ("1 (555) 234-8861", PersonalKind::Phone),
        ("1 555 234 8861", PersonalKind::Phone),
        ("555 2 34-8861", PersonalKind::Phone),
        ("2 19-09-9998", PersonalKind::NationalId),
        ("21 9 09 9998", PersonalKind::NationalId),
        ("130 69 2 544", PersonalKind::NationalId),
        ("ab 12 34 56 c", PersonalKind::NationalId),
        ("rssmra85t10a562s", PersonalKind::NationalId),
        ("12345678-z", PersonalKind::NationalId),
        ("dana@exa-mple . com", PersonalKind::Email),
        ("dana@mail . example . co . uk", PersonalKind::Email),
        ("d a n a @ e x a m p l e . c o m", PersonalKind::Email),
        (r"dana\u0040example.com", PersonalKind::Email),
        ("dana&#64;example.com", PersonalKind::Email),
        ("4242+4242+4242+4242", PersonalKind::Card),
        (r"4242\u00a04242\u00a04242\u00a04242", PersonalKind::Card),
        (r"4242\t4242\n4242 4242", PersonalKind::Card),
        ("4242%25204242%252042424242", PersonalKind::Card),
        ("4242&nbsp;4242&#32;4242&#x20;4242", PersonalKind::Card),
        ("\u{2074}\u{b2}42 4242 4242 4242", PersonalKind::Card),
    ] {
        assert_eq!(looks_personal(value), Some(kind), "{value}");
    }
}

#[test]
fn what_does_not() {
    for value in [
        "",
        "gold",
        "1",
        // Wrong check digits, wrong grouping, unknown ranges, repeated digits.
        "4242424242424241",
        "1234567890123456",
        "9999999999999995",
        "4444444444444448444",
        "50% of 20% is 10%",
        "1 2 3 4 5 6 7 8 9 10 11",
        "v3.141.592.653",
        "%zz%41%42",
        "0000000000000000",
        "219-00-9999",
        "666-12-3456",
        "930-12-3456",
        "046-454-287",
        "12345678A",
        "GB123456A",
        "AB123456E",
        "RSSMRA85T10A562T",
        // Parts of something longer.
        "7c1e0c55-3c2d-4e57-8a55-1d2c3b4a5f42",
        "42424242-4242-4242-4242-424242424242",
        "sess_4242424242424242",
        "ORD-4242424242424242",
        "#4242424242424242",
        "4242424242424242-7",
        "/orders/4242424242424242",
        "order AB123456C shipped",
        "0.4242424242424242",
        "123-219-09-9998",
        // Times, amounts, versions, addresses of machines.
        "1795183411647",
        "1795183411647000",
        "20261120140211341",
        "2026-11-20T14:02:11.341Z",
        "2026-11-20 14:02",
        "1,090.56",
        "192.168.100.200",
        "3.141592653589793",
        "CS-10442",
        "555-010-8861",
        "123-456-7890",
        "5550108861",
        "+1234567",
        "+0123456789",
        "a+12345678",
        "sip:5b7d4f3a@acme.orgspan.example",
        "https://user@example.com/path",
        "git@example.com:acme/repo",
        "user@localhost",
        "package@1.2.3",
        "@handle",
        "{{customer.email}}",
        // Lists of digits, versions, sums, dates, talk.
        "5 5 5 2 3 4 8 8 6 1",
        "2.1.9.0.9.9.9.9.8",
        "1.23.45.6789",
        "10.0.12.3456",
        "1 12-05-2024",
        "5 2026-11-20",
        "2 + 12345678",
        "total) + 12345678",
        "ab123456c",
        "12345678z",
        "thanks @dana . Great",
        "thanks dana@home . Great",
        "a b @ c",
        r"C:\temp\4242",
    ] {
        assert_eq!(looks_personal(value), None, "{value}: {:?}", find(value));
        assert!(matches!(mask(value), Cow::Borrowed(_)), "{value}");
    }
}

#[test]
fn a_mask_keeps_the_shape() {
    assert_eq!(mask("4242 4242 4242 4242"), "•••• •••• •••• 4242");
    assert_eq!(mask("pay with 4242424242424242 please"), "pay with ••••••••••••4242 please");
    assert_eq!(mask("+1 555 010 8861"), "+• ••• ••• ••61");
    assert_eq!(mask("219-09-9998"), "•••-••-••••");
    assert_eq!(mask("dana.w@example.com"), "••••.•@•••••••.•••");
    assert_eq!(mask_with("dana@example.com or 555-234-8861", '*'), "****@*******.*** or ***-***-**61");
    assert_eq!(mask("15550108861@example.com"), "•••••••••••@•••••••.•••");
    assert_eq!(mask("４２４２ ４２４２ ４２４２ ４２４２"), "•••• •••• •••• ４２４２");
    assert_eq!(mask("dana%40example.com"), "••••%•••••••••.•••");
    assert_eq!(mask("4242\u{200b}4242\u{200b}4242\u{200b}4242"), "••••\u{200b}••••\u{200b}••••\u{200b}4242");
    assert_eq!(cover_all("Dana W.", COVER), "•••• •.");
}

proptest! {
    #[test]
    fn a_mask_changes_letters_and_digits_only(value in "[ -~é]{0,20}([0-9]{14,16}|\\+[0-9]{9,12}|[a-z]{1,5}@[a-z]{1,5}\\.com)[ -~é]{0,20}") {
        let masked = mask(&value);
        prop_assert_eq!(masked.chars().count(), value.chars().count());
        for (before, after) in value.chars().zip(masked.chars()) {
            prop_assert!(before == after || (before.is_alphanumeric() && after == '•'));
        }
        prop_assert_eq!(looks_personal(&masked), None);
    }

    /// A number is covered whatever stands between and inside its groups.
    #[test]
    fn separators_hide_nothing(joints in proptest::collection::vec("(| |-|\\.|_|\u{a0}|\u{2013}|\u{200b}|%20|\u{3000}|\u{2011})", 15), wide in any::<u16>()) {
        let mut value = String::new();
        for (i, digit) in "4242424242424242".chars().enumerate() {
            value.push(if wide >> i & 1 == 1 { char::from_u32(digit as u32 + 0xfee0).unwrap() } else { digit });
            value.push_str(joints.get(i).map_or("", String::as_str));
        }
        prop_assert_eq!(looks_personal(&value), Some(PersonalKind::Card), "{}", value);
        let digits = mask(&value).replace("%20", "").chars().filter(|c| c.is_numeric()).count();
        prop_assert!(digits <= 4, "{}", mask(&value));
    }

    /// What is looked for is found in the table's own samples.
    #[test]
    fn the_table_is_the_rules(n in 0..RECOGNISED.len()) {
        let row = &RECOGNISED[n];
        for sample in row.samples {
            prop_assert_eq!(looks_personal(sample), Some(row.kind), "{}", sample);
        }
    }

    #[test]
    fn anything_is_survived(value in any::<String>()) {
        for (span, _) in find(&value) {
            prop_assert!(value.get(span).is_some());
        }
    }

    /// What identifiers of this trade look like.
    #[test]
    fn identifiers_are_left_alone(uuid in "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", millis in 1_500_000_000_000u64..2_200_000_000_000) {
        prop_assert_eq!(looks_personal(&uuid), None);
        prop_assert_eq!(looks_personal(&millis.to_string()), None);
        prop_assert_eq!(looks_personal(&(millis * 1_000).to_string()), None);
    }
}

/// Each is found where it stands, in one walk over the value: a walk for each would take a minute here.
#[test]
fn many_in_an_escaped_text_are_found_where_they_stand() {
    const ONE: &str = r"a.b@example.com\n";
    let value = ONE.repeat(8_000);
    let found = find(&value);
    assert_eq!(found.len(), 8_000);
    for (n, (span, kind)) in found.into_iter().enumerate() {
        let start = n * ONE.len();
        assert_eq!((span, kind), (start..start + ONE.len() - 2, PersonalKind::Email));
    }
}
