//! Architect's exports (`.i3InboundFlow` and its family): base64 of the percent-encoded JSON of the configuration, in one
//! line. What the platform writes is `base64(encodeURIComponent(JSON))`.

use super::ReadError;
use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Takes what mail programs and browsers leave of the padding.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The JSON in an export; nothing when the text is none.
///
/// # Errors
/// It begins like an export and does not decode.
pub fn decode(text: &str) -> Result<Option<String>, ReadError> {
    let bare = text.trim_start_matches('\u{feff}').trim();
    // As a JSON text, which is how some tools hand it on.
    let unquoted = bare.starts_with('"').then(|| serde_json::from_str::<String>(bare).ok()).flatten();
    let bare = unquoted.as_deref().map_or(bare, str::trim);
    // `%7B` and `{` in base64.
    if !["JTdC", "JTdi", "ey"].iter().any(|start| bare.starts_with(start)) {
        return Ok(None);
    }
    let broken = |what: &str| ReadError::Export(what.to_owned());
    let packed: Vec<u8> = bare.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if packed.iter().any(|byte| !(byte.is_ascii_alphanumeric() || b"+/=".contains(byte))) {
        // A word that happens to begin so, in a YAML file.
        return if bare.starts_with("ey") {
            Ok(None)
        } else {
            Err(broken("it holds characters that base64 does not have"))
        };
    }
    // However many of the padding's signs are there.
    let padding = packed.iter().rev().take_while(|byte| **byte == b'=').count();
    let bytes =
        ENGINE.decode(&packed[..packed.len() - padding]).map_err(|_| broken("its base64 is cut off or damaged"))?;
    let decoded = unescape(bytes);
    String::from_utf8(decoded).map(Some).map_err(|_| broken("it holds no UTF-8 text"))
}

/// Percent-decodes in place; a `+` is a `+`.
fn unescape(mut bytes: Vec<u8>) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16)).map(|value| value as u8);
    let (mut from, mut to) = (0, 0);
    while from < bytes.len() {
        let pair = (bytes[from] == b'%').then(|| Some((digit(bytes.get(from + 1))?, digit(bytes.get(from + 2))?)));
        let (byte, length) = match pair.flatten() {
            Some((high, low)) => (high << 4 | low, 3),
            None => (bytes[from], 1),
        };
        bytes[to] = byte;
        from += length;
        to += 1;
    }
    bytes.truncate(to);
    bytes
}

/// The export of a configuration.
pub fn encode(json: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut escaped = Vec::with_capacity(json.len() * 2);
    for byte in json.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            escaped.push(byte);
        } else {
            escaped.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
    base64::engine::general_purpose::STANDARD.encode(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_json_survives_the_way_there_and_back() {
        for json in ["{}", "{\"a\": \"1+1 %7B ü 𝄞 ~!*'()\"}", "{\"n\":[1,2]}\n"] {
            let export = encode(json);
            assert_eq!(decode(&export), Ok(Some(json.to_owned())));
            assert_eq!(decode(&format!("\u{feff}{}\r\n", export.trim_end_matches('='))), Ok(Some(json.to_owned())));
            assert_eq!(decode(&format!("{export}==\n")), Ok(Some(json.to_owned())));
        }
        assert!(encode("{\"a\":1}").starts_with("JTdC"));
        let quoted = serde_json::to_string(&encode("{\"a\":1}")).unwrap().replace('/', "\\/");
        assert_eq!(decode(&quoted), Ok(Some("{\"a\":1}".to_owned())));
        assert_eq!(decode("\"inboundCall\": 1"), Ok(None));
    }

    #[test]
    fn what_only_begins_like_one_is_told() {
        assert_eq!(decode("eyebrow: 1\n"), Ok(None));
        assert_eq!(decode("inboundCall:\n"), Ok(None));
        assert!(matches!(decode("JTdC%%"), Err(ReadError::Export(_))));
        assert!(matches!(decode("JTdCJ"), Err(ReadError::Export(_))));
        assert!(matches!(decode(&encode("{").replace("JTdC", "JTdC/w==")), Err(ReadError::Export(_))));
    }
}
