//! What is recognised and what is not, for the documentation. Each row's samples are held to the rules by a test.

use super::PersonalKind::{self, Card, Email, NationalId, Phone};

/// A kind of personal data, and how it is recognised.
pub struct Recognised {
    /// Its kind.
    pub kind: PersonalKind,
    /// What it is.
    pub what: &'static str,
    /// What makes it one.
    pub by: &'static str,
    /// What a mask leaves.
    pub left: &'static str,
    /// Texts that are recognised; publishers' test numbers.
    pub samples: &'static [&'static str],
}

/// What is recognised.
pub const RECOGNISED: &[Recognised] = &[
    Recognised {
        kind: Card,
        what: "payment card",
        by: "14, 15, 16 or 19 digits of a range in use and their check digit (Luhn), in any groups, one by one too",
        left: "the last four digits",
        samples: &["4242 4242 4242 4242", "378282246310005", "42.42.42.42.42.42.42.42", "4242+4242+4242+4242"],
    },
    Recognised {
        kind: NationalId,
        what: "US social security number",
        by: "three, two and four digits in groups, one of which may be cut once or twice more; areas and groups that exist",
        left: "nothing",
        samples: &["219-09-9998", "219 09 9998", "2 19-09-9998"],
    },
    Recognised {
        kind: NationalId,
        what: "Canadian social insurance number",
        by: "three groups of three digits and their check digit",
        left: "nothing",
        samples: &["130 692 544"],
    },
    Recognised {
        kind: NationalId,
        what: "French social security number",
        by: "15 digits, the month and the two check digits",
        left: "nothing",
        samples: &["2 55 08 14 168 025 38", "255081416802538"],
    },
    Recognised {
        kind: NationalId,
        what: "British national insurance number, Spanish DNI, Italian tax code",
        by: "letters and digits in their places and, but for the British one, a check letter; only when the whole value is one; in small \
             letters the first two only with separators",
        left: "nothing",
        samples: &["AB 12 34 56 C", "ab 12 34 56 c", "12345678-Z", "RSSMRA85T10A562S"],
    },
    Recognised {
        kind: Email,
        what: "e-mail address",
        by: "a name, @, and a domain with a dot; letters of any script; spaces around the dots of a well-known domain; spelled letter \
             by letter",
        left: "nothing",
        samples: &["dana@example.com", "dana%40example.com", "dana@example . com", "d a n a @ e x a m p l e . c o m"],
    },
    Recognised {
        kind: Phone,
        what: "telephone number",
        by: "+ and 8 to 15 digits in any groups, or a North American number in three groups, with or without its 1",
        left: "the last two digits",
        samples: &["+44 20 7946 0018", "+ 44 20 7946 0018", "(555) 010-8861", "555.234.8861", "1-555-234-8861"],
    },
];

/// What is not recognised, and stays.
pub const LIMITS: &[(&str, &str)] = &[
    (
        "names in values (but those of people on the call in an export), postal addresses, dates of birth, free text",
        "they look like any other text",
    ),
    ("a number without its shape: ten digits in a row, a card number of 13 digits", "an order number looks the same"),
    (
        "a telephone or social security number digit by digit (`5 5 5 2 3 4 8 8 6 1`, `2.1.9.0.9.9.9.9.8`), or cut by dots in other \
         places than its own",
        "lists of ratings and versions look the same, and no check digit distinguishes them",
    ),
    (
        "`ab123456c`: a British or Spanish number in small letters without separators",
        "a code of a product looks the same",
    ),
    ("a number that is part of something longer: an id, a path, `ORD-4242…`", "it is not known to be one"),
    ("a number spelled in words or split over two attributes", "no rule reads it"),
    ("`dana(at)example.com`, a domain without a dot", "too much else is written so"),
    ("ids of other countries, bank accounts, passports", "no rule for them yet"),
];

/// The table of docs/security-and-privacy.md.
pub fn document() -> String {
    let mut out = String::from("| recognised | by | left readable | for example |\n|---|---|---|---|\n");
    for row in RECOGNISED {
        let samples: Vec<String> = row.samples.iter().map(|sample| format!("`{sample}`")).collect();
        out.push_str(&format!("| {} | {} | {} | {} |\n", row.what, row.by, row.left, samples.join(", ")));
    }
    out.push_str("\n| not recognised | because |\n|---|---|\n");
    for (what, why) in LIMITS {
        out.push_str(&format!("| {what} | {why} |\n"));
    }
    out
}
