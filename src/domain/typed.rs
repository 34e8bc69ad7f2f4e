//! Values that say their own type: `number:12.5`, `checkbox:true`. The agent's panel reads such values of
//! `conversationDetails.participantData.…` (the platform's help for custom conversation attributes).

/// Types of which something is known. More exist; an unknown word before a colon is no type here.
const TYPES: [&str; 8] = ["checkbox", "date", "datetime", "enum", "identifier", "integer", "number", "longtext"];

/// The declared type and the value without it.
pub fn split(value: &str) -> Option<(&'static str, &str)> {
    let (word, rest) = value.split_once(':')?;
    TYPES.into_iter().find(|name| *name == word).map(|name| (name, rest))
}

/// The number that a value holds, declared or not.
pub fn number(value: &str) -> Option<f64> {
    let text = match split(value) {
        Some(("number" | "integer", rest)) => rest,
        _ => value,
    };
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    text.parse::<f64>().ok().filter(|number| digits && number.is_finite())
}

/// The declared type and the text, when the text is not of that type. Types without a known form are not judged.
pub fn mismatch(value: &str) -> Option<(&'static str, &str)> {
    let (name, rest) = split(value)?;
    let right = match name {
        "number" => number(rest).is_some(),
        "integer" => rest.parse::<i128>().is_ok(),
        "checkbox" => rest.eq_ignore_ascii_case("true") || rest.eq_ignore_ascii_case("false"),
        _ => true,
    };
    (!right && !rest.is_empty()).then_some((name, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_and_without_their_type() {
        for (value, is) in [("number:12.5", Some(12.5)), ("integer:-3", Some(-3.0)), ("12.5", Some(12.5))] {
            assert_eq!(number(value), is, "{value}");
        }
        for value in ["number:", "number:abc", "checkbox:1", "currency:1", "inf", "number:nan", "", "tel:123"] {
            assert_eq!(number(value), None, "{value}");
        }
    }

    #[test]
    fn only_a_declared_type_can_be_missed() {
        assert_eq!(mismatch("number:abc"), Some(("number", "abc")));
        assert_eq!(mismatch("checkbox:yes"), Some(("checkbox", "yes")));
        assert_eq!(mismatch("integer:1.5"), Some(("integer", "1.5")));
        for value in ["number:1090.56", "checkbox:true", "longtext:a: b", "tel:abc", "plain", "number:"] {
            assert_eq!(mismatch(value), None, "{value}");
        }
    }
}
